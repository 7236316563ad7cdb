"""How many lots a signal becomes in an account: exact arithmetic, rounded down, with the reason."""
