"""``shapecalc diff``: what changes from one network to another."""

from shapecalc.comparing.comparison import Change, Comparison, compare
from shapecalc.comparing.write import as_dict, lay_out, markdown, text

__all__ = ["Change", "Comparison", "as_dict", "compare", "lay_out", "markdown", "text"]
