"""The rules run backwards: which values of an unknown give what is wanted."""

from shapecalc.solve.network import (
    Amount,
    Answer,
    NoSolution,
    OutputSize,
    QuestionError,
    Want,
    solve,
)
from shapecalc.solve.write import as_dict, text

__all__ = [
    "Amount",
    "Answer",
    "NoSolution",
    "OutputSize",
    "QuestionError",
    "Want",
    "as_dict",
    "solve",
    "text",
]
