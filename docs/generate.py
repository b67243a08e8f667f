"""Write what is generated: ``layers.md``, ``gallery.md``, its pictures, and the indices of kinds.

With ``--check`` nothing is written, and the exit status tells whether all is up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory
from typing import NamedTuple

from shapecalc import catalogue
from shapecalc import cli as commands
from shapecalc.catalogue import Page, Rule
from shapecalc.layers import KINDS, Layer
from shapecalc.reading.functions import OPERATIONS
from shapecalc.reading.known import NAMES
from shapecalc.reading.tables import Table

LAYERS = Path(__file__).with_name("layers.md")
GALLERY = Path(__file__).with_name("gallery.md")
FOLDER = Path(__file__).with_name("pictures")
INDEX = Path(__file__).parents[1] / "shapecalc" / "layers" / "index.py"
TORCH = Path(__file__).parents[1] / "shapecalc" / "reading" / "index.py"

INDEX_INTRODUCTION = '''"""Which file of this folder declares a kind; written by `./dev docs`."""

FAMILY_OF = {
'''

MODULES_INTRODUCTION = '''"""Which kind a module or function of torch is; written by `./dev docs`.

So a network is read without an import of the kinds that it does not use.
"""

MODULES = {
'''

CALLS_INTRODUCTION = '''"""Kinds that are modules of torch, and whether such a one may be lazy."""

CALLED = {
'''

FILES_END = '''"""The files of functions and of what else is known, by the names in them."""
'''

CALLS_END = '''"""The kinds of functions and methods."""
'''

GALLERY_INTRODUCTION = """# Gallery

Written by `./dev docs`, with the commands shown; not to be edited. [diagrams.md](diagrams.md) tells
how to read the pictures. Beside each lies its source in the language of Graphviz.
"""

INTRODUCTION = """# Layers

Written by `./dev docs` from the declarations in `shapecalc/layers/`; not to be edited.

A rule is given in letters: B is the batch, C the channels or the last dimension, L the length,
T, H and W depth, height and width; a field's letter stands behind its name. `//` divides and
rounds down. `shapecalc layers KIND` prints the same.
"""


class Picture(NamedTuple):
    """A picture of the gallery: its file's name, what it shows, and how it is drawn."""

    name: str
    about: str
    arguments: str


PICTURES = [
    Picture("googlenet", "GoogLeNet, its blocks folded.", "googlenet"),
    Picture("googlenet-dark", "The same on dark ground.", "googlenet --theme dark"),
    Picture("googlenet-branches", "Its blocks unfolded down to branches.", "googlenet --depth 2"),
    Picture("googlenet-layers", "All of its layers.", "googlenet --depth 3"),
    Picture(
        "googlenet-macs",
        "Where its work is done, and how large the tensors are in between.",
        "googlenet --colour-by macs --widths --legend",
    ),
    Picture("resnet18", "ResNet-18, folded.", "resnet18 --legend"),
    Picture("resnet18-layers", "All of its layers.", "resnet18 --depth 4"),
    Picture(
        "resnet18-row",
        "From left to right, on dark ground.",
        "resnet18 --direction LR --theme dark",
    ),
    Picture("unet", "U-Net, folded.", "unet"),
    Picture("unet-layers", "All of its layers.", "unet --depth 2"),
    Picture("unet-symbolic", "Its sizes as formulas.", "unet --symbolic=H,W --theme dark"),
    Picture("unet-memory", "What it holds in memory while each layer runs.", "unet --memory"),
    Picture("vgg16", "VGG-16, folded.", "vgg16"),
    Picture("vgg16-layers", "All of its layers.", "vgg16 --depth 4"),
    Picture("vgg16-params", "Where its parameters are.", "vgg16 --depth 2 --colour-by params"),
]


def main(arguments: list[str]) -> int:
    """Write what is generated, or check it; the exit status."""
    texts = {LAYERS: page_of_layers(), GALLERY: gallery(), INDEX: index(), TORCH: index_of_torch()}
    for picture in PICTURES:
        texts[FOLDER / f"{picture.name}.dot"] = drawn(picture, "dot").decode()
    if arguments == ["--check"]:
        return check(texts)
    FOLDER.mkdir(exist_ok=True)
    for path, text in texts.items():
        path.write_text(text)
    for picture in PICTURES:
        (FOLDER / f"{picture.name}.svg").write_bytes(drawn(picture, "svg"))
    print(f"wrote {', '.join(path.name for path in texts if path.parent != FOLDER)} and pictures")
    return 0


def check(texts: dict[Path, str]) -> int:
    """Compare what is written with what would be.

    Of a picture its source is compared: what Graphviz draws from it depends on its version.
    """
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text() != text]
    stale += [path.with_suffix(".svg") for path in texts if path.parent == FOLDER]
    stale = [path for path in stale if path.suffix != ".svg" or not path.exists()]
    for path in stale:
        print(f"{path.name} is not up to date; ./dev docs writes it anew", file=sys.stderr)
    return 1 if stale else 0


