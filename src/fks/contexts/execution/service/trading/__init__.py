"""Trading accounts as they run: one writer, venues, projections, the kill switch."""
