"""What the operators of Keras share: torch's argument names, axes and layouts, and layers with given weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
from keras import ops

from harness.errors import Unsupported


def by_position(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of two arrays, of which the second may be a number, under torch's names."""

    def operator(input: Any, other: Any) -> Any:
        return function(input, other)

    return operator


def axis_of(dim: Any) -> Any:
    """Return `dim` as Keras takes an axis: a tuple for a list."""
    return tuple(dim) if isinstance(dim, list) else dim


def dtype_of(array: Any) -> str:
    """Return the name of a tensor's dtype."""
    name: str = keras.backend.standardize_dtype(array.dtype)
    return name


def per_axis(value: Any, rank: int) -> tuple[int, ...]:
    """Return a number for each of `rank` axes."""
    return tuple(value) if isinstance(value, list | tuple) else (value,) * rank


def no(value: object, what: str) -> None:
    """Raise `Unsupported` where a param asks for something that Keras does not have."""
    if value:
        raise Unsupported(f"Keras has no {what}")


# -- torch's channels first, Keras's channels last


def channels_last(x: Any) -> Any:
    """Return (N, C, ...) as (N, ..., C)."""
    return ops.moveaxis(x, 1, -1)


def channels_first(x: Any) -> Any:
    """Return (N, ..., C) as (N, C, ...)."""
    return ops.moveaxis(x, -1, 1)


def batched(function: Callable[[Any], Any], input: Any, rank: int) -> Any:
    """Return `function` of `input`, which may lack the batch axis of its `rank` axes."""
    if len(input.shape) == rank:
        return function(input)
    return ops.squeeze(function(ops.expand_dims(input, 0)), 0)


# -- layers


def run_layer(layer: Any, *arguments: Any, weights: Sequence[Any] = (), state: Sequence[Any] = (), **rest: Any) -> Any:
    """Return what a built layer answers, and its new state, with the given weights in the order of its own."""
    return layer.stateless_call(list(weights), list(state), *arguments, **rest)


def layer_with(layer: Any, input: Any, weights: Mapping[str, Any], **rest: Any) -> Any:
    """Return what a layer answers to `input`, with weights by the names of its variables."""
    layer.build(tuple(input.shape))
    trainable = [weights[variable.name] for variable in layer.trainable_variables]
    state = [weights[variable.name] for variable in layer.non_trainable_variables]
    return run_layer(layer, input, weights=trainable, state=state, **rest)[0]
