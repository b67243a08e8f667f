"""What statements of a file bind and change, as far as their syntax tells."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator


def bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement binds."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for each in node.names:
            name = each.asname or each.name
            yield name if isinstance(node, ast.ImportFrom) else name.partition(".")[0]
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            yield from targets_of(target)
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        if getattr(node, "value", None) is not None:
            yield from targets_of(node.target)
    elif isinstance(node, ast.Match):
        for case in node.cases:
            for inner in case.body:
                yield from bound(inner)
    elif isinstance(node, (ast.For, ast.While, ast.If, ast.With, ast.Try)):
        if isinstance(node, ast.For):
            yield from targets_of(node.target)
        if isinstance(node, ast.With):
            for item in node.items:
                if item.optional_vars is not None:
                    yield from targets_of(item.optional_vars)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from bound(child)
            elif isinstance(child, ast.ExceptHandler):
                for inner in child.body:
                    yield from bound(inner)
    for walrus in ast.walk(node) if isinstance(node, (ast.Expr, ast.Assign)) else ():
        if isinstance(walrus, ast.NamedExpr):
            yield walrus.target.id


def registers(node: ast.stmt) -> bool:
    """Whether a statement only calls a function that is named after registering something."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    function = node.value.func
    return isinstance(function, ast.Name) and "register" in function.id.lower()


def targets_of(node: ast.expr) -> Iterator[str]:
    """The names that a target of an assignment binds."""
    if isinstance(node, (ast.Tuple, ast.List)):
        for each in node.elts:
            yield from targets_of(each)
    elif isinstance(node, ast.Starred):
        yield from targets_of(node.value)
    elif isinstance(node, ast.Name):
        yield node.id


def root_of(node: ast.expr) -> str | None:
    """The name that an expression starts at, as ``model`` of ``model.layers[0].weight``."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def script_of(node: ast.stmt) -> list[ast.stmt]:
    r"""What stands under ``if __name__ == "__main__"``; nothing of any other statement.

    >>> (branch,) = ast.parse('if __name__ == "__main__":\n    net = Net()').body
    >>> [ast.unparse(each) for each in script_of(branch)]
    ['net = Net()']
    """
    if not isinstance(node, ast.If) or node.orelse or not isinstance(node.test, ast.Compare):
        return []
    sides = [node.test.left, *node.test.comparators]
    names = [each.id for each in sides if isinstance(each, ast.Name)]
    texts = [each.value for each in sides if isinstance(each, ast.Constant)]
    is_guard = isinstance(node.test.ops[0], ast.Eq) and len(sides) == 2
    return node.body if is_guard and names == ["__name__"] and texts == ["__main__"] else []


_COMPOUND = (ast.For, ast.While, ast.If, ast.With, ast.Try)

_MODES = frozenset(["train", "eval", "zero_grad", "load_state_dict", "to", "cuda", "cpu", "half"])
"""Methods that change how a network runs, and not what it is made of."""


def changed(node: ast.stmt, rebuilding: Iterable[str] = ()) -> Iterator[str]:
    """The names whose values a statement changes: by a method, an item or an attribute.

    ``rebuilding`` are the functions that change what they are given. What trains a network
    changes none of its layers.
    """
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield from _by_call(node.value, rebuilding)
    elif isinstance(node, (ast.Assign, ast.AugAssign, ast.Delete)):
        targets = [node.target] if isinstance(node, ast.AugAssign) else node.targets
        for target in targets:
            if isinstance(target, (ast.Attribute, ast.Subscript)) and (root := root_of(target)):
                yield root
    elif isinstance(node, _COMPOUND) and not (
        isinstance(node, (ast.For, ast.While)) and _trains(node)
    ):
        origins = dict(_origins(node))
        for child in _statements(node):
            if not _is_mode(child):
                for name in changed(child, rebuilding):
                    yield name
                    if name in origins and name in _rebuilt(child, rebuilding):
                        yield origins[name]


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements that stand directly in another."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child


def _by_call(call: ast.Call, rebuilding: Iterable[str]) -> Iterator[str]:
    """The names whose values a call changes."""
    if isinstance(call.func, ast.Attribute):
        if root := root_of(call.func):
            yield root
    elif isinstance(call.func, ast.Name):
        given = [*call.args, *(each.value for each in call.keywords)]
        given = given[:1] if call.func.id == "setattr" else given
        if call.func.id == "setattr" or call.func.id in rebuilding:
            yield from filter(None, map(root_of, given))


def _is_mode(node: ast.stmt) -> bool:
    """Whether a statement only says how a network runs, as ``model.eval()`` does."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    function = node.value.func
    return isinstance(function, ast.Attribute) and function.attr in _MODES


