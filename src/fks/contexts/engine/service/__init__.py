"""The use cases of engine."""
