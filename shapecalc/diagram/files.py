"""Diagrams in the formats that Graphviz draws."""

from __future__ import annotations


class NoGraphviz(RuntimeError):
    """The program that draws is missing, or failed."""


def drawn(source: str, form: str) -> bytes:
    """A diagram in a format of Graphviz, such as ``svg``, or its source as it is for ``dot``.

    Raises :class:`NoGraphviz` where there is no program ``dot``, or where it fails.
    """
    if form == "dot":
        return source.encode()
    import graphviz

    try:
        data: bytes = graphviz.Source(source).pipe(format=form, quiet=True)
    except graphviz.ExecutableNotFound:
        raise NoGraphviz(
            f"a .{form} is drawn by the program dot, which is not installed: it is in the package "
            f"graphviz, as in apt install graphviz or brew install graphviz; "
            f".dot and .html need no program"
        ) from None
    except graphviz.CalledProcessError as error:
        told = " ".join(error.stderr.decode(errors="replace").split())
        raise NoGraphviz(f"Graphviz failed: {told}") from None
    return data