def _trains(node: ast.AST) -> bool:
    """Whether gradients are computed in it."""
    return any(isinstance(n, ast.Attribute) and n.attr == "backward" for n in ast.walk(node))


def _origins(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Names that are bound in a statement to what comes of another name's value, and that name."""
    for each in ast.walk(node):
        if isinstance(each, ast.For):
            targets, value = [each.target], each.iter
        elif isinstance(each, ast.Assign):
            targets, value = each.targets, each.value
        else:
            continue
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.args:
            value = value.args[0]  # list(model.named_modules())
        if isinstance(value, (ast.Call, ast.Attribute)) and (root := root_of(value)):
            for target in targets:
                yield from ((name, root) for name in targets_of(target))


def _rebuilt(node: ast.AST, rebuilding: Iterable[str]) -> Iterator[str]:
    """The names whose attributes are made anew in it: set by name, or to what a call makes."""
    for each in ast.walk(node):
        found: list[str | None] = []
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name):
            found.extend(_by_call(each, rebuilding))
        elif isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute):
            if each.func.attr in ("add_module", "register_module", "register_parameter"):
                found.append(root_of(each.func))
        elif isinstance(each, ast.Assign) and isinstance(each.value, ast.Call):
            found.extend(root_of(target) for target in each.targets if _is_part(target))
        yield from filter(None, found)


def _is_part(target: ast.expr) -> bool:
    """Whether a target is part of something, other than an entry of a dict as ``scores["f1"]``."""
    if isinstance(target, ast.Subscript):
        key = target.slice
        return not (isinstance(key, ast.Constant) and isinstance(key.value, str))
    return isinstance(target, ast.Attribute)


def _rebuilds_given(function: ast.FunctionDef, rebuilding: Iterable[str]) -> bool:
    """Whether a function makes attributes anew of what it is given, or of a part of it."""
    arguments = function.args
    given = {each.arg for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
    origins = list(_origins(function))
    for _ in range(MOST_ROUNDS):
        given.update([name for name, root in origins if root in given])
    return not given.isdisjoint(_rebuilt(function, rebuilding))


def rebuilding(body: list[ast.stmt], training: set[str]) -> set[str]:
    r"""The functions of a file that change the modules they are given, but for those that train.

    >>> source = "def widen(model): model.fc = nn.Linear(8, 16)\nwiden(net)"
    >>> rebuilding(ast.parse(source).body, set())
    {'widen'}
    """
    functions = _used(body)
    found = _closed(functions, _rebuilds_given) - training
    for node in body:
        value = getattr(node, "value", None)
        if isinstance(node, ast.Assign) and isinstance(value, ast.Call) and value.args:
            if root_of(value.func) in ("partial", "functools") and root_of(value.args[0]) in found:
                found.update(bound(node))
    return found


def training(body: list[ast.stmt]) -> set[str]:
    """The functions of a file that train a network, or call what does."""
    return _closed(_used(body), lambda node, found: _trains(node) or _calls(node, found))


def _used(body: list[ast.stmt]) -> dict[str, ast.FunctionDef]:
    """The functions of a file, if its other statements name one."""
    functions = {n.name: n for n in body if isinstance(n, ast.FunctionDef)}
    script = [n for n in body if not isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    mentioned = {n.id for node in script for n in ast.walk(node) if isinstance(n, ast.Name)}
    return {} if mentioned.isdisjoint(functions) else functions


MOST_ROUNDS = 8
"""How many calls, or names, deep it is looked for what a function does to what it is given."""


def _closed(functions: dict[str, ast.FunctionDef], is_one: Callable[..., bool]) -> set[str]:
    """The functions of which something holds, where it may hold for what they call."""
    found: set[str] = set()
    for _ in range(MOST_ROUNDS):
        more = {n for n, node in functions.items() if n not in found and is_one(node, found)}
        if not more:
            break
        found |= more
    return found


def _calls(node: ast.AST, names: set[str]) -> bool:
    """Whether one of some functions is called in it."""
    return any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in names
        for n in ast.walk(node)
    )


class _Untrained(ast.NodeTransformer):
    """Statements without what trains a network; functions keep theirs."""

    def __init__(self, training: set[str]) -> None:
        self.training = training

    def _without(self, node: ast.stmt) -> ast.AST:
        trains = _trains(node) or _calls(node, self.training)
        return ast.copy_location(ast.Pass(), node) if trains else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        return self._without(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        return self._without(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return self._without(node)


def untrained(node: ast.stmt, training: set[str]) -> ast.stmt:
    """A statement of a file, without what is inside it that trains a network."""
    if isinstance(node, (ast.If, ast.With, ast.Try)):
        found: ast.stmt = _Untrained(training).visit(node)
        return found
    return node
