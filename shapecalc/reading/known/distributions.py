"""``torch.distributions``: what samples, probabilities and entropies of them have for shapes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from shapecalc.layers.joining import broadcast
from shapecalc.reading.evaluator.classes import OBJECT
from shapecalc.reading.evaluator.values import Builtin, Class, Instance, Property
from shapecalc.reading.functions.base import numbers, tensor
from shapecalc.reading.known.base import NAMES
from shapecalc.reading.tensors.traced import TensorValue, same_source

KNOWN = NAMES.part(__name__)
known = KNOWN.function

DISTRIBUTION = Class("Distribution", (OBJECT,))


class Kept:
    """What an instance keeps: its parameters, and how many last dimensions are one event."""

    def __init__(self, given: list[TensorValue], event: int, dtype: str, is_listed: bool) -> None:
        self.given = given
        self.shape = tuple(broadcast([each.shape for each in given[:1]] or [()]))
        if not is_listed and len(given) > 1 and event == 0:
            self.shape = tuple(broadcast([each.shape for each in given]))
        self.event = event
        self.dtype = dtype
        self.is_listed = is_listed  # its last dimension lists the probabilities of classes

    @property
    def batch(self) -> tuple[Any, ...]:
        """The shape of a probability."""
        taken = self.event + self.is_listed
        return self.shape[: len(self.shape) - taken] if taken else self.shape

    @property
    def sampled(self) -> tuple[Any, ...]:
        """The shape of a sample."""
        return self.shape[:-1] if self.is_listed else self.shape


def _distribution(
    name: str, *names: str, event: int = 0, dtype: str = "float32", is_listed: bool = False
) -> None:
    """A distribution by torch's name, with the parameters that it takes."""
    cls = Class(name, (DISTRIBUTION,))

    def init(rt: Any, self: Instance, *args: Any, **kwargs: Any) -> None:
        given = {key: each for key, each in zip(names, args) if each is not None}
        given |= {key: each for key, each in kwargs.items() if key in names and each is not None}
        found = {key: tensor(rt, each, f"the {key}") for key, each in given.items()}
        if not found:
            raise rt.error("TypeError", f"{name}() is given no parameters")
        self.attributes.update(found)
        self.data = Kept(list(found.values()), event, dtype, is_listed)

    cls.names["__init__"] = Builtin(f"{name}.__init__", init)
    KNOWN[f"torch.distributions.{name}"] = cls
    file = re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()
    KNOWN[f"torch.distributions.{file}.{name}"] = cls


_distribution("Normal", "loc", "scale")
_distribution("LogNormal", "loc", "scale")
_distribution("Laplace", "loc", "scale")
_distribution("Uniform", "low", "high")
_distribution("Beta", "concentration1", "concentration0")
_distribution("Gamma", "concentration", "rate")
_distribution("Exponential", "rate")
_distribution("Poisson", "rate")
_distribution("Cauchy", "loc", "scale")
_distribution("HalfNormal", "scale")
_distribution("Gumbel", "loc", "scale")
_distribution("Geometric", "probs", "logits")
_distribution("Binomial", "total_count", "probs", "logits")
_distribution("NegativeBinomial", "total_count", "probs", "logits")
_distribution("ContinuousBernoulli", "probs", "logits")
_distribution("RelaxedBernoulli", "temperature", "probs", "logits")
_distribution("Bernoulli", "probs", "logits")
_distribution("Dirichlet", "concentration", event=1)
_distribution("MultivariateNormal", "loc", "covariance_matrix", "scale_tril", event=1)
_distribution("Categorical", "probs", "logits", dtype="int64", is_listed=True)
_distribution("OneHotCategorical", "probs", "logits", event=1)


def _made(rt: Any, self: Instance, shape: Any, dtype: str = "float32") -> TensorValue:
    """A tensor that follows from the parameters."""
    _stand_in(rt, self)
    first: TensorValue = self.data.given[0]
    if tuple(shape) == tuple(first.shape) and dtype == "float32":
        if len(self.data.given) < 2 or self.data.event:
            return same_source(first, first.shape, dtype)
        found: TensorValue = rt.elementwise(self.data.given[:2], None, "Add")
        return found
    made: TensorValue = rt.opaque(self.data.given, list(shape), dtype, self.cls.name)
    return made


def _stand_in(rt: Any, self: Instance) -> None:
    if rt.current is not None:
        rt.approximates(f"what {self.cls.name} gives stands as another function of its parameters")


def _method(*names: str) -> Callable[[Any], Any]:
    def note(run: Any) -> Any:
        for name in names:
            DISTRIBUTION.names[name] = Builtin(name, run)
        return run

    return note


@_method("sample", "rsample")
def _sample(rt: Any, self: Instance, sample_shape: Any = ()) -> TensorValue:
    shape = [*numbers(rt, [sample_shape]), *self.data.sampled]
    return _made(rt, self, shape, self.data.dtype)


@_method("sample_n")
def _sample_n(rt: Any, self: Instance, n: Any) -> TensorValue:
    return _made(rt, self, [n, *self.data.sampled], self.data.dtype)


@_method("log_prob", "cdf")
def _log_prob(rt: Any, self: Instance, value: Any) -> TensorValue:
    _stand_in(rt, self)
    value, kept = tensor(rt, value), self.data
    shape = value.shape[: len(value.shape) - kept.event] if kept.event else value.shape
    shape = broadcast([shape, kept.batch])
    inputs = [value, *kept.given]
    if all(tuple(each.shape) == tuple(shape) for each in inputs):
        found: TensorValue = rt.elementwise([value, kept.given[0]], "float32", "Add")
        return found
    made: TensorValue = rt.opaque(inputs, list(shape), "float32", "log_prob")
    return made


@_method("entropy")
def _entropy(rt: Any, self: Instance) -> TensorValue:
    return _made(rt, self, self.data.batch)


def _parameter(*names: str) -> Any:
    def found(rt: Any, self: Instance) -> Any:
        for name in names:
            if name in self.attributes:
                return self.attributes[name]
        return _made(rt, self, self.data.shape)

    return found


@known("torch.distributions.kl_divergence", "torch.distributions.kl.kl_divergence")
def _divergence(rt: Any, p: Any, q: Any) -> TensorValue:
    return _made(rt, p, p.data.batch)


@known("torch.distributions.Independent", "torch.distributions.independent.Independent")
def _independent(rt: Any, base: Any, count: Any, *args: Any, **kwargs: Any) -> Instance:
    found = Instance(base.cls)
    found.attributes.update(base.attributes)
    kept = base.data
    found.data = Kept(kept.given, kept.event + count, kept.dtype, kept.is_listed)
    found.data.shape = kept.shape
    return found


for _name, _names in {
    "mean": ("loc",),
    "mode": ("loc",),
    "stddev": ("scale",),
    "variance": ("scale",),
    "probs": ("probs", "logits"),
    "logits": ("logits", "probs"),
}.items():
    DISTRIBUTION.names[_name] = Property(Builtin(_name, _parameter(*_names)))
