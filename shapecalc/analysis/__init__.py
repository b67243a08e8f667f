"""The one analysis of a network: facts about each layer, totals, and what must hold of symbols."""
