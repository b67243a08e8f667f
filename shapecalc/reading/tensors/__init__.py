"""Tensors as the source sees them, and the trace of what is done with them."""
