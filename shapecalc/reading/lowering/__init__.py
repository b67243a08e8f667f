"""From what a network computes to the tree of a spec, and the trial that it is the same network."""
