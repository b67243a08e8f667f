"""How torch makes and calls a kind: its parameters, its functions, and the source of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shapecalc.layers.facts import Facts


class InTorch(Facts):
    """A kind as torch's module or function.

    >>> from shapecalc.layers import KINDS
    >>> KINDS["Linear"].constructor({"in_features": "400", "out_features": "8"})
    'nn.Linear(400, 8)'
    """

    @classmethod
    def positional(cls) -> tuple[str, ...]:
        """The fields that people give to torch by position: what is inferred, and the first.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["Conv2d"].positional()
        ('in_channels', 'out_channels')
        """
        inferred = [name for name, declared in cls.fields.items() if declared.infer is not None]
        first = next(iter(cls.fields), None)
        return tuple(dict.fromkeys([*inferred, first])) if first else ()

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """What torch's module takes, in its order: what is inferred first, unless declared.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["Linear"].parameters()
        ('in_features', 'out_features', 'bias')
        """
        inferred = [name for name, declared in cls.fields.items() if declared.infer is not None]
        return cls.signature or tuple(dict.fromkeys([*inferred, *cls.fields]))

    @classmethod
    def calls(cls) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The calls of ``called``, each with what it takes behind the inputs, in order.

        That is what the module takes, without what is inferred, or what stands in parentheses
        behind the name: ``"torch.flatten(start_dim=0, end_dim)"`` gives a default of its own. A
        name with ``_`` at its end, torch's way to say *in place*, is the same call.

        >>> from shapecalc.layers import KINDS
        >>> list(KINDS["Dropout"].calls())[1]
        ('torch.dropout', ('p', 'training'))
        """
        plain = [name for name in cls.parameters() if not _is_inferred(cls, name)]
        for call in cls.called:
            name, bracket, rest = call.rstrip(")").partition("(")
            yield name, tuple(rest.split(", ")) if bracket else tuple(plain)

    @classmethod
    def constructor(cls, settings: Mapping[str, str]) -> str:
        """The source that makes the torch module of settings, all of them source.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["Linear"].constructor({"in_features": "400", "out_features": "8"})
        'nn.Linear(400, 8)'
        """
        named = dict(settings)
        given: list[str] = []
        for name in cls.positional():
            if name not in named:
                break
            given.append(named.pop(name))
        given += [f"{name}={text}" for name, text in named.items()]
        return f"nn.{cls.kind}({', '.join(given)})"

    def call(self, module: str, inputs: Sequence[str], wanted: Sequence[str] = ()) -> str:
        """The source that calls the torch module on inputs, all of them source.

        ``wanted`` are the outputs that are asked for besides the first. What comes back is told
        by ``returns``.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["MaxUnpool2d"](kernel_size=2).call("self.unpool", ["x", "indices"])
        'self.unpool(x, indices)'
        """
        return f"{module}({', '.join(inputs)})"

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        """The source that computes it with torch's functions from inputs and settings.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["Sub"]().function(["x", "y"], {})
        'x - y'
        """
        raise NotImplementedError

    def requested(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        """The source of the function that gives the outputs on request, too.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> KINDS["TopK"](k=2).requested(["x"], {"k": "2", "dim": "-1", "largest": "True"})
        'x.topk(2)'
        """
        return self.function(inputs, settings)

    def infers(self, name: str) -> bool:
        """Whether a size that is given by name follows from the input and those besides it.

        >>> from shapecalc.layers import KINDS, Tensor
        >>> split = KINDS["Rearrange"](pattern="b (h d) -> b h d", sizes={"h": 8, "d": 64})
        >>> split.infers("d"), KINDS["ReLU"]().infers("d")
        (True, False)
        """
        return False


def _is_inferred(kind: type[Facts], name: str) -> bool:
    return name in kind.fields and kind.fields[name].infer is not None
