"""The use cases of execution: run sessions, steer them, answer for them."""
