"""The use cases of data."""
