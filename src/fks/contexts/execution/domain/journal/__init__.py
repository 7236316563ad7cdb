"""The pure part of the journal: its bytes, what they prove, and what they drive."""
