"""Numbers of a network: how each follows from what may change, and whether it does so elsewhere."""
