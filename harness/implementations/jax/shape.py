"""Shapes, pieces and products: jax.numpy under torch's names."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg


def block_diag(tensors: Any) -> Any:
    """jax.scipy.linalg.block_diag."""
    return jax.scipy.linalg.block_diag(*tensors)


def broadcast_tensors(tensors: Any) -> Any:
    """jnp.broadcast_arrays."""
    return jnp.broadcast_arrays(*tensors)


def broadcast_to(input: Any, *, size: Any) -> Any:
    """jnp.broadcast_to; -1 keeps the axis."""
    missing = len(size) - input.ndim
    shape = tuple(input.shape[i - missing] if n == -1 else n for i, n in enumerate(size))
    return jnp.broadcast_to(input, shape)


def cartesian_prod(tensors: Any) -> Any:
    """jnp.meshgrid of the vectors, stacked; one vector is its own product."""
    if len(tensors) == 1:
        return tensors[0]
    return jnp.stack([each.ravel() for each in jnp.meshgrid(*tensors, indexing="ij")], axis=-1)


def cat(tensors: Any, *, dim: int = 0) -> Any:
    """jnp.concatenate."""
    return jnp.concatenate(tensors, axis=dim)


def chunk(input: Any, *, chunks: int, dim: int = 0) -> Any:
    """jnp.split into pieces of one size, the last one smaller."""
    return split(input, split_size_or_sections=max(-(-input.shape[dim] // chunks), 1), dim=dim)


def cov(input: Any, fweights: Any = None, aweights: Any = None, *, correction: int = 1) -> Any:
    """jnp.cov."""
    return jnp.cov(input, ddof=correction, fweights=fweights, aweights=aweights)


def cross(input: Any, other: Any, *, dim: int = -1) -> Any:
    """jnp.linalg.cross."""
    return jnp.linalg.cross(input, other, axis=dim)


def diag(input: Any, *, diagonal: int = 0) -> Any:
    """jnp.diag."""
    return jnp.diag(input, diagonal)


def diagonal(input: Any, *, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """jnp.diagonal."""
    return jnp.diagonal(input, offset, dim1, dim2)


def einsum(operands: Any, *, equation: str) -> Any:
    """jnp.einsum."""
    return jnp.einsum(equation, *operands)


def flatten(input: Any, *, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Merge axes by jnp.reshape."""
    if input.ndim == 0:
        return input.reshape(1)
    start, end = start_dim % input.ndim, end_dim % input.ndim
    return jnp.reshape(input, (*input.shape[:start], math.prod(input.shape[start : end + 1]), *input.shape[end + 1 :]))


def flip(input: Any, *, dims: Any) -> Any:
    """jnp.flip."""
    return jnp.flip(input, dims)


def meshgrid(tensors: Any, *, indexing: str) -> Any:
    """jnp.meshgrid."""
    return jnp.meshgrid(*tensors, indexing=indexing)


def movedim(input: Any, *, source: Any, destination: Any) -> Any:
    """jnp.moveaxis."""
    return jnp.moveaxis(input, source, destination)


def narrow(input: Any, *, dim: int, start: int, length: int) -> Any:
    """jax.lax.slice_in_dim."""
    first = start % input.shape[dim] if start < 0 else start
    return jax.lax.slice_in_dim(input, first, first + length, axis=dim)


def permute(input: Any, *, dims: Any) -> Any:
    """jnp.permute_dims."""
    return jnp.permute_dims(input, tuple(dim % input.ndim for dim in dims))


def reshape(input: Any, *, shape: Any) -> Any:
    """jnp.reshape."""
    return jnp.reshape(input, shape)


def roll(input: Any, *, shifts: Any, dims: Any = None) -> Any:
    """jnp.roll."""
    return jnp.roll(input, shifts, dims)


def rot90(input: Any, *, k: int = 1, dims: Any = (0, 1)) -> Any:
    """jnp.rot90."""
    return jnp.rot90(input, k, dims)


def select(input: Any, *, dim: int, index: int) -> Any:
    """jax.lax.index_in_dim."""
    return jax.lax.index_in_dim(input, index, dim, keepdims=False)


def split(tensor: Any, *, split_size_or_sections: Any, dim: int = 0) -> Any:
    """jnp.split at the ends of the pieces."""
    size, full = split_size_or_sections, tensor.shape[dim]
    if isinstance(size, int):
        return jnp.split(tensor, list(range(size, full, size)), axis=dim)
    return jnp.split(tensor, [sum(size[: i + 1]) for i in range(len(size) - 1)], axis=dim)


def squeeze(input: Any, *, dim: Any = None) -> Any:
    """jnp.squeeze of those axes that are of size 1."""
    if dim is None:
        return jnp.squeeze(input)
    axes = (dim,) if isinstance(dim, int) else dim
    return jnp.squeeze(input, tuple(axis for axis in axes if input.ndim and input.shape[axis] == 1))


def stack(tensors: Any, *, dim: int = 0) -> Any:
    """jnp.stack."""
    return jnp.stack(tensors, axis=dim)


def tensordot(a: Any, b: Any, *, dims: Any = 2) -> Any:
    """jnp.tensordot."""
    return jnp.tensordot(a, b, dims)


def tile(input: Any, *, dims: Any) -> Any:
    """jnp.tile."""
    return jnp.tile(input, dims)


def transpose(input: Any, *, dim0: int, dim1: int) -> Any:
    """jnp.swapaxes."""
    return jnp.swapaxes(input, dim0, dim1)


def tril(input: Any, *, diagonal: int = 0) -> Any:
    """jnp.tril."""
    return jnp.tril(input, diagonal)


def triu(input: Any, *, diagonal: int = 0) -> Any:
    """jnp.triu."""
    return jnp.triu(input, diagonal)


def unbind(input: Any, *, dim: int = 0) -> Any:
    """jnp.unstack."""
    return jnp.unstack(input, axis=dim)


def unflatten(input: Any, *, dim: int, sizes: Any) -> Any:
    """Split an axis by jnp.reshape."""
    axis = dim % input.ndim
    known = math.prod(size for size in sizes if size != -1)
    full = tuple(input.shape[axis] // known if size == -1 else size for size in sizes)
    return jnp.reshape(input, (*input.shape[:axis], *full, *input.shape[axis + 1 :]))


def unsqueeze(input: Any, *, dim: int) -> Any:
    """jnp.expand_dims."""
    return jnp.expand_dims(input, dim)


SHAPES = {
    "block_diag": block_diag,
    "broadcast_tensors": broadcast_tensors,
    "broadcast_to": broadcast_to,
    "cartesian_prod": cartesian_prod,
    "cat": cat,
    "chunk": chunk,
    "corrcoef": jnp.corrcoef,
    "cov": cov,
    "cross": cross,
    "diag": diag,
    "diagonal": diagonal,
    "dot": jnp.dot,
    "einsum": einsum,
    "flatten": flatten,
    "flip": flip,
    "kron": jnp.kron,
    "meshgrid": meshgrid,
    "movedim": movedim,
    "narrow": narrow,
    "outer": jnp.outer,
    "permute": permute,
    "reshape": reshape,
    "roll": roll,
    "rot90": rot90,
    "select": select,
    "split": split,
    "squeeze": squeeze,
    "stack": stack,
    "tensordot": tensordot,
    "tile": tile,
    "trace": jnp.trace,
    "transpose": transpose,
    "tril": tril,
    "triu": triu,
    "unbind": unbind,
    "unflatten": unflatten,
    "unsqueeze": unsqueeze,
}
