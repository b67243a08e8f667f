"""The rules run backwards: one module per question; nothing is imported until it is asked."""

from shapecalc.verb import callable_package

callable_package(__name__)
