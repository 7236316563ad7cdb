"""The instrument registry: what is known of each product, built in or set by the user."""
