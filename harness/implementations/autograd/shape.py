"""Shapes and products: autograd.numpy under torch's names."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp


def broadcast_to(input: Any, *, size: Any) -> Any:
    """anp.broadcast_to; -1 keeps the axis."""
    missing = len(size) - input.ndim
    return anp.broadcast_to(input, tuple(input.shape[i - missing] if n == -1 else n for i, n in enumerate(size)))


def cat(tensors: Any, *, dim: int = 0) -> Any:
    """anp.concatenate."""
    return anp.concatenate(tensors, axis=dim)


def cross(input: Any, other: Any, *, dim: int = -1) -> Any:
    """anp.cross."""
    return anp.cross(input, other, axis=dim)


def diag(input: Any, *, diagonal: int = 0) -> Any:
    """anp.diag."""
    return anp.diag(input, diagonal)


def diagonal(input: Any, *, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """anp.diagonal."""
    return anp.diagonal(input, offset, dim1, dim2)


def einsum(operands: Any, *, equation: str) -> Any:
    """anp.einsum."""
    return anp.einsum(equation, *operands)


def movedim(input: Any, *, source: Any, destination: Any) -> Any:
    """anp.moveaxis."""
    return anp.moveaxis(input, source, destination)


def permute(input: Any, *, dims: Any) -> Any:
    """anp.transpose."""
    return anp.transpose(input, dims)


def reshape(input: Any, *, shape: Any) -> Any:
    """anp.reshape."""
    return anp.reshape(input, shape)


def roll(input: Any, *, shifts: Any, dims: Any = None) -> Any:
    """anp.roll."""
    return anp.roll(input, shifts, dims)


def rot90(input: Any, *, k: int = 1, dims: Any = (0, 1)) -> Any:
    """anp.rot90."""
    return anp.rot90(input, k, dims)


def stack(tensors: Any, *, dim: int = 0) -> Any:
    """anp.stack."""
    return anp.stack(tensors, axis=dim)


def tensordot(a: Any, b: Any, *, dims: Any = 2) -> Any:
    """anp.tensordot."""
    return anp.tensordot(a, b, dims)


def tile(input: Any, *, dims: Any) -> Any:
    """anp.tile."""
    return anp.tile(input, dims)


def transpose(input: Any, *, dim0: int, dim1: int) -> Any:
    """anp.swapaxes."""
    return anp.swapaxes(input, dim0, dim1)


def tril(input: Any, *, diagonal: int = 0) -> Any:
    """anp.tril."""
    return anp.tril(input, diagonal)


def triu(input: Any, *, diagonal: int = 0) -> Any:
    """anp.triu."""
    return anp.triu(input, diagonal)


def unsqueeze(input: Any, *, dim: int) -> Any:
    """anp.expand_dims."""
    return anp.expand_dims(input, dim)


SHAPES = {
    "broadcast_to": broadcast_to,
    "cat": cat,
    "cross": cross,
    "diag": diag,
    "diagonal": diagonal,
    "dot": anp.dot,
    "einsum": einsum,
    "kron": anp.kron,
    "movedim": movedim,
    "outer": anp.outer,
    "permute": permute,
    "reshape": reshape,
    "roll": roll,
    "rot90": rot90,
    "stack": stack,
    "tensordot": tensordot,
    "tile": tile,
    "trace": anp.trace,
    "transpose": transpose,
    "tril": tril,
    "triu": triu,
    "unsqueeze": unsqueeze,
}
