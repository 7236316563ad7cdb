"""The outside of execution: venues and the journal's files."""
