"""The kernel: what every context stands on, and nothing that knows about trading."""
