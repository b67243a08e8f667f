"""A class of the source: its constructor makes submodules, its forward runs them."""
