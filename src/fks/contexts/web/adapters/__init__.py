"""The outside of the web context: the folder the build wrote."""
