"""The published language: what one context may know of another.

One module per context, plus `values` (shared value types) and `columns` (bulk bars in memory).
Only Structs, enums, Protocols and hookspecs; the decisions live in the contexts.
"""
