"""Write the generated page of the documents: ``layers.md``, from the declarations of the kinds.

With ``--check`` nothing is written, and the exit status tells whether the page is up to date.
"""

from __future__ import annotations

import sys
from pathlib import Path

from shapecalc import catalogue
from shapecalc.catalogue import Page, Rule

LAYERS = Path(__file__).with_name("layers.md")

INTRODUCTION = """# Layers

Written by `./dev docs` from the declarations in `shapecalc/layers/`; not to be edited.

A rule is given in letters: B is the batch, C the channels or the last dimension, L the length,
T, H and W depth, height and width; a field's letter stands behind its name. `//` divides and
rounds down. `shapecalc layers KIND` prints the same.
"""


def main(arguments: list[str]) -> int:
    """Write the page, or check it; the exit status."""
    text = page_of_layers()
    if arguments == ["--check"]:
        if LAYERS.exists() and LAYERS.read_text() == text:
            return 0
        print(f"{LAYERS.name} is not up to date; ./dev docs writes it anew", file=sys.stderr)
        return 1
    LAYERS.write_text(text)
    print(f"wrote {LAYERS}")
    return 0


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
