"""Adapters of venues: each translates between its wire and the protocol of the contract."""
