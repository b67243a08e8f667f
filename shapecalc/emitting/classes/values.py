"""What the constructor knows and forward asks for: attributes that are no submodules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.emitting import syntax
from shapecalc.emitting.classes.forward import names_of
from shapecalc.emitting.names import clash, word
from shapecalc.emitting.numbers.entries import every
from shapecalc.emitting.scope.outside import AXES
from shapecalc.emitting.syntax import Assign, Attribute
from shapecalc.language.expression import Comparison, Name, Number, Unary
from shapecalc.language.tree import Setting

if TYPE_CHECKING:
    from shapecalc.emitting.classes.body import Body


class Values:
    """The attributes of a class, and sizes that forward sees of its input."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.attributes = {*names_of(every(body.scope.entries))}
        self.kept: dict[Any, Any] = {}  # what attributes hold, wherever they are asked for
        self.sizes: dict[str, str] = {}  # variables of forward that hold sizes of the input
        scope = body.scope
        self.own = {"index", *(scope.parameters.get(name, name) for name in scope.allowed)}
        self.loop_count: Any = None  # how often the loop runs that statements are written in

    def is_of_constructor(self, tree: Any) -> bool:
        """Whether an expression has names that only the constructor knows."""
        names = syntax.names(tree)
        return not names.isdisjoint(self.own) or not names.isdisjoint(self.body.scope.owner.extras)

    def in_forward(self, name: str, tree: Any) -> Any:
        """A value that the constructor knows for forward: kept in an attribute, if it has to be."""
        if isinstance(tree, syntax.Sequence):
            items = (self.in_forward(f"{name}_{i}", each) for i, each in enumerate(tree.items))
            return syntax.Sequence(tuple(items), tree.brackets)
        if self.sizes_in(tree):
            return self.with_sizes(name, tree)
        if not self.is_of_constructor(tree):
            return tree
        if "index" in syntax.names(tree):
            return self.by_index(name, tree)
        is_lone = isinstance(tree, Unary) and self.uses(tree.operand) < 2
        if is_lone or not _is_plain(tree) or (self.body.within and self.is_worked_out(tree)):
            return self.computed(name, tree)
        return syntax.changed(tree, self.setting)

    def setting(self, tree: Any) -> Any | None:
        """The attribute of its own name that a parameter is kept in; None of what is none."""
        if not isinstance(tree, Name):
            return None
        if tree not in self.kept:
            self.kept[tree] = self.attribute(tree.name)
            self.body.settings.append(Assign(self.kept[tree], tree))
        return self.kept[tree]

    def uses(self, tree: Any) -> int:
        """In how many settings of entries here the names of an expression stand."""
        own = {self.body.scope.parameters.get(name, name): name for name in self.body.scope.allowed}
        wanted = {own.get(name, name) for name in syntax.names(tree)}
        entries = every(self.body.scope.entries)
        settings = (each for entry in entries for each in entry.settings.values())
        return sum(bool(wanted & _names_in(each)) for each in settings)

    def is_worked_out(self, tree: Any) -> bool:
        """Whether there is an argument in it that may have a value only where a condition holds."""
        defaults = [self.body.scope.arguments.get(name) for name in syntax.names(tree)]
        return any(each is not None and not each.is_constant for each in defaults)

    def computed(self, name: str, tree: Any) -> Any:
        """The attribute that what the constructor computes is kept in."""
        if tree in self.kept:
            return self.kept[tree]
        attribute = self.attribute(name)
        self.body.init.append(Assign(attribute, tree))
        if not self.body.within:
            self.kept[tree] = attribute
        return attribute

    def by_index(self, name: str, tree: Any) -> Any:
        """What is different for each copy, of which forward knows the number."""
        attribute = self.attribute(name)
        if self.loop_count is None:
            self.body.init.append(Assign(attribute, tree))
            return attribute
        loop = syntax.Loop(tree, "index", syntax.call("range", self.loop_count))
        self.body.init.append(Assign(attribute, syntax.Sequence((loop,), "[]")))
        return syntax.Item(attribute, Name("index", 0))

    def sizes_in(self, tree: Any) -> set[str]:
        """The arguments in an expression that are sizes of the input, which forward sees."""
        own = {self.body.scope.parameters.get(name, name) for name in self.body.scope.owner.seen}
        return own & syntax.names(tree) if "input" in self.body.inputs else set()

    def with_sizes(self, name: str, tree: Any) -> Any:
        """An expression in which sizes of the input are variables of forward."""
        if isinstance(tree, Name):
            if tree.name not in self.sizes:
                self.sizes[tree.name] = self.body.forward.variable(tree.name)
                place = Number(AXES[self.body.scope.owner.seen[tree.name]])
                shape = Attribute(Name(self.body.inputs["input"], 0), "shape")
                size = Assign(Name(self.sizes[tree.name], 0), syntax.Item(shape, place))
                self.body.forward.first.append(size)
            return Name(self.sizes[tree.name], 0)

        def change(node: Any) -> Any:
            return None if node is tree else self.in_forward(name, node)

        return syntax.changed(tree, change)

    def attribute(self, name: str) -> Any:
        """A new attribute for something that is no submodule."""
        name = word(name)
        if name.startswith("__"):  # which Python keeps to itself
            name = f"own{name}"
        while name in self.attributes or clash(name):
            name += "_"
        self.attributes.add(name)
        return syntax.own(name)

    def home(self, name: str) -> Any:
        """The attribute that a submodule is; one with a number or a path has to be asked for."""
        if "." in name:
            return syntax.call("self.get_submodule", syntax.Text(name))
        if name.isdigit():
            return syntax.call("getattr", syntax.SELF, syntax.Text(name))
        return syntax.own(name)


def _is_plain(tree: Any) -> bool:
    """Whether it is a name, with a sign or compared with a number, which forward can do itself."""
    if isinstance(tree, Unary):
        return tree.operator == "-" and isinstance(tree.operand, Name)
    if isinstance(tree, Comparison):
        return isinstance(tree.first, Name) and all(isinstance(e, Number) for _, e in tree.rest)
    return isinstance(tree, Name)


def _names_in(setting: Setting) -> set[str]:
    """The names in the expressions of a setting."""
    items = setting.items()
    if items is not None:
        return {name for item in items for name in _names_in(item)}
    return syntax.names(setting.content) if setting.kind == Setting.EXPRESSION else set()
