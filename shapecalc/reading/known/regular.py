"""Regular expressions, of which only those run that end soon whatever they are given."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from shapecalc.reading.evaluator.values import Builtin
from shapecalc.reading.known.base import NAMES

KNOWN = NAMES.part(__name__)

LONGEST = 2_000
"""The most characters of a pattern, or of a text that one is tried on."""

MOST_TRIES = 10_000_000
"""How many ways of placing a pattern's repetitions may have to be tried."""

_SINGLE = frozenset(["LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY", "RANGE", "NEGATE", "AT"])
_REPEATS = frozenset(["MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"])


def _steps(elements: Any) -> Iterator[tuple[str, Any]]:
    for operator, argument in elements:
        yield str(operator), argument


def _inside(argument: Any) -> Iterator[Any]:
    """The patterns inside an element of a pattern."""
    if hasattr(argument, "data"):
        yield argument
    elif isinstance(argument, (list, tuple)):
        for each in argument:
            yield from _inside(each)


def parsed(pattern: str, flags: int = 0) -> Any:
    """The elements of a pattern."""
    try:
        from re import _parser as parser  # type: ignore[attr-defined]
    except ImportError:  # before Python 3.11
        import sre_parse as parser
    return parser.parse(pattern, flags)


def repetitions(elements: Any, repeated: bool = False) -> int:
    r"""How many repetitions a pattern has; ``ValueError`` if one may have exponential cost.

    A repetition of single characters, or of a fixed row of them, is tried in as many ways as the
    text is long; one of alternatives, or of another repetition, in exponentially many.

    >>> repetitions(parsed(r"([a-z]+)(\d*)"))
    2
    """
    count = 0
    for operator, argument in _steps(elements):
        if operator in _SINGLE:
            continue
        if operator in _REPEATS or (repeated and operator == "BRANCH"):
            if repeated:
                raise ValueError("it repeats what repeats or branches already")
            _, most, inner = argument
            optional = int(most) == 1
            count += (1 if not optional else 0) + repetitions(inner, not optional)
        elif operator in ("GROUPREF", "GROUPREF_EXISTS", "ASSERT", "ASSERT_NOT") and repeated:
            raise ValueError("it repeats a condition")
        else:
            for inner in _inside(argument):
                count += repetitions(inner, repeated)
    return count


def checked(rt: Any, pattern: Any, text: Any = "", flags: Any = 0) -> Any:
    """A pattern that is made ready, once it is sure to end soon on a text."""
    import warnings

    if isinstance(pattern, Pattern):
        pattern, flags = pattern.text, pattern.flags
    for each in (pattern, text):
        if not isinstance(each, str):
            raise rt.error("TypeError", "expected string or bytes-like object")
        if len(each) > LONGEST:
            raise rt.cannot(f"a regular expression on more than {LONGEST:,} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            count, made = _ready(pattern, flags if isinstance(flags, int) else 0)
            # repetitions end one behind the other, for each place where the pattern begins
            if (len(text) + 1) * math.comb(len(text) + count, count) > MOST_TRIES:
                raise ValueError("it may take too long")
            return made
    except (re.error, OverflowError, RecursionError) as wrong:
        raise rt.error("ValueError", str(wrong)) from None
    except ValueError as wrong:
        raise rt.cannot(f"the regular expression {pattern!r} is not tried", str(wrong)) from None


@lru_cache(maxsize=64)
def _ready(pattern: str, flags: int) -> tuple[int, re.Pattern[str]]:
    """How many nested repetitions a pattern has, and the pattern itself."""
    return repetitions(parsed(pattern, flags)), re.compile(pattern, flags)


class Match:
    """What a pattern matched."""

    def __init__(self, found: re.Match[str]) -> None:
        self.found = found

    def known_attribute(self, rt: Any, name: str) -> Any:
        """A method of a match."""
        if name in ("group", "groups", "groupdict", "start", "end", "span"):
            method = getattr(self.found, name)

            def run(rt: Any, *args: Any, **kwargs: Any) -> Any:
                try:
                    return method(*args, **kwargs)
                except IndexError as wrong:
                    raise rt.error("IndexError", str(wrong)) from None

            return Builtin(name, run)
        raise rt.error("AttributeError", f"'re.Match' object has no attribute {name!r}")

    def known_item(self, rt: Any, index: Any) -> Any:
        """A group."""
        return self.found[index]


class Pattern:
    """A pattern that ``re.compile`` made."""

    def __init__(self, text: str, flags: Any) -> None:
        self.text = text
        self.flags = flags

    def known_attribute(self, rt: Any, name: str) -> Any:
        """A method of a pattern."""
        if name == "pattern":
            return self.text
        function = REGULAR.get(f"re.{name}")
        if function is None:
            raise rt.error("AttributeError", f"'re.Pattern' object has no attribute {name!r}")
        return Builtin(name, lambda rt, *args, **kwargs: function.run(rt, self, *args, **kwargs))


def _searched(name: str) -> Any:
    def run(rt: Any, pattern: Any, string: Any, flags: Any = 0) -> Any:
        found = getattr(checked(rt, pattern, string, flags), name)(string)
        return Match(found) if found is not None else None

    return run


def _all(rt: Any, pattern: Any, string: Any, flags: Any = 0) -> Any:
    return checked(rt, pattern, string, flags).findall(string)


def _each(rt: Any, pattern: Any, string: Any, flags: Any = 0) -> Any:
    found = checked(rt, pattern, string, flags).finditer(string)
    return rt.iterator([Match(each) for each in found])


def _split(rt: Any, pattern: Any, string: Any, maxsplit: int = 0, flags: Any = 0) -> Any:
    return checked(rt, pattern, string, flags).split(string, maxsplit)


def _sub(rt: Any, pattern: Any, repl: Any, string: Any, count: int = 0, flags: Any = 0) -> Any:
    ready = checked(rt, pattern, string, flags)
    if isinstance(repl, str):
        if len(repl) * (len(string) + 1) > 1_000_000:
            raise rt.cannot("this would be larger than any network needs")
        return ready.sub(repl, string, count)
    return ready.sub(lambda found: rt.text(rt.call(repl, [Match(found)], {})), string, count)


def _compiled(rt: Any, pattern: Any, flags: Any = 0) -> Any:
    checked(rt, pattern, "", flags)
    return pattern if isinstance(pattern, Pattern) else Pattern(pattern, flags)


REGULAR: dict[str, Any] = {
    "re.findall": Builtin("findall", _all),
    "re.finditer": Builtin("finditer", _each),
    "re.split": Builtin("split", _split),
    "re.sub": Builtin("sub", _sub),
    "re.compile": Builtin("compile", _compiled),
    "re.escape": Builtin("escape", lambda rt, text: re.escape(text)),
}
"""The functions of ``re``."""

for _name in ("match", "search", "fullmatch"):
    REGULAR[f"re.{_name}"] = Builtin(_name, _searched(_name))
for _name in ("IGNORECASE", "I", "MULTILINE", "M", "DOTALL", "S", "VERBOSE", "X"):
    REGULAR[f"re.{_name}"] = int(getattr(re, _name))

KNOWN.update(REGULAR)
