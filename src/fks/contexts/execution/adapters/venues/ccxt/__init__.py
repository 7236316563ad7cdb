"""Exchanges through ccxt (extra `ccxt`): REST only, so what happens to orders is polled."""
