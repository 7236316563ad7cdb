"""Counterparties for tests: exchanges and terminals that speak the real wires, with faults."""
