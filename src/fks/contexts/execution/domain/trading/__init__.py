"""The trading desk as one deterministic machine: accounts, orders, signals, gates."""
