"""The one public face: REST and WebSocket over the other contexts, wherever they run.

It holds no state of its own but the recent events for sockets that resume; every answer is
asked for over the bus, so a context in another process, or a missing one, needs no special case.
"""
