"""Ways to part the rows of a dataset into training and test, free of what tests must not know."""
