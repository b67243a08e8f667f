"""Random formulas for property tests: the same arithmetic on numbers and on symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from hypothesis import strategies as st

from shapecalc.algebra.arithmetic import largest, smallest
from shapecalc.algebra.formula import Formula

Scope = Mapping[str, Any]


class Rule(NamedTuple):
    """Arithmetic on symbols, and how it is written, so that a failure can be read."""

    text: str
    run: Callable[[Scope], Any]

    def __repr__(self) -> str:
        return self.text


def symbol(name: str) -> Rule:
    return Rule(name, lambda scope: scope[name])


def number(value: int) -> Rule:
    return Rule(f"({value})", lambda scope: value)


def plus(a: Rule, b: Rule) -> Rule:
    return Rule(f"({a} + {b})", lambda scope: a.run(scope) + b.run(scope))


def minus(a: Rule, b: Rule) -> Rule:
    return Rule(f"({a} - {b})", lambda scope: a.run(scope) - b.run(scope))


def times(a: Rule, b: Rule) -> Rule:
    return Rule(f"({a} * {b})", lambda scope: a.run(scope) * b.run(scope))


def scaled(factor: int, a: Rule) -> Rule:
    return Rule(f"({factor} * {a})", lambda scope: factor * a.run(scope))


def floor(a: Rule, d: int) -> Rule:
    return Rule(f"({a} // {d})", lambda scope: a.run(scope) // d)


def remainder(a: Rule, d: int) -> Rule:
    return Rule(f"({a} % {d})", lambda scope: a.run(scope) % d)


def least(a: Rule, b: Rule) -> Rule:
    return Rule(f"min({a}, {b})", lambda scope: smallest(a.run(scope), b.run(scope)))


def greatest(a: Rule, b: Rule) -> Rule:
    return Rule(f"max({a}, {b})", lambda scope: largest(a.run(scope), b.run(scope)))


def by_one_more(a: Rule, b: Rule) -> Rule:
    """A quotient whose divisor is a formula, and never 0."""
    return Rule(f"({a} // ({b}**2 + 1))", lambda scope: a.run(scope) // (b.run(scope) ** 2 + 1))


def squared(a: Rule) -> Rule:
    return Rule(f"{a}**2", lambda scope: a.run(scope) ** 2)


def half_of_even(a: Rule) -> Rule:
    """An exact division that leaves a fraction inside and a whole number outside."""
    return Rule(f"({a} * ({a} + 1) / 2)", lambda scope: _halved(a.run(scope)))


def _halved(n: Any) -> Any:
    return n * (n + 1) // 2 if isinstance(n, int) else n * (n + 1) / 2


constants = st.integers(-9, 9).map(number)
divisors = st.integers(-6, 6).filter(bool)


def rules(*names: str) -> st.SearchStrategy[Rule]:
    """Any arithmetic on whole numbers and these symbols."""
    leaves = st.sampled_from(names).map(symbol) | constants
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(plus, inner, inner),
            st.builds(minus, inner, inner),
            st.builds(times, inner, inner),
            st.builds(floor, inner, divisors),
            st.builds(remainder, inner, divisors),
            st.builds(least, inner, inner),
            st.builds(greatest, inner, inner),
            st.builds(by_one_more, inner, inner),
            st.builds(squared, inner),
            st.builds(half_of_even, inner),
        ),
        max_leaves=6,
    )


def by_formula(a: Rule, b: Rule) -> Rule:
    """A quotient whose divisor may have either sign, and is never 0."""
    return Rule(f"({a} // (3*{b} + 1))", lambda scope: a.run(scope) // (3 * b.run(scope) + 1))


def rest_by_formula(a: Rule, b: Rule) -> Rule:
    return Rule(f"({a} % (3*{b} + 1))", lambda scope: a.run(scope) % (3 * b.run(scope) + 1))


def negated(a: Rule) -> Rule:
    return Rule(f"(-{a})", lambda scope: -a.run(scope))


def whole_rules(*names: str) -> st.SearchStrategy[Rule]:
    """Arithmetic on whole numbers of either sign in which no fraction occurs."""
    leaves = st.sampled_from(names).map(symbol) | constants
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(plus, inner, inner),
            st.builds(minus, inner, inner),
            st.builds(times, inner, inner),
            st.builds(negated, inner),
            st.builds(floor, inner, divisors),
            st.builds(remainder, inner, divisors),
            st.builds(by_formula, inner, inner),
            st.builds(rest_by_formula, inner, inner),
            st.builds(least, inner, inner),
            st.builds(greatest, inner, inner),
            st.builds(squared, inner),
        ),
        max_leaves=6,
    )


def lines(name: str = "H", most: int = 12) -> st.SearchStrategy[Rule]:
    """Sums, multiples and floors of one symbol: a straight line plus something periodic."""
    return st.recursive(
        st.just(symbol(name)) | constants,
        lambda inner: st.one_of(
            st.builds(plus, inner, inner),
            st.builds(minus, inner, inner),
            st.builds(scaled, st.integers(-3, 3), inner),
            st.builds(floor, inner, st.integers(1, 4)),
        ),
        max_leaves=most,
    )


def formula(rule: Rule, *names: str) -> Any:
    """The rule run on symbols."""
    return rule.run({name: Formula.symbol(name) for name in names})
