"""What is asked for of a file: the value of an expression, or its only network."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from shapecalc.language.problem import Mark, Problem, Source, SpecError
from shapecalc.language.words import BATCH, has_meaning
from shapecalc.reading.evaluator import sizes
from shapecalc.reading.evaluator.source import SourceModule
from shapecalc.reading.evaluator.statements import Compiler
from shapecalc.reading.evaluator.values import Class, Frame, Function
from shapecalc.reading.known import resolve
from shapecalc.reading.reader import Reader


def evaluated(reader: Reader, module: SourceModule, text: str) -> Any:
    """The value of an expression in a file."""
    try:
        node = ast.parse(text.strip(), mode="eval")
    except SyntaxError as wrong:
        source = Source(text, text)
        raise SpecError(
            source, [Problem(Mark(1, wrong.offset or 1), f"not Python: {wrong.msg}")]
        ) from None
    source = Source(text, text)
    frame = Frame(module, module.frame)
    compiler = Compiler(reader, source)
    if isinstance(node.body, ast.Call):
        for name, default in _free_names(reader, module, compiler, frame, node.body):
            reader.symbols[name] = default
            frame.names[name] = default if name in reader.decided else sizes.symbol(name, default)
        for name, number in _given_numbers(reader, node.body):
            reader.symbols[name] = number
            frame.names[name] = number if name in reader.decided else sizes.symbol(name, number)
    for name in ("torch", "nn"):  # what an argument may be written with, whatever the file imports
        if name not in module.concerned:
            frame.names.setdefault(name, resolve("torch.nn" if name == "nn" else "torch"))
    return compiler.expression(node.body)(frame)


def _free_names(
    reader: Reader, module: SourceModule, compiler: Compiler, frame: Frame, call: ast.Call
) -> Iterator[tuple[str, int]]:
    """Names given as arguments that nothing binds: they are symbols, with the defaults there."""
    function = compiler.expression(call.func)(frame)
    if isinstance(function, Class) and function.has("__init__"):
        function = function.find("__init__")
    code = function.code if isinstance(function, Function) else None
    names = code.positional if code is not None else []
    names = names[1:] if names[:1] == ["self"] else names
    given = [(names[n] if n < len(names) else "", each) for n, each in enumerate(call.args)]
    given += [(each.arg or "", each.value) for each in call.keywords]
    for parameter, value in given:
        if not isinstance(value, ast.Name) or value.id in reader.builtins:
            continue
        try:
            module.lookup(reader, value.id)
        except KeyError:
            if module.as_script(value.id):  # it is bound where the file is started
                continue
            default = function.defaults.get(parameter) if code is not None else None
            yield value.id, default if type(default) is int and default > 0 else 10


def _given_numbers(reader: Reader, call: ast.Call) -> Iterator[tuple[str, int]]:
    """Numbers given as arguments: they are symbols, too, under the names of the parameters."""
    known = {each.id for each in ast.walk(call) if isinstance(each, ast.Name)} | {BATCH}
    for keyword in call.keywords:
        value, name = keyword.value, keyword.arg
        if name is None or name in known or has_meaning(name) or name in reader.symbols:
            continue
        if isinstance(value, ast.Constant) and type(value.value) is int and value.value > 1:
            keyword.value = ast.copy_location(ast.Name(name, ast.Load()), value)
            yield name, value.value


def networks_in(module: SourceModule) -> list[str]:
    """What looks like a network in a file, and is used by no other.

    That are classes; else variables that hold an instance of one that cannot be made without
    arguments; else those that hold an ``nn.Sequential``.
    """
    classes = {node.name: node for node in module.tree.body if isinstance(node, ast.ClassDef)}
    variables = _modules_in(module, classes)
    found = [name for name, node in classes.items() if _has_forward(node, classes)]
    used: set[str] = set()
    for name, node in classes.items():
        used |= _mentioned(node) - {name}
    within = _behind(module, variables)
    alone = [name for name in found if name not in used | within]
    held = [name for name in variables if name not in used | within]
    of_classes = [n for n in held if any(_mentioned(made) & {*found} for made in variables[n])]
    return alone or of_classes or held


def _modules_in(
    module: SourceModule, classes: Mapping[str, ast.ClassDef]
) -> dict[str, list[ast.expr]]:
    """The variables of a file that hold a module, with what they are given."""
    found: dict[str, list[ast.expr]] = {}
    for node in module.tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        made = node.value
        while isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute):
            if not isinstance(made.func.value, ast.Call):
                break
            made = made.func.value  # net.to(device)
        called = made.func if isinstance(made, ast.Call) else made
        name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
        is_network = name in classes and _has_forward(classes[name], classes)
        if (is_network and _needs_arguments(classes[name])) or name == "Sequential":
            found.setdefault(node.targets[0].id, []).append(node.value)
    return found


def _needs_arguments(node: ast.ClassDef) -> bool:
    """Whether a class's own constructor has parameters without defaults."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            given = len(each.args.defaults) + 1
            return len(each.args.posonlyargs) + len(each.args.args) > given
    return False


def _mentioned(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _behind(module: SourceModule, variables: Mapping[str, list[ast.expr]]) -> set[str]:
    """All names of a file that variables are made with, directly or by what is called."""
    body = [n for n in module.tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    inner = {node.name: node for node in body}
    waiting = [name for each in variables.values() for node in each for name in _mentioned(node)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _mentioned(inner[name]) if name in inner else ()
    return found


def _has_forward(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef], depth: int = 0) -> bool:
    if any(isinstance(each, ast.FunctionDef) and each.name == "forward" for each in node.body):
        return True
    for base in node.bases:
        name = base.id if isinstance(base, ast.Name) else getattr(base, "attr", "")
        if name in ("Sequential",) or (
            name in classes and depth < 20 and _has_forward(classes[name], classes, depth + 1)
        ):
            return True
    return False
