"""The outside world of the plugin."""
