"""The rules of quality that come with FKS, by what they look at: prices, trading, times."""
