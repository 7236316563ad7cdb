"""The matching engine: books, order types, accounts and limits, integers only, with a plain twin."""
