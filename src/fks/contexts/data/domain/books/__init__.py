"""Order books from what exchanges stream: the book itself, and whether it can be believed."""
