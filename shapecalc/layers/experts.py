"""Mixture of experts: of many matrices, each token is multiplied with a few that it chose.

Shazeer et al., "Outrageously large neural networks: the sparsely-gated mixture-of-experts layer"
(2017). Which experts a token chooses hangs on what is in it; how many, and so the work, does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from shapecalc.algebra.arithmetic import Dim, Shape, prod
from shapecalc.algebra.requirement import Requirement, at_least, equal, refuse
from shapecalc.layers.joining import Inputs, Join, Listed, aligned, broadcast, stretched
from shapecalc.layers.tensor import Tensor


class ExpertLinear(Join):
    """Multiply every token with the matrices of the experts it chose, ``y = W[choice] x``.

    The inputs are tokens, the experts that each chose, as :class:`TopK` puts out their places, and
    the matrices of all experts, a :class:`Parameter` of experts x outputs x features. Tokens have
    a dimension for their experts, before the features: 1 where all experts of a token take the
    same, as an Unsqueeze makes it, else as many as were chosen. Whatever number of experts there
    are, the work is that of those that were chosen, and so are the active parameters.

    >>> tokens, choice = Tensor((1, 2048, 1, 4096)), Tensor((1, 2048, 2), "int64")
    >>> experts = Tensor((8, 14336, 4096))
    >>> layer = ExpertLinear()
    >>> y = layer.output(tokens, choice, experts)
    >>> y.shape, layer.macs(tokens, choice, experts, y=y) == 2048 * 2 * 4096 * 14336
    ((1, 2048, 2, 14336), True)
    >>> layer.passed_by(tokens, choice, experts) == {2: 6 * 14336 * 4096}
    True
    """

    keeps_more = True
    promotes = True
    stretches = True

    arity = (3, 3)
    ndims = range(2, 99)

    example_shapes: ClassVar[tuple[tuple[int, ...], ...]] = ((1, 16, 1, 8), (1, 16, 1), (4, 32, 8))

    letters = ("B L 1 C", "B L k", "E K C")

    @classmethod
    def example_inputs(cls) -> tuple[Tensor, ...]:
        tokens, choice, experts = cls.example_shapes
        return Tensor(tokens), Tensor(choice, "int64"), Tensor(experts)

    @property
    def does(self) -> str:
        return "multiplies tokens with the experts they chose:"

    def requires(self, *x: Tensor) -> Iterator[Requirement]:
        tokens, choice, experts = x
        if choice.dtype not in ("int64", "int32"):
            yield refuse(
                "takes the experts that were chosen, whole numbers, second "
                "but receives {choice.dtype}",
                hint="TopK puts out the places of the greatest as its indices",
                choice=choice,
            )
        if len(experts.shape) != 3:
            yield refuse(
                "takes the matrices of all experts third, experts x outputs x features, "
                "but receives batch x {experts}",
                hint="a Parameter holds them",
                experts=experts,
            )
        if len(choice.shape) < 2 or len(tokens.shape) != len(choice.shape) + 1:
            yield refuse(
                "{join.does} {inputs}, of which the first has to have one dimension more "
                "than the second",
                hint="Unsqueeze: -2 gives tokens a dimension for their experts",
                join=self,
                inputs=Listed(x),
            )
        yield equal(
            tokens.shape[-1],
            experts.shape[-1],
            "{join.does} {inputs}, which differ in features ({left} and {right})",
            join=self,
            inputs=Listed(x),
        )
        yield at_least(
            experts.shape[0],
            choice.shape[-1],
            "chooses {right} of {left} experts: the last dimension of batch x {choice}, the second",
            hint="TopK chooses that many along the last dimension",
            choice=choice,
        )
        n = len(tokens.shape)
        for axis, sizes in enumerate(aligned(self._leading(x))):
            yield from self._agree(x, axis, n, stretched(sizes))

    def _leading(self, x: Inputs) -> list[Shape]:
        return [x[0].shape[:-1], x[1].shape]

    def output(self, *x: Tensor) -> Tensor:
        return Tensor((*broadcast(self._leading(x)), x[2].shape[1]), x[0].dtype)

    def macs(self, *x: Tensor, y: Tensor) -> Dim:
        return prod(y.shape) * x[0].shape[-1]

    def passed_by(self, *x: Tensor) -> dict[int, Dim]:
        chosen, experts = x[1].shape[-1], x[2].shape
        return {2: prod(experts) - chosen * prod(experts[1:])}

    def function(self, inputs: Sequence[str], settings: Mapping[str, str]) -> str:
        tokens, choice, experts = inputs
        return f'torch.einsum("...i,...oi->...o", {tokens}, {experts}[{choice}])'
