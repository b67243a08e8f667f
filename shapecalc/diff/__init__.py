"""``shapecalc diff``: what changes from one network to another."""

from shapecalc.diff.comparison import Change, Comparison, compare
from shapecalc.diff.write import as_dict, lay_out, markdown, text
from shapecalc.verb import callable_package

__all__ = ["Change", "Comparison", "as_dict", "compare", "lay_out", "markdown", "text"]

callable_package(__name__)
