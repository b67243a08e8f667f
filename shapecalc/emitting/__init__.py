"""The network as a torch module, as source a person would write; torch is not needed for it."""

from shapecalc.emitting.module import module
from shapecalc.emitting.names import EmitError
from shapecalc.emitting.sequential import sequential

__all__ = ["EmitError", "module", "sequential"]
