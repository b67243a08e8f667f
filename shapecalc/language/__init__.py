"""The spec language: text into a tree in which every node knows where it stands."""
