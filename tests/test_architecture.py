"""Each module imports only what stands above it in docs/architecture.md."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import shapecalc

ROOT = Path(shapecalc.__file__).parent
FLOORS = ["algebra", "layers", "language", "graph", "analysis", "network", "bundled", "loading"]
EVERYWHERE = {"pace"}
"""Progress: it knows nothing of networks."""

HANDED = {"network": {"notebook", "lint"}, "loading": {"lint", "reading", "missing"}}
"""What reports and texts are handed to, inside functions only."""

SYMPY = {
    *("abbreviations", "form", "formula"),
    *("nodes", "sums", "canonical", "factoring", "periodic", "bounds"),
    *("ordering", "sorting", "writing"),
}


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """What a module imports of this package or another, and whether at once."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    at_once = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield each.name, id(node) in at_once
        elif isinstance(node, ast.ImportFrom):
            for each in node.names:
                yield f"{node.module}.{each.name}", id(node) in at_once


def modules(floor: str) -> list[Path]:
    return sorted((ROOT / floor).rglob("*.py")) or [ROOT / f"{floor}.py"]


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_imports_only_those_above_it(floor):
    allowed = {*FLOORS[: FLOORS.index(floor) + 1], *EVERYWHERE}
    for path in modules(floor):
        for name, at_once in imports(path):
            package, _, rest = name.partition(".")
            if package == "shapecalc":
                own = allowed if at_once else allowed | HANDED.get(floor, set())
                assert rest.partition(".")[0] in own, f"{path.relative_to(ROOT)} imports {name}"


def test_sympy_is_imported_by_what_formulas_are_made_of_alone():
    found = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        for name, _ in imports(path)
        if name.partition(".")[0] == "sympy"
    }
    assert found == {f"algebra/{name}.py" for name in SYMPY}
