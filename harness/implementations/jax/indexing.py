"""Gathering and scattering: jnp.take and the `at` of JAX's arrays."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


def gather(input: Any, index: Any, *, dim: int) -> Any:
    """jnp.take_along_axis, of the part that the index covers."""
    return jnp.take_along_axis(_covered(input, index, dim), index, axis=dim)


def _covered(input: Any, index: Any, dim: int) -> Any:
    """Return the leading part of the other axes: torch's index may be shorter there, JAX's may not."""
    axis = dim % max(input.ndim, 1)
    return input[tuple(slice(None) if i == axis else slice(n) for i, n in enumerate(index.shape))]


def index_add(input: Any, index: Any, source: Any, *, dim: int, alpha: float = 1) -> Any:
    """Use the `at[...].add` of an array."""
    return _at(input, index, dim).add(source if alpha == 1 else alpha * source)


def index_copy(input: Any, index: Any, source: Any, *, dim: int) -> Any:
    """Use the `at[...].set` of an array."""
    return _at(input, index, dim).set(source)


def index_fill(input: Any, index: Any, *, dim: int, value: float) -> Any:
    """Use the `at[...].set` of an array."""
    return _at(input, index, dim).set(value)


def _at(input: Any, index: Any, dim: int) -> Any:
    return input.at[(slice(None),) * (dim % input.ndim) + (index,)]


def index_select(input: Any, index: Any, *, dim: int) -> Any:
    """jnp.take along an axis."""
    return jnp.take(input, index, axis=dim)


def masked_fill(input: Any, mask: Any, *, value: float) -> Any:
    """jnp.where."""
    return jnp.where(mask, value, input)


def masked_select(input: Any, mask: Any) -> Any:
    """Index by a mask."""
    wide = jnp.broadcast_arrays(input, mask)
    return wide[0][wide[1]]


def one_hot(input: Any, *, num_classes: int = -1) -> Any:
    """jax.nn.one_hot in the dtype of the classes; as many as there are, when it is not said."""
    classes = int(jnp.max(input)) + 1 if num_classes == -1 else num_classes
    return jax.nn.one_hot(input, classes, dtype=input.dtype)


def repeat_interleave(input: Any, repeats: Any, *, dim: int | None = None) -> Any:
    """jnp.repeat."""
    return jnp.repeat(input, repeats, axis=dim)


def scatter(input: Any, index: Any, src: Any = None, *, dim: int, value: float | None = None) -> Any:
    """jnp.put_along_axis into the part that the index covers."""
    return _scattered(input, index, dim).set(value if src is None else _part(src, index))


def scatter_add(input: Any, index: Any, src: Any, *, dim: int) -> Any:
    """Use the `at[...].add` of an array."""
    return _scattered(input, index, dim).add(_part(src, index))


def scatter_reduce(input: Any, index: Any, src: Any, *, dim: int, reduce: str, include_self: bool = True) -> Any:
    """Use the `at[...].add`, `multiply`, `min` and `max` of an array."""
    part = _part(src, index)
    base = input if include_self else _scattered(input, index, dim).set(_NEUTRAL[reduce](input.dtype))
    if reduce == "mean":
        total = _scattered(base, index, dim).add(part)
        alone = jnp.ones_like(input) if include_self else _scattered(jnp.ones_like(input), index, dim).set(0)
        count = jnp.maximum(_scattered(alone, index, dim).add(jnp.ones_like(part)), 1)
        return total // count if jnp.issubdtype(total.dtype, jnp.integer) else total / count
    return getattr(_scattered(base, index, dim), _METHODS[reduce])(part)


def _least(dtype: Any) -> Any:
    return -jnp.inf if jnp.issubdtype(dtype, jnp.inexact) else jnp.iinfo(dtype).min


def _most(dtype: Any) -> Any:
    return jnp.inf if jnp.issubdtype(dtype, jnp.inexact) else jnp.iinfo(dtype).max


_METHODS = {"sum": "add", "prod": "multiply", "amax": "max", "amin": "min"}
_NEUTRAL = {"sum": lambda _: 0, "mean": lambda _: 0, "prod": lambda _: 1, "amax": _least, "amin": _most}


def _scattered(input: Any, index: Any, dim: int) -> Any:
    """Return the `at` of the elements that torch's index names."""
    axis = dim % max(input.ndim, 1)
    grid = jnp.meshgrid(*(jnp.arange(n) for n in index.shape), indexing="ij", sparse=True)
    return input.at[tuple(index if i == axis else each for i, each in enumerate(grid))]


def _part(src: Any, index: Any) -> Any:
    return src[tuple(slice(n) for n in index.shape)]


def take(input: Any, index: Any) -> Any:
    """jnp.take of the flat array."""
    return jnp.take(input, index)


def take_along_dim(input: Any, indices: Any, *, dim: int | None = None) -> Any:
    """jnp.take_along_axis, of flat arrays without an axis."""
    if dim is None:
        return jnp.take_along_axis(input.ravel(), indices.ravel(), axis=0)
    return jnp.take_along_axis(input, indices, axis=dim)


INDEXING = {
    "gather": gather,
    "index_add": index_add,
    "index_copy": index_copy,
    "index_fill": index_fill,
    "index_select": index_select,
    "masked_fill": masked_fill,
    "masked_select": masked_select,
    "one_hot": one_hot,
    "repeat_interleave": repeat_interleave,
    "scatter": scatter,
    "scatter_add": scatter_add,
    "scatter_reduce": scatter_reduce,
    "take": take,
    "take_along_dim": take_along_dim,
}
