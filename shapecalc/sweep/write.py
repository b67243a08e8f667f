"""Rows of a sweep as CSV, JSON and Parquet, table by table as they are computed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from shapecalc.algebra.decimals import quotient
from shapecalc.sweep.choose import Columns
from shapecalc.sweep.grid import Over

LARGEST_DECIMAL = 10**76


def _text(value: object) -> str:
    return quotient(value) if isinstance(value, Fraction) else str(value)


class Writer(Protocol):
    """What takes the tables of a sweep."""

    def add(self, table: Columns) -> None:
        """Write the rows of a table."""

    def end(self) -> None:
        """Write what closes the file."""


class Text:
    """Rows as text, each table written as a whole, so that what is stopped holds whole rows."""

    def __init__(self, columns: Sequence[str], form: str, put: Callable[[str], None]) -> None:
        self.put = put
        self.form = form
        self.columns = list(columns)
        self.is_empty = True

    def add(self, table: Columns) -> None:
        """Write the rows of a table."""
        if not len(next(iter(table.values()))):
            return
        lists = [values.tolist() for values in table.values()]
        if self.form == "csv":
            told = "".join(f"{line}\n" for line in csv_lines(lists))
            self.put((self._head() if self.is_empty else "") + told)
        else:
            told = ",\n".join(
                json.dumps(dict(zip(table, row)), default=_text) for row in zip(*lists)
            )
            self.put(("[" if self.is_empty else ",\n") + told)
        self.is_empty = False

    def _head(self) -> str:
        return ",".join(map(quoted, self.columns)) + "\n"

    def end(self) -> None:
        """Close the list; where there are no rows, the head stands alone."""
        if self.form == "json":
            self.put("[]\n" if self.is_empty else "]\n")
        elif self.is_empty:
            self.put(self._head())


def csv_lines(lists: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Lines of numbers; none of them has a sign that CSV would have to quote."""
    return map(",".join, zip(*(map(str, values) for values in lists)))


def quoted(name: str) -> str:
    """A column's name, in quotes where CSV needs them."""
    return '"' + name.replace('"', '""') + '"' if any(c in name for c in ',"\n') else name


class Parquet:
    """Rows as a Parquet file: a row group for each table.

    A column has 64 bits as long as they suffice. One that turns out wider is written anew as
    decimals, or where there are fractions as text, which is exact as well.
    """

    def __init__(self, path: Path, columns: Sequence[str], over: Sequence[Over]) -> None:
        self.path = path
        self.kinds = dict.fromkeys(columns, 0)
        self.kinds.update({axis.name: 2 for axis in over if axis.range is None})
        self._writer: Any = None

    def add(self, table: Columns) -> None:
        """Write the rows of a table."""
        import pyarrow

        wider = {name: max(self.kinds[name], _kind(table[name])) for name in self.kinds}
        if wider != self.kinds:
            self._widen(wider)
        self._open().write_table(
            pyarrow.table([_typed(table[name], kind) for name, kind in wider.items()], self._schema)
        )

    def end(self) -> None:
        """Close the file; it is there even if there are no rows."""
        self._open().close()

    def _open(self) -> Any:
        from pyarrow import parquet

        if self._writer is None:
            self._schema = _schema(self.kinds)
            self._writer = parquet.ParquetWriter(self.path, self._schema)
        return self._writer

    def _widen(self, kinds: dict[str, int]) -> None:
        self.kinds = kinds
        if self._writer is None:
            return
        self._writer.close()
        self._writer = None
        before = self.path.with_name(f".{self.path.name}.before")
        os.replace(self.path, before)
        copy_widened(before, self._open(), self._schema)
        before.unlink()


def copy_widened(path: Path, writer: Any, schema: Any) -> None:
    """Write a file's rows with wider types."""
    from pyarrow import parquet

    with parquet.ParquetFile(path) as read:
        for i in range(read.num_row_groups):
            writer.write_table(read.read_row_group(i).cast(schema))


def unify(folder: Path, empty: Parquet) -> None:
    """Give all files of a folder the same types, so that they are one table.

    Where there is no file, ``empty`` becomes the only one.
    """
    from pyarrow import parquet

    parts = sorted(folder.glob("part-*.parquet"))
    if not parts:
        empty.end()
        return
    types = [str(kind) for kind in _schema(dict(zip("abc", range(3)))).types]
    schemas = {path: parquet.read_schema(path) for path in parts}
    widest = {
        name: max(types.index(str(schema.field(name).type)) for schema in schemas.values())
        for name in empty.kinds
    }
    schema = _schema(widest)
    for path in parts:
        if not schemas[path].equals(schema):
            before = path.with_name(f".{path.name}.before")
            os.replace(path, before)
            with parquet.ParquetWriter(path, schema) as writer:
                copy_widened(before, writer, schema)
            before.unlink()


def _schema(kinds: dict[str, int]) -> Any:
    import pyarrow

    types = (pyarrow.int64(), pyarrow.decimal256(76, 0), pyarrow.string())
    return pyarrow.schema([(name, types[kind]) for name, kind in kinds.items()])


def _kind(values: Any) -> int:
    if values.dtype != object:
        return 0
    if all(isinstance(value, int) and abs(value) < LARGEST_DECIMAL for value in values.tolist()):
        return 1
    return 2


def _typed(values: Any, kind: int) -> Any:
    import pyarrow

    if kind == 2:
        return pyarrow.array([str(value) for value in values.tolist()], pyarrow.string())
    if kind == 1:
        return pyarrow.array(values.tolist(), pyarrow.decimal256(76, 0))
    return pyarrow.array(values)
