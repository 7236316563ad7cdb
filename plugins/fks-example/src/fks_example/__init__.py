"""An example plugin: what a stranger's strategy and data provider look like."""
