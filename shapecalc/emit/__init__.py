"""The network as a torch module, as source a person would write; torch is not needed for it."""

from shapecalc.emit.module import module
from shapecalc.emit.names import EmitError
from shapecalc.emit.sequential import sequential
from shapecalc.verb import callable_package

__all__ = ["EmitError", "module", "sequential"]

callable_package(__name__)
