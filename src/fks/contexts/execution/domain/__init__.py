"""The pure part of execution: the desk, and what makes a session out of it."""
