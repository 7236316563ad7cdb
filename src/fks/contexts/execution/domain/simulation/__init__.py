"""Realistic fills: own orders against recorded or live market data, with every model named.

`recorded.py` holds the book that a feed describes, `simulator.py` the own orders in front of it,
`models.py` the assumptions and their version. All of it is told the time and holds integers.
"""
