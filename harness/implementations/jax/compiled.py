"""`jax.jit` around each operator, as JAX's users run it: one compilation a call, not one a primitive."""

from __future__ import annotations

import functools
from typing import Any

import jax

from harness.implementations.framework import Drawn, Operator

_EAGER = "needs_values"

jax.tree_util.register_dataclass(Drawn, data_fields=["answer", "noise"], meta_fields=[])


def eager(function: Operator) -> Operator:
    """Mark an operator whose answer's shape hangs on the values of its inputs: it cannot be compiled."""
    setattr(function, _EAGER, True)
    return function


def compiled(function: Operator) -> Operator:
    """Return `function` compiled for the arrays that it gets; all else that it gets is fixed at compile time."""

    @functools.wraps(function)
    def run(*inputs: Any, **given: Any) -> Any:
        arrays = {name: value for name, value in given.items() if _holds_arrays(value)}
        params = {name: _hashable(value) for name, value in given.items() if name not in arrays}
        if getattr(function, _EAGER, False):
            return function(*inputs, **arrays, **params)
        return jax.jit(lambda inputs, arrays: function(*inputs, **arrays, **params))(inputs, arrays)

    return run


def _holds_arrays(value: Any) -> bool:
    return isinstance(value, jax.Array) or (isinstance(value, tuple) and any(map(_holds_arrays, value)))


def _hashable(value: Any) -> Any:
    """Return lists as the tuples that JAX takes for axes and shapes."""
    return tuple(_hashable(each) for each in value) if isinstance(value, list | tuple) else value
