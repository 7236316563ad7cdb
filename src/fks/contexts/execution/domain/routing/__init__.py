"""Orders that are matched at a venue: their life, comparing with the venue, and the breaker."""
