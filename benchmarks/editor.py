"""How long an editor waits for the language server, over standard input and output.

    python benchmarks/editor.py [SPEC ...]

For each bundled spec: from a change to the errors it makes, without the time that the server waits
for more to be typed; the shapes at the ends of all lines; and what is told under the pointer, for
the first time, when formulas are found, and again.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from shapecalc.bundled import folder
from shapecalc.lsp.server import PATIENCE
from tests.lsp.client import Client

SPECS = ("lenet5", "resnet18", "googlenet", "llama")
ROUNDS = 5


def timed(what: Callable[[], Any]) -> float:
    """The milliseconds that it takes."""
    start = time.perf_counter()
    what()
    return 1000 * (time.perf_counter() - start)


def measure(client: Client, name: str) -> list[float]:
    """Changes, the best of some; hints; what is told first, and then."""
    text = (folder() / f"{name}.yaml").read_text()
    uri = client.open(f"{name}.yaml", text)
    client.problems(uri)
    changes = []
    for version in range(2, 2 + ROUNDS):

        def change(version: int = version) -> None:
            client.change(uri, version, f"{text}# {version}\n")
            client.problems(uri, version)

        changes.append(timed(change) - 1000 * PATIENCE)
    line = next(
        i for i, each in enumerate(text.splitlines()) if "Conv2d" in each or "Linear" in each
    )
    told = [timed(lambda: client.at("hover", uri, line, 12)) for _ in range(2)]
    return [min(changes), timed(lambda: client.hints(uri)), *told]


def main() -> None:
    """Print a row for each spec."""
    print("| spec | errors after a change | all shapes | under the pointer, first | then |")
    print("|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        client = Client(Path(folder))
        for name in sys.argv[1:] or SPECS:
            cells = " | ".join(f"{each:.0f} ms" for each in measure(client, name))
            print(f"| {name} | {cells} |")
        client.close()


if __name__ == "__main__":
    main()
