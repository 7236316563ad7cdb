"""Master sees all the others: every context's health, wherever it runs, and when it changes.

It polls nobody. Each process reports how its contexts are; master keeps the last word of each,
and notices who has gone silent.
"""
