"""The matching engine: books, order types, accounts and limits in integers, with a twin."""
