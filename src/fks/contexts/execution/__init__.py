"""Execution answers for the account: what becomes an order, what fills it, and what that leaves.

It lends the desk to backtests, and runs paper sessions on the very same desk: bars and signals
come in over the bus, orders, fills and positions go out, and nothing that was acknowledged is
lost or done twice, whenever the process dies.
"""
