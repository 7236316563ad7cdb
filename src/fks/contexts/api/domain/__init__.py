"""Decisions of the public face that need no socket and no server."""