def drawn(picture: Picture, ending: str) -> bytes:
    """A picture as the command draws it."""
    with TemporaryDirectory() as folder:
        file = Path(folder, f"picture.{ending}")
        commands.main(
            ["render", *picture.arguments.split(), "-o", str(file)], standalone_mode=False
        )
        return file.read_bytes()


def gallery() -> str:
    """The page that shows the pictures."""
    return "\n".join([GALLERY_INTRODUCTION, *map(_shown, PICTURES)])


def _shown(picture: Picture) -> str:
    return f"""{picture.about}

```sh
shapecalc render {picture.arguments} -o {picture.name}.svg
```

![{picture.about}](pictures/{picture.name}.svg)
"""


def index() -> str:
    """The index that :mod:`shapecalc.layers.kinds` looks a kind up in."""
    lines = [f'    "{name}": "{kind.family}",\n' for name, kind in KINDS.items()]
    return INDEX_INTRODUCTION + "".join(lines) + "}\n"


def index_of_torch() -> str:
    """The index that :mod:`shapecalc.reading` looks torch's modules and functions up in."""
    modules = {name: infers(kind) for name, kind in KINDS.items() if kind.in_torch}
    calls = {call: name for name, kind in KINDS.items() for call, _ in kind.calls()}
    files = {
        "FUNCTIONS_IN": written_by("shapecalc.reading.functions", OPERATIONS),
        "KNOWN_IN": written_by("shapecalc.reading.known", NAMES),
    }
    return "".join(
        [MODULES_INTRODUCTION]
        + [f'    "{name}": {is_inferred},\n' for name, is_inferred in modules.items()]
        + ["}\n", CALLS_INTRODUCTION]
        + [f'    "{call}": "{name}",\n' for call, name in calls.items()]
        + ["}\n", CALLS_END]
        + [each for name, pairs in files.items() for each in _of_files(name, pairs)]
        + [FILES_END]
    )


def written_by(package: str, table: Table) -> list[tuple[str, str]]:
    """Which file of a folder puts a name into its table; the catalogue is always there."""
    for module in iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")
    found = sorted(table.written.items(), key=lambda pair: (pair[1], pair[0]))
    return [(name, file) for name, file in found if file != "catalogue"]


def _of_files(name: str, pairs: list[tuple[str, str]]) -> Iterator[str]:
    yield f"\n{name} = {{\n"
    yield from (f'    "{called}": "{file}",\n' for called, file in pairs)
    yield "}\n"


def infers(kind: type[Layer]) -> bool:
    """Whether a kind has a size that follows from what comes in, which a lazy module leaves out."""
    return any(field.infer is not None for field in kind.fields.values())


def page_of_layers() -> str:
    """All kinds in the order of their families."""
    families = dict(sorted(catalogue.families().items()))
    parts = [INTRODUCTION, "\n".join(_contents(name, kinds) for name, kinds in families.items())]
    for name, kinds in families.items():
        parts.append(f"\n## {name.capitalize()} layers")
        parts += [_kind(catalogue.page(kind)) for kind in kinds]
    return "\n".join(parts) + "\n"


def _contents(family: str, kinds: list[str]) -> str:
    links = ", ".join(f"[{kind}](#{kind.lower()})" for kind in kinds)
    return f"* [{family.capitalize()}](#{family}-layers): {links}"


def _kind(page: Page) -> str:
    summary = page.summary.replace("``", "`")
    parts = [f"\n### {page.kind}\n\n{summary}\n"]
    if page.fields:
        parts.append("| field | | takes | default |\n|---|---|---|---|")
        parts += [_field(field) for field in page.fields]
        parts.append("")
    parts.append(f"```text\n{_rule(page.rule)}\n```\n")
    parts.append(
        f"```yaml\n{page.example}    # {page.example_input}  ->  {page.example_output}\n```"
    )
    return "\n".join(parts)


def _field(field: dict[str, str]) -> str:
    letter = f" {field['letter']}" if field["letter"] else ""
    cells = [f"`{field['name']}`{letter}", field["doc"], field["expects"], field["default"]]
    return f"| {' | '.join(cells)} |"


def _rule(rule: Rule) -> str:
    """The rule in lines of a name and a formula each."""
    lines = {
        "with": ", ".join(f"{name} = {value}" for name, value in rule.settings.items()),
        "input": ", ".join(rule.inputs),
        "output": rule.output,
        **rule.weights,
        "params": rule.params,
        "MACs": rule.macs,
        "elementwise": rule.elementwise,
    }
    shown = {name: text for name, text in lines.items() if text not in ("", "0")}
    wide = max(map(len, shown))
    return "\n".join(f"{name:<{wide}}  {text}" for name, text in shown.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
