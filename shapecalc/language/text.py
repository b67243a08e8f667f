"""The text of a spec: bytes decoded, and values as they may be written in it."""

from __future__ import annotations

from shapecalc.language.problem import Mark, Problem, Source, SpecError

LARGEST_FILE = 16_000_000
"""The most bytes a spec may have."""


def shown(value: object) -> str:
    """A value as it may be written in a spec.

    >>> from fractions import Fraction
    >>> shown(True), shown(Fraction(3, 4)), shown([1, None])
    ('true', '3/4', '[1, null]')
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (list, tuple)):
        text = f"[{', '.join(map(shown, value[:60]))}]"
    else:
        text = repr(value) if type(value) is str else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def decode(data: bytes, name: str) -> Source:
    """Bytes as text; raises :class:`SpecError` if they are none."""
    if len(data) > LARGEST_FILE:
        message = f"the file is too large: at most {LARGEST_FILE:,} bytes are read"
        raise SpecError(Source(name, ""), [Problem(Mark(1, 1), message)])
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return Source(name, data.decode(encoding))
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        message = f"not a text file: byte 0x{data[error.start]:02x} is not {error.encoding}"
        hint = "" if b"\0" in data else "save it as UTF-8, if it is text in another encoding"
        problem = Problem(Mark(line, column), message, (hint,))
        raise SpecError(Source(name, before), [problem]) from None
