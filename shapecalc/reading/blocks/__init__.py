"""Blocks of a network that was read: found, made one, named."""
