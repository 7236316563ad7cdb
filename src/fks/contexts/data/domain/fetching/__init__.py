"""When a provider may be asked: its weights, its breaker, the budget for trying again."""
