"""What exchanges stream, read from bytes: one small module an exchange."""
