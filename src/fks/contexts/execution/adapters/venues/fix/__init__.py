"""FIX 4.4 over TCP: a session layer of ours, `simplefix` for the frames."""
