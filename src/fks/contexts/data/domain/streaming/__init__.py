"""A stream's messages, from bytes to books, states and what is told to those who listen."""
