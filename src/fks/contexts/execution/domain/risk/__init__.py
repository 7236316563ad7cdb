"""An account's own rules: what needs a memory of how it has done, or news of the world outside."""
