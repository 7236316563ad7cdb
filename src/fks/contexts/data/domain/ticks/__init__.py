"""Trades, quotes, order books and funding as datasets: checked, in whole ticks and lots."""
