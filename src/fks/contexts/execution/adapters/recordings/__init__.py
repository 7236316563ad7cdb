"""Readers of recorded order feeds, as their providers write them."""
