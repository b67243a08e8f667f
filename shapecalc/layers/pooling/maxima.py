"""What pools that keep the largest values have in common: they know the places of those."""

from __future__ import annotations

from shapecalc.layers.base import Layer
from shapecalc.layers.tensor import Tensor


class FindsMaxima(Layer, abstract=True):
    """What puts out the places of the maxima it keeps, too, where something asks for them."""

    def beside(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"indices": Tensor(y.shape, "int64")}

    on_request = frozenset({"indices"})
    returns_on_request = "output, indices"
    requested_by = "return_indices"

    def outputs(self, x: Tensor) -> dict[str, Tensor]:
        y = self.output(x)
        return {"output": y, "indices": Tensor(y.shape, "int64")}
