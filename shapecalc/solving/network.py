"""One unknown of a whole network: the values of a symbol for which everything is as wanted.

The network is built piece by piece (:mod:`shapecalc.solving.pieces`): mostly once, with the symbol
left free. What its layers need of the symbol and what is wanted of its sizes and totals are
equations and inequalities in that symbol. Those that can be inverted are solved exactly
(:mod:`shapecalc.algebra.residues`); for the others all numbers are tried that bounds do not rule
out (:mod:`shapecalc.solving.search`). The answer is what their solutions have in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple

from shapecalc.algebra.arithmetic import Quantity
from shapecalc.algebra.formula import Formula, evaluate, is_integral
from shapecalc.algebra.solutions import Solutions, in_words
from shapecalc.language.evaluation import Undecided
from shapecalc.language.symbols import SettingError, known, no_symbol
from shapecalc.network import Network
from shapecalc.solving.conditions import Conditions, Need, Stays
from shapecalc.solving.gather import Ending, gather
from shapecalc.solving.pieces import Piece, Pieces
from shapecalc.solving.sets import TooSeldom
from shapecalc.solving.wanted import (
    Amount,
    NoSolution,
    OutputSize,
    QuestionError,
    Said,
    Want,
    axes,
    no_layer,
)

__all__ = ["Amount", "Answer", "Method", "NoSolution", "OutputSize", "QuestionError", "solve"]


class Method(NamedTuple):
    """How an answer was found.

    ``how`` is ``inverted`` where formulas were solved exactly, ``tried`` where all numbers from
    ``first`` to ``last`` were looked at, ``built`` where the network was built for each of them.
    ``beyond`` says why no further numbers are to be had, empty where they were solved for. Where
    the answer is not ``complete``, numbers beyond ``last`` may be missing.
    """

    how: str
    first: int
    last: int | None
    beyond: str
    is_complete: bool


class Answer(NamedTuple):
    """The values of ``symbol`` that give what was wanted.

    ``without_remainder`` are those among them at which no window drops a pixel, where a size was
    wanted; ``needs`` the conditions that the network itself imposes, with the layers they come
    from, ``open`` those of them that could not be solved and are left to be checked; ``values``
    those of other symbols.

    >>> import shapecalc
    >>> answer = shapecalc.solve("cifar10", "H", at="maxpool3", output=4)
    >>> answer.symbol, 32 in answer.solutions, 40 in answer.solutions, answer.values["W"]
    ('H', True, False, 32)
    """

    symbol: str
    solutions: Solutions
    without_remainder: Solutions | None
    wants: tuple[Want, ...]
    needs: tuple[Need, ...]
    open: tuple[Need, ...]
    values: dict[str, Quantity]
    is_exact: bool
    method: Method

    def __str__(self) -> str:
        from shapecalc.solving.write import text  # which writes answers

        return text(self)


def solve(
    network: Network,
    symbol: str,
    wanted: Iterable[OutputSize | Amount] = (),
    settings: Mapping[str, Any] | None = None,
    *,
    exact: bool = False,
) -> Answer:
    """All whole values from 0 on of a symbol for which the network is as wanted.

    ``settings`` are values of other symbols, or formulas that bring the symbol in; ``exact`` keeps
    only values at which no window drops a pixel. Raises :class:`NoSolution`,
    :class:`QuestionError`, and what :meth:`Network.report` raises.

    >>> import shapecalc
    >>> answer = solve(shapecalc.load("cifar10"), "H", [OutputSize("maxpool3", (4,))])
    >>> in_words(answer.solutions, "H"), answer.method.how
    ('H = 32 .. 39', 'inverted')
    """
    settings = dict(settings or {})
    _check_symbol(network, symbol, settings)
    wanted = list(wanted)
    paths = {each.path for each in wanted if isinstance(each, OutputSize)}
    columns = {each.column for each in wanted if isinstance(each, Amount)}
    pieces = Pieces(network, symbol, settings, paths, columns, windows=exact or bool(paths))
    found, ending = gather(pieces, [each for each in wanted if isinstance(each, Amount)])
    if all(piece.refused for piece in found):
        return _refused(network, symbol, settings, ending)
    _check_paths(found, paths, symbol, ending)
    wants = tuple(
        dict.fromkeys(want for each in wanted for want in _wants(found, symbol, each, ending))
    )
    conditions = Conditions(found, symbol)
    try:
        solutions = conditions.solve(wants, exact=exact)
        if solutions.is_empty:
            raise NoSolution(_reason(symbol, conditions, wants, exact, ending))
        method = _method(conditions, ending)
        whole = None
        if paths:
            with suppress(Stays, TooSeldom):  # it was not asked for, so it may stay open
                whole = solutions if exact else conditions.solve(wants, exact=True)
    except Stays as stays:
        raise NoSolution(f"{stays}: no exact method solves this, so it stays open") from None
    except TooSeldom:
        message = "what is wanted repeats too seldom to be solved, so it stays open"
        raise NoSolution(message) from None
    needs, unsolved = conditions.needs()
    values = _values(found, symbol, solutions)
    return Answer(symbol, solutions, whole, wants, needs, unsolved, values, exact, method)


def _check_symbol(network: Network, symbol: str, settings: Mapping[str, Any]) -> None:
    """The unknown must be there, be whole, have no value, and be the only one."""
    if symbol in settings:
        raise QuestionError(f"{symbol} is solved for, so it cannot be set as well", "--set")
    names = known(network.spec)
    values = network.values(settings, {symbol} & set(names))
    free = {s for value in values.values() if isinstance(value, Formula) for s in value.symbols}
    if symbol not in names and symbol not in free:
        raise QuestionError(no_symbol(symbol, names), "--for")
    own = values.get(symbol)
    if isinstance(own, Formula) and not is_integral(own):
        fresh = next(n for n in (symbol[0].lower(), "n", "unknown") if n not in {*names, *free})
        raise QuestionError(
            f"{symbol} takes fractions, and only whole numbers can be solved for; put one in its "
            f"place, as in --set {symbol}={fresh}/8 --for {fresh}",
            "--for",
        )
    if others := sorted(free - {symbol}):
        raise QuestionError(f"{' and '.join(others)} has no value; give it one", "--set")


def _refused(network: Network, symbol: str, settings: Mapping[str, Any], ending: Ending) -> Answer:
    """No value makes this a network: what is wrong with it where the symbol stays one."""
    if ending.is_complete:
        with suppress(Undecided, SettingError):
            network.report(settings, symbolic={symbol} & set(known(network.spec)))
    raise NoSolution(f"no value of {symbol} makes this a network{_as_far(ending)}")


def _as_far(ending: Ending) -> str:
    return "" if ending.is_complete else f" up to {ending.last}; beyond, the question stays open"


def _check_paths(pieces: list[Piece], paths: set[str], symbol: str, ending: Ending) -> None:
    """Every layer that is asked for must be there, for some value of the unknown."""
    for path in paths - {path for piece in pieces for path in piece.tensors}:
        if ending.is_structural and re.search(r"\.[0-9]+(\.|$)", path):
            why = f": {ending.beyond}" if ending.beyond else _as_far(ending)
            raise NoSolution(f"no value of {symbol} gives the network a copy {path}{why}")
        raise no_layer(path, [path for piece in pieces for path in piece.paths])


def _wants(
    pieces: list[Piece], symbol: str, wanted: OutputSize | Amount, ending: Ending
) -> Iterable[Want]:
    """What is wanted as conditions on single sizes and totals."""
    far = _as_far(ending)
    legal = [piece for piece in pieces if not piece.refused]
    if isinstance(wanted, Amount):
        said = tuple(Said(p.stretch, p.totals[wanted.column]) for p in legal)
        want = Want(wanted.subject, said, wanted.relation, wanted.value)
        formula = want.formula
        if isinstance(formula, int) and not _holds(formula, wanted):
            raise NoSolution(f"{wanted.subject} are {formula:,}, whatever {symbol} is{far}")
        return [want]
    tensors = [p.tensors[wanted.path] for p in legal if wanted.path in p.tensors]
    found = []
    for axis, size in axes(tensors, symbol, wanted, far):
        sizes = []
        for p in legal:
            tensor = p.tensors.get(wanted.path)
            is_there = tensor is not None and axis < len(tensor.shape)
            sizes.append(Said(p.stretch, tensor.shape[axis] if tensor and is_there else None))
        if any(said.value != size for said in sizes):
            found.append(Want(wanted.path, tuple(sizes), "==", size))
    return found


def _holds(number: int, wanted: Amount) -> bool:
    a, b = number, wanted.value
    return {"==": a == b, "<=": a <= b, ">=": a >= b, "<": a < b, ">": a > b}[wanted.relation]


def _values(pieces: list[Piece], symbol: str, solutions: Solutions) -> dict[str, Quantity]:
    """The values of the other symbols: as formulas if there are such, else those they have."""
    legal = [piece for piece in pieces if not piece.refused]
    best = [piece for piece in legal if not piece.stretch.is_single] or legal
    return {
        name: value
        for name, value in best[-1].symbols.items()
        if name != symbol and all(_is_there(value, piece, name, symbol) for piece in legal)
    }


def _is_there(value: Quantity, piece: Piece, name: str, symbol: str) -> bool:
    """Whether a symbol has a value in a piece, where that may be a formula in the unknown."""
    if piece.stretch.is_single:
        try:
            value = evaluate(value, {symbol: piece.first})
        except ZeroDivisionError:
            return False
    return piece.symbols[name] == value


def _method(conditions: Conditions, ending: Ending) -> Method:
    if ending.is_structural:
        return Method("built", 0, ending.last, ending.beyond, ending.is_complete)
    is_complete = not conditions.given_up
    for found in conditions.searched:
        return Method("tried", 0, found.last, found.beyond, is_complete)
    return Method("inverted", 0, None, "", is_complete)


# -- why not --------------------------------------------------------------------------------------


def _reason(
    symbol: str, conditions: Conditions, wants: tuple[Want, ...], exact: bool, ending: Ending
) -> str:
    legal = conditions.solve(())
    far = _as_far(ending)
    if legal.is_empty:
        return f"no value of {symbol} makes this a network{far}"
    if exact and conditions.solve((), exact=True).is_empty:
        return f"at every value of {symbol} some window drops a pixel{far}"
    for want in wants:
        if conditions.solve([want]).is_empty:
            near = _nearest(symbol, conditions, want)
            return f"{want.subject} cannot be {_wished(want)}{far}: {near}"
    together = conditions.solve(wants)
    if not together.is_empty:
        said = in_words(together, symbol)
        return f"some window drops a pixel wherever it is as wanted, {said}{far}"
    alone = [
        f"{_briefly(want)} where {in_words(conditions.solve([want]), symbol)}" for want in wants
    ]
    return f"each alone can be had, but not together{far}: " + "; ".join(alone)


def _wished(want: Want) -> str:
    return f"{want.value:,}" if want.relation == "==" else f"{want.relation} {want.value:,}"


def _briefly(want: Want) -> str:
    is_plain = want.relation == "==" and want.formula is not None
    return str(want) if is_plain else f"{want.subject} {_wished(want)}"


MOST_LOOKED_AT = 500
"""How many values are looked at for the nearest that can be had."""


def _nearest(symbol: str, conditions: Conditions, want: Want) -> str:
    """The values next to the wanted one that can be reached, and where."""
    near = []
    for relation, best in (("<", max), (">", min)):
        aside = conditions.solve([want._replace(relation=relation)])
        if aside.is_empty:
            continue
        ends = {n for interval in aside.intervals() for n in interval if n is not None}
        ends.update(islice(aside.members(), MOST_LOOKED_AT))  # what rises and falls turns within
        reached = best(want.at(symbol, n) for n in ends)
        there = conditions.solve([want._replace(relation="==", value=reached)])
        near.append(f"{reached:,} at {in_words(there, symbol)}")
    return ("nearest are " if len(near) > 1 else "the nearest is ") + " and ".join(near)
