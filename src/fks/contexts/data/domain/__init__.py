"""Rules of market data that need no file and no clock."""
