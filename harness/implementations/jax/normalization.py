"""Normalization by jax.nn.standardize, and by norms."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp


def _affine(answer: Any, weight: Any, bias: Any, shape: tuple[int, ...]) -> Any:
    answer = answer if weight is None else answer * weight.reshape(shape)
    return answer if bias is None else answer + bias.reshape(shape)


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    *,
    momentum: float = 0.1,
    eps: float = 1e-5,
    training: bool = True,
) -> Any:
    """jax.nn.standardize over the batch and space, or by the running statistics."""
    shape = (1, -1, *(1 for _ in input.shape[2:]))
    axes = (0, *range(2, input.ndim))
    if not training:
        given = jax.nn.standardize(input, axes, running_mean.reshape(shape), running_var.reshape(shape), eps)
        return _affine(given, weight, bias, shape)
    answer = _affine(jax.nn.standardize(input, axes, epsilon=eps), weight, bias, shape)
    fresh = jnp.mean(input, axes), jnp.var(input, axes, correction=1)
    pairs = zip((running_mean, running_var), fresh, strict=True)
    return answer, *((1 - momentum) * old + momentum * new for old, new in pairs)


def group_norm(input: Any, weight: Any = None, bias: Any = None, *, num_groups: int, eps: float = 1e-5) -> Any:
    """jax.nn.standardize of each group of channels."""
    groups = input.reshape(input.shape[0], num_groups, math.prod(input.shape[1:]) // num_groups)
    shape = (1, -1, *(1 for _ in input.shape[2:]))
    return _affine(jax.nn.standardize(groups, -1, epsilon=eps).reshape(input.shape), weight, bias, shape)


def instance_norm(
    input: Any,
    weight: Any = None,
    bias: Any = None,
    running_mean: Any = None,
    running_var: Any = None,
    *,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """jax.nn.standardize over space, or by the running statistics."""
    axes = tuple(range(2, input.ndim))
    shape = (1, -1, *(1 for _ in axes))
    if not use_input_stats:
        given = jax.nn.standardize(input, axes, running_mean.reshape(shape), running_var.reshape(shape), eps)
        return _affine(given, weight, bias, shape), running_mean, running_var
    answer = _affine(jax.nn.standardize(input, axes, epsilon=eps), weight, bias, shape)
    if running_mean is None:
        return answer
    fresh = jnp.mean(input, axes).mean(0), jnp.var(input, axes, correction=1).mean(0)
    pairs = zip((running_mean, running_var), fresh, strict=True)
    return answer, *((1 - momentum) * old + momentum * new for old, new in pairs)


def layer_norm(input: Any, weight: Any = None, bias: Any = None, *, normalized_shape: Any, eps: float = 1e-5) -> Any:
    """jax.nn.standardize over the last axes."""
    axes = tuple(range(-len(normalized_shape), 0))
    return _affine(jax.nn.standardize(input, axes, epsilon=eps), weight, bias, tuple(normalized_shape))


def normalize(input: Any, *, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    """Divide by jnp.linalg.vector_norm, but by no less than eps."""
    return input / jnp.maximum(jnp.linalg.vector_norm(input, axis=dim, keepdims=True, ord=p), eps)


def rms_norm(input: Any, weight: Any = None, *, normalized_shape: Any, eps: float | None = None) -> Any:
    """jax.lax.rsqrt of the mean square."""
    axes = tuple(range(-len(normalized_shape), 0))
    least = jnp.finfo(input.dtype).eps if eps is None else eps
    answer = input * jax.lax.rsqrt(jnp.mean(jnp.square(input), axes, keepdims=True) + least)
    return answer if weight is None else answer * weight


def weight_norm(v: Any, g: Any, *, dim: int = 0) -> Any:
    """Divide by jnp.linalg.vector_norm over the other axes."""
    kept = dim % v.ndim if dim != -1 else None
    axes = tuple(axis for axis in range(v.ndim) if axis != kept)
    return v * (g / jnp.linalg.vector_norm(v, axis=axes, keepdims=True))


NORMALIZATIONS = {
    "batch_norm": batch_norm,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "layer_norm": layer_norm,
    "normalize": normalize,
    "rms_norm": rms_norm,
    "weight_norm": weight_norm,
}
