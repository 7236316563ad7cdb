"""The outside world of engine: run files, and the sources that a result depends on."""
