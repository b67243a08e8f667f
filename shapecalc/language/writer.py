"""The tree of a spec as text: YAML as a person writes it, or JSON.

What is read back is the same tree: :func:`shapecalc.language.parse.parse` of the text builds the
same network, layer by layer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from shapecalc.algebra.decimals import quotient
from shapecalc.language.expression import (
    Binary,
    Call,
    Comparison,
    Conditional,
    Expression,
    Name,
    Number,
    Unary,
)
from shapecalc.language.signs import visible
from shapecalc.language.tree import Block, Entry, Setting, Spec
from shapecalc.language.words import name_stem
from shapecalc.layers import KINDS

WIDEST = 100
"""The longest line that settings are written in."""

SHORT = 64
"""The longest entry that stands in braces with what is beside its kind."""

_STRENGTH = {
    "or": 1,
    "and": 2,
    "not": 3,
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "/", "//", "%"), 6),
    "neg": 7,
    "**": 8,
}


def written(tree: Expression) -> str:
    """An expression as text, with the parentheses it needs.

    >>> from shapecalc.language.expression import parse
    >>> written(parse("(a + 2) * b - (c - 1)"))
    '(a + 2)*b - (c - 1)'
    """
    return _written(tree)[0]


def _written(tree: Expression) -> tuple[str, int]:
    """The text, and how strongly it holds together."""
    if isinstance(tree, Number):
        text = str(tree.value)
        return text, 6 if "/" in text else 9
    if isinstance(tree, Name):
        return tree.name, 9
    if isinstance(tree, Call):
        return f"{tree.function}({', '.join(map(written, tree.arguments))})", 9
    if isinstance(tree, Unary):
        strength = _STRENGTH["not" if tree.operator == "not" else "neg"]
        space = " " if tree.operator == "not" else ""
        return f"{tree.operator}{space}{_held(tree.operand, strength)}", strength
    if isinstance(tree, Binary):
        return _binary(tree)
    if isinstance(tree, Comparison):
        parts = [_held(tree.first, 5)]
        parts += [f"{operator} {_held(part, 5)}" for operator, part in tree.rest]
        return " ".join(parts), 4
    assert isinstance(tree, Conditional)
    then, test = _held(tree.then, 1), _held(tree.test, 1)
    return f"{then} if {test} else {_held(tree.otherwise, 0)}", 0


def _binary(tree: Binary) -> tuple[str, int]:
    strength = _STRENGTH[tree.operator]
    if tree.operator == "-" and tree.left == Number(0):
        return f"-{_held(tree.right, 7)}", 7
    if tree.operator == "**":
        return f"{_held(tree.left, 9)}**{_held(tree.right, 8)}", strength
    left = _held(tree.left, strength)
    right = _held(tree.right, strength + (tree.operator not in ("and", "or")))
    space = "" if strength == 6 else " "
    return f"{left}{space}{tree.operator}{space}{right}", strength


def _held(tree: Expression, least: int) -> str:
    text, strength = _written(tree)
    return text if strength >= least else f"({text})"


# -- the tree as plain values ---------------------------------------------------------------------


def plain(spec: Spec) -> dict[str, Any]:
    """A spec as mappings, lists, words and numbers, as YAML and JSON hold them."""
    found: dict[str, Any] = {}
    if spec.name:
        found["name"] = spec.name
    if spec.about:
        found["about"] = spec.about
    if spec.dtype:
        found["dtype"] = spec.dtype
    if spec.symbols:
        found["symbols"] = {name: value(each) for name, each in spec.symbols.items()}
    shapes = {
        name: _input([value(size) for size in each.shape], each.dtype)
        for name, each in spec.inputs.items()
    }
    if list(shapes) == ["input"]:
        found["input"] = shapes["input"]
    else:
        found["inputs"] = shapes
    if spec.blocks:
        found["blocks"] = {name: _block(block) for name, block in spec.blocks.items()}
    if spec.numbered:
        found["numbered"] = True
    found["layers"] = entries(spec.entries, is_numbered=spec.numbered)
    if spec.outputs:
        names = [each.name for each in spec.outputs]
        found["outputs"] = dict(zip(spec.output_names, names)) or _names(names)
    if spec.require:
        found["require"] = [each.text for each in spec.require]
    if spec.silence:
        found["silence"] = list(spec.silence)
    return found


def _input(shape: list[Any], dtype: str) -> Any:
    return shape if dtype == "float32" else {"shape": shape, "dtype": dtype}


def _name(name: str) -> str | int:
    """A name, or the number that it is in a sequence."""
    return int(name) if name.isdigit() and name == str(int(name)) else name


def _names(names: list[Any]) -> Any:
    return names[0] if len(names) == 1 else names


def _block(block: Block) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if block.about:
        found["about"] = block.about
    if block.arguments:
        found["args"] = {
            name: None if default is None else value(default)
            for name, default in block.arguments.items()
        }
    if block.inputs != ["input"]:
        found["inputs"] = list(block.inputs)
    found |= {key: True for key in ("numbered", "inline") if getattr(block, key)}
    found["layers"] = entries(block.entries, is_numbered=block.numbered or block.inline)
    if block.outputs:
        found["outputs"] = {name: each.name for name, each in block.outputs.items()}
    if block.state_order:
        found["state_order"] = [each.name for each in block.state_order]
    return found


def entries(found: list[Entry], *, is_numbered: bool = False) -> list[Any]:
    """Entries of a list; a name that would be given anyhow is left out."""
    if is_numbered:
        return [_entry(entry, is_automatic=entry.is_numbered) for entry in found]
    counts: dict[str, int] = {}
    taken = {entry.name for entry in found}
    made = []
    for entry in found:
        stem = name_stem(entry.kind)
        number = counts.get(stem, 0) + 1
        while (name := f"{stem}{number}") in taken and name != entry.name:
            number += 1
        is_automatic = name == entry.name
        if is_automatic:
            counts[stem] = number
        made.append(_entry(entry, is_automatic))
    return made


def _entry(entry: Entry, is_automatic: bool) -> Any:
    settings: Any = {name: value(each) for name, each in entry.settings.items()}
    if entry.branches is not None:
        named = all(branch.name is not None for branch in entry.branches)
        lists = [entries(branch.entries) for branch in entry.branches]
        names = [branch.name for branch in entry.branches]
        settings["branches"] = dict(zip(names, lists)) if named else lists
    fields = list(entry.block.arguments if entry.block else KINDS[entry.kind].fields)
    if len(settings) == 1 and fields and next(iter(settings)) == fields[0]:
        (only,) = settings.values()
        if not isinstance(only, (dict, type(None))):
            settings = only
    more: dict[str, Any] = {}
    if not (is_automatic or entry.is_inline):
        more["name"] = _own_name(entry)
    if entry.sources is not None:
        more["from"] = _names([_name(each.name) for each in entry.sources])
    for name, each in (("repeat", entry.repeat), ("when", entry.when)):
        if each is not None:
            more[name] = value(each)
    if entry.share is not None:
        more["share"] = _name(entry.share.name)
    if entry.dtype:
        more["dtype"] = entry.dtype
    if entry.silence:
        more["silence"] = _names(list(entry.silence))
    if not more and settings == {}:
        return entry.kind
    return {entry.kind: None if settings == {} else settings, **more}


def _own_name(entry: Entry) -> Any:
    """The name of an entry, or of its copies."""
    if entry.copy_names is None:
        return _name(entry.name)
    parts = entry.copy_names.parts
    return "".join(p if isinstance(p, str) else f"{{{value(p)}}}" for p in parts)


def value(setting: Setting) -> Any:
    """A setting as a plain value; an expression as its text."""
    if setting.kind == Setting.LIST:
        return [value(each) for each in setting.content]
    if setting.kind == Setting.MAPPING:
        return {name: value(each) for name, each in setting.content.items()}
    if setting.kind == Setting.EXPRESSION:
        return written(setting.content)
    content = setting.content
    if isinstance(content, Fraction):
        return _number(content)
    return str(content) if isinstance(content, str) else content


def _number(number: Fraction) -> Any:
    """A fraction as a decimal that is read exactly, or as a quotient."""
    if number.denominator == 1:
        return number.numerator
    as_float = float(number)
    return as_float if Fraction(repr(as_float)) == number else quotient(number)


# -- text -----------------------------------------------------------------------------------------


def as_json(spec: Spec) -> str:
    """A spec as JSON."""
    return visible(json.dumps(plain(spec), indent=2, ensure_ascii=False)) + "\n"


def as_yaml(spec: Spec, comments: Iterable[str] = ()) -> str:
    """A spec as YAML; ``comments`` stand above it."""
    found = plain(spec)
    lines = [f"# {comment}" for comment in comments]
    for key, each in found.items():
        if key in ("blocks", "layers") and lines:
            lines.append("")
        if key == "blocks":
            lines.append("blocks:")
            for name, block in each.items():
                lines += [f"  {name}:", *_indented(_pairs(block), 4)]
        elif key == "layers":
            lines += ["layers:", *_indented(_list(each), 2)]
        else:
            lines += _pair(key, each)
    return "\n".join(lines) + "\n"


def _indented(lines: Iterable[str], by: int) -> list[str]:
    return [" " * by + line for line in lines]


def _pairs(found: Mapping[str, Any]) -> list[str]:
    lines = []
    for key, each in found.items():
        if key == "layers":
            lines += ["layers:", *_indented(_list(each), 2)]
        else:
            lines += _pair(key, each)
    return lines


def _pair(key: str, each: Any) -> list[str]:
    """A key and its value, in one line if that is not too long."""
    text = f"{key}: {_flow(each)}".rstrip()
    if len(text) <= WIDEST or not isinstance(each, (dict, list)):
        return [text]
    if isinstance(each, dict):
        return [f"{key}:", *_indented(_pairs(each), 2)]
    return [f"{key}:", *_indented([f"- {_flow(item)}" for item in each], 2)]


def _list(items: list[Any]) -> list[str]:
    """The entries of a list of layers, each behind its dash."""
    lines: list[str] = []
    for item in items:
        own = _item(item)
        lines += [f"- {own[0]}", *_indented(own[1:], 2)]
    return lines


def _item(item: Any) -> list[str]:
    if not isinstance(item, dict):
        return [_flow(item)]
    (kind, settings), *more = item.items()
    is_plain = "{" not in str(item.get("name", ""))
    if more and is_plain and not (isinstance(settings, dict) and "branches" in settings):
        line = _flow(item)
        if len(line) <= SHORT:
            return [line]
    if isinstance(settings, dict) and "branches" in settings:
        lines = [f"{kind}:"]
        for name, each in settings.items():
            if name != "branches":
                lines.append(f"  {name}: {_flow(each)}")
                continue
            lines.append("  branches:")
            for branch, inner in each.items() if isinstance(each, dict) else enumerate(each):
                head = f"{branch}:" if isinstance(each, dict) else "-"
                if not inner:
                    lines.append(f"    {head} []")
                    continue
                lines += [f"    {head}", *_indented(_list(inner), 6)]
    else:
        lines = _pair(kind, settings) if settings is not None else [f"{kind}:"]
    for name, each in more:
        lines += _pair(name, each)
    if settings is None and not more:
        return [kind]
    return lines


def _flow(each: Any) -> str:
    """A value in one line."""
    if each is None:
        return ""
    if isinstance(each, dict):
        return "{" + ", ".join(f"{key}: {_flow(v)}" for key, v in each.items()) + "}"
    if isinstance(each, list):
        return "[" + ", ".join(_flow(item) or "null" for item in each) + "]"
    if isinstance(each, bool):
        return "true" if each else "false"
    if isinstance(each, float):
        return repr(each) if each == each and abs(each) != float("inf") else _infinite(each)
    if isinstance(each, str):
        return _word(each)
    return str(each)


def _infinite(number: float) -> str:
    return ".nan" if number != number else ".inf" if number > 0 else "-.inf"


_MEANS = frozenset(("", "null", "true", "false", "~", "yes", "no", "on", "off"))


def _word(text: str) -> str:
    """A word, in quotes where YAML would read something else or break it."""
    plainly = all(c.isalnum() or c in "_ +-*/%().=<>!" for c in text) and text == text.strip()
    means_text = text.isascii() and text.lower() not in _MEANS and not _is_number(text)
    if plainly and means_text and (text[0].isalnum() or text[0] in "_("):
        return text
    return visible(json.dumps(text, ensure_ascii=False), written=_escaped)


def _escaped(sign: str) -> str:
    """As YAML has it, which does not join two halves of a sign as JSON does."""
    code = ord(sign)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text[:2].lower() in ("0x", "0o", "0b")
    return True
