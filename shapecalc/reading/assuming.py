"""What stands in for calls that are not known: the shapes that ``--assume`` tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shapecalc.reading.evaluator import sizes
from shapecalc.reading.evaluator.values import Builtin, CannotRead, Class, Instance, Unknown
from shapecalc.reading.modules import MODULE
from shapecalc.reading.runtime import Runtime
from shapecalc.reading.tensors.traced import TensorValue


class Assumptions(Runtime):
    """The part of the reader that knows what is assumed."""

    assumed: Mapping[str, Any]
    current: Any
    name_of: Any
    opaque: Any

    def stood_in(self, function: Unknown, args: list[Any]) -> Any:
        name = function.name.removesuffix("(...)")
        if not self.assumed:
            raise self.not_known(function)
        if self.current is None:
            return self.stand_in(name, function)
        return self.assumed_output((name, name.rpartition(".")[2]), function, args)

    def stood_in_of(
        self, function: Unknown, inputs: Sequence[TensorValue], shape: Sequence[Any], dtype: str
    ) -> Any:
        """What a call gives of which all but the cost is known: its shape, once it is assumed."""
        name = function.name.rpartition(".")[2]
        if function.name in self.assumed or name in self.assumed:
            return self.opaque(list(inputs), shape, dtype, name)
        found = super().not_known(function)
        sizes = ", ".join(map(str, shape[1:]))
        hint = f'to go on without its cost: --assume "{name}=[{sizes}]", and it has its shapes'
        found.notes = (*found.notes, hint)
        raise found

    def stand_in(self, name: str, function: Unknown) -> Instance:
        """A module in place of one that is not known; what it puts out is assumed."""
        cls = Class(name.rpartition(".")[2], (MODULE,))

        def forward(rt: Assumptions, self_: Instance, *args: Any, **kwargs: Any) -> Any:
            path = rt.name_of(self_)
            names = (name, cls.name, path, path.rpartition(".")[2])
            return rt.assumed_output(names, function, [*args, *kwargs.values()])

        cls.names["forward"] = Builtin("forward", forward)
        return Instance(cls)

    def assumed_output(self, names: Sequence[str], function: Unknown, args: list[Any]) -> Any:
        """What a call puts out that is assumed under one of its names."""
        for name in names:
            if name in self.assumed:
                inputs = [value for value in args if isinstance(value, TensorValue)]
                if not inputs:
                    raise self.cannot(f"{name} is assumed, but is given no tensor")
                shape = [inputs[0].shape[0], *self.assumed_sizes(name)]
                return self.opaque(inputs, shape, inputs[0].dtype, name)
        raise self.not_known(function)

    def assumed_sizes(self, name: str) -> list[Any]:
        """The sizes that are assumed under a name, without the batch."""
        from shapecalc.language.evaluation import evaluate
        from shapecalc.language.expression import ExpressionError, parse

        text = str(self.assumed[name]).strip().removeprefix("[").removesuffix("]")
        scope = {symbol: sizes.symbol(symbol, size) for symbol, size in self.symbols.items()}
        try:
            return [evaluate(parse(part), scope) for part in text.split(",") if part.strip()]
        except (ExpressionError, KeyError) as wrong:
            raise self.cannot(f"--assume {name}={text}: {wrong}") from None

    symbols: dict[str, int]

    def not_known(self, value: Unknown, doing: str = "") -> CannotRead:
        found = super().not_known(value, doing)
        name = value.name.removesuffix("(...)").rpartition(".")[2]
        if (name.isidentifier() and self.current is not None) or "module" in value.why:
            hint = f'to go on: --assume "{name}=[64, 8, 8]", the shape that it puts out'
            found.notes = (*found.notes, hint)
        return found
