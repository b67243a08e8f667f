"""What is written to files: whole or not at all, and never over what it was made from."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def save(path: Path, data: bytes) -> None:
    """Write a file so that it holds either all of the data or what it held before.

    Raises ``OSError`` where it cannot be written.
    """
    try:
        path = path.resolve()
    except RuntimeError as error:  # what Python up to 3.12 makes of links in a ring
        raise OSError(str(error)) from None
    if path.exists() and not path.is_file():  # a device or a pipe cannot be put in place
        path.write_bytes(data)
        return
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:50]}.", dir=path.parent)
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


def is_same(a: str | os.PathLike[str] | int, b: str | os.PathLike[str] | int) -> bool:
    """Whether two paths or descriptors are one regular file, by whatever name or link."""
    try:
        first, second = os.stat(a), os.stat(b)
    except (OSError, ValueError):
        return False
    return os.path.samestat(first, second) and stat.S_ISREG(first.st_mode)
