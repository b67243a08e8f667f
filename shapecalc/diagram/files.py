"""Diagrams in files: drawn by Graphviz, and written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


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
        raise NoGraphviz(f"Graphviz failed: {error.stderr.decode(errors='replace')}") from None
    return data


def save(path: Path, data: bytes) -> None:
    """Write a file so that it holds either all of the data or what it held before."""
    if path.exists() and not path.is_file():  # a device or a pipe cannot be put in place
        path.write_bytes(data)
        return
    path = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            file.write(data)
        os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
