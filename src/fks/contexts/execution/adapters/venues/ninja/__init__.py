"""NinjaTrader over its bridge: a TCP port for each account, lines of JSON."""
