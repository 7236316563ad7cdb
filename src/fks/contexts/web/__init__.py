"""The screens: the single-page app of `web/`, built into this package and served from memory.

It knows nothing of trading; what it shows comes from the api context's HTTP and socket.
"""
