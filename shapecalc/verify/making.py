"""The user's module: found by name, made, and run for the first time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from shapecalc.layers.tensor import times
from shapecalc.verify import run
from shapecalc.verify.calling import Returned, Way, returned, ways
from shapecalc.verify.supervise import reason
from shapecalc.verify.weights import copied, state_of


class FactoryError(ValueError):
    """The user's module cannot be made."""


class NoFactory(FactoryError):
    """What was named is no factory."""


class RunError(Exception):
    """The user's module was made but does not run; the message tells why."""


def factory(target: str) -> Any:
    """What is at ``package.module:factory``, imported, which runs the user's code."""
    name, colon, attribute = target.partition(":")
    if not colon or not name or not attribute:
        raise NoFactory(f"{target!r} is not package.module:factory, as in mynets.small:Net")
    if name.endswith(".py"):
        module = ".".join(Path(name).with_suffix("").parts)
        raise NoFactory(
            f"{target!r} is a file; a module is named as it is imported: {module}:{attribute}"
        )
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        with calm():
            found: Any = import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever the user's code raises
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            raise NoFactory(f"{target!r}: {error}") from None
        if isinstance(error, ModuleNotFoundError) and error.name == name.partition(".")[0]:
            raise NoFactory(f"{target!r}: {error}") from None
        raise FactoryError(f"importing {name} {_failing(error)}") from error
    try:
        for part in attribute.split("."):
            found = getattr(found, part)
    except AttributeError as error:
        raise NoFactory(f"{target!r}: {error}") from None
    if not callable(found):
        raise NoFactory(f"{target!r} is no function, class or module")
    return found


def made(make: Any) -> Any:
    """The module itself: ``make`` if it is one, else what it returns; set to evaluation."""
    module = run.torch().nn.Module
    model = make
    if not isinstance(make, module):
        try:
            with calm():
                model = make()
        except (KeyboardInterrupt, FactoryError):
            raise
        except BaseException as error:
            raise FactoryError(f"the factory {_failing(error)}") from error
        if not isinstance(model, module):
            raise FactoryError(f"the factory returns {type(model).__name__}, no torch module")
    try:
        model.eval()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise FactoryError(f"the module's eval() {_failing(error)}") from error
    try:
        return _without_wrapping(model)
    except Exception as error:
        raise FactoryError(f"looking into the module {_failing(error)}") from error


def _without_wrapping(model: Any) -> Any:
    """The module inside of what compiles it or spreads it over devices; normalised on one."""
    torch = run.torch()
    while True:
        inner = getattr(model, "_orig_mod", None)
        if inner is None and type(model).__name__ in ("DataParallel", "DistributedDataParallel"):
            inner = getattr(model, "module", None)
        if not isinstance(inner, torch.nn.Module):
            break
        model = inner
    if isinstance(model, torch.jit.ScriptModule):
        return model
    for each in model.modules():
        if type(each) is torch.nn.SyncBatchNorm:  # it wants several devices to train
            each.__class__ = _batch_norm()
    ready = [each for each in state_of(model).values() if not torch.nn.parameter.is_lazy(each)]
    if any(each.is_inference() for each in ready):
        return copied(model, lambda each: each.clone())  # such tensors can have no gradient
    if ready and all(each.is_meta for each in ready):  # it waits for its weights, which are drawn
        return copied(model, lambda each: torch.zeros_like(each, device="cpu"))
    return model.to("cpu") if _is_elsewhere(model) else model


def _is_elsewhere(model: Any) -> bool:
    return any(each.device.type not in ("cpu", "meta") for each in model.parameters())


def _batch_norm() -> type:
    """SyncBatchNorm as it is on one device: a batch norm of tensors of any rank."""

    class SyncBatchNorm(run.torch().nn.modules.batchnorm._BatchNorm):  # type: ignore[misc]
        def _check_input_dim(self, input: Any) -> None:
            return

    return SyncBatchNorm


class Called:
    """A module and the way in which it takes its inputs, found on its first run."""

    def __init__(self, model: Any, names: list[str]) -> None:
        self.model = model
        self.ways: list[Way] = ways(model, names)

    def set(self, training: bool) -> None:
        """Set it to training, or to evaluation."""
        if training:
            guarded(self.model.train, "its train()")
        else:
            guarded(self.model.eval, "its eval()")

    def __call__(self, given: Mapping[str, Any], model: Any = None) -> Returned:
        """What the module, or a copy of it, returns; raises :class:`RunError`."""
        failures = []
        for way in list(self.ways):
            try:
                with calm():
                    output = returned(way(self.model if model is None else model, given))
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # whatever the user's code raises
                failures.append(error)
            else:
                self.ways = [way]
                if not output.tensors:
                    raise RunError(f"it returns {output.rest or 'nothing'}, no tensor")
                return output
        shapes = " and ".join(times(tuple(x.shape)) for x in given.values())
        raise RunError(f"it fails on an input of {shapes}: {reason(failures[0])}") from failures[0]


@contextmanager
def calm() -> Iterator[None]:
    """Leave torch as it was, whatever the user's code sets."""
    torch = run.torch()
    kept = torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_default_device()
    try:
        yield
    finally:
        torch.set_default_dtype(kept[0])
        torch.set_grad_enabled(kept[1])
        if torch.get_default_device() != kept[2]:
            torch.set_default_device(kept[2])


def guarded(action: Callable[[], Any], what: str) -> Any:
    """What an action on the user's module gives; raises :class:`RunError` whatever happens."""
    try:
        with calm():
            return action()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise RunError(f"{what} {_failing(error)}") from error


def _failing(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"leaves the process: {reason(error)}"
    return f"fails: {reason(error)}"
