"""`jax.jit` around what is asked, as JAX's users run it: one compilation a call, not one a primitive."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax

from harness.implementations.framework import Drawn, Operator

#: how JAX says that a shape hangs on the values of the inputs: then it runs without being compiled
_NEEDS_VALUES = (jax.errors.ConcretizationTypeError, jax.errors.NonConcreteBooleanIndexError)

jax.tree_util.register_dataclass(Drawn, data_fields=["answer", "noise"], meta_fields=[])


def compiled(function: Operator) -> Operator:
    """Return `function` compiled for the arrays that it gets; all else that it gets is fixed at compile time."""

    @functools.wraps(function)
    def run(*inputs: Any, **given: Any) -> Any:
        arrays = {name: value for name, value in given.items() if _holds_arrays(value)}
        params = {name: _hashable(value) for name, value in given.items() if name not in arrays}
        try:
            return jax.jit(lambda inputs, arrays: function(*inputs, **arrays, **params))(inputs, arrays)
        except _NEEDS_VALUES:
            return function(*inputs, **arrays, **params)

    return run


def compiled_once(function: Callable[..., Any], *arrays: Any) -> Any:
    """Return `function(*arrays)`, compiled whole; what it holds is an argument, too, lest XLA fold it."""
    try:
        traced, shape = jax.make_jaxpr(function, return_shape=True)(*arrays)
    except _NEEDS_VALUES:
        return function(*arrays)
    run = jax.jit(lambda held, given: jax.core.eval_jaxpr(traced.jaxpr, held, *given))
    return jax.tree.unflatten(jax.tree.structure(shape), run(traced.consts, arrays))


def _holds_arrays(value: Any) -> bool:
    return isinstance(value, jax.Array) or (isinstance(value, tuple) and any(map(_holds_arrays, value)))


def _hashable(value: Any) -> Any:
    """Return lists as the tuples that JAX takes for axes and shapes."""
    return tuple(_hashable(each) for each in value) if isinstance(value, list | tuple) else value
