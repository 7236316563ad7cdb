"""File formats: each reads a path into a table, and says what it knows of the instrument."""
