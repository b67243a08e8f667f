"""The tree as a networkx graph: what its nodes hold, how one is placed, and the walk that does."""
