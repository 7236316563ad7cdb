"""The use cases of master, and the board on which it keeps what it heard."""
