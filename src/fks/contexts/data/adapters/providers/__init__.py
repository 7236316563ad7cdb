"""Remote providers: their pages and what stands in them; no I/O."""
