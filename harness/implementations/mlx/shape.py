"""Movement, indexing and padding of mlx.core."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import mlx.core as mx

from harness.errors import Unsupported
from harness.implementations.framework import Operator


def _along(input: Any, dim: int, index: Any) -> tuple[Any, ...]:
    return (*[slice(None)] * (dim % input.ndim), index)


def broadcast_tensors(tensors: Sequence[Any]) -> Any:
    """mx.broadcast_arrays."""
    return mx.broadcast_arrays(*tensors)


def broadcast_to(input: Any, *, size: Sequence[int]) -> Any:
    """mx.broadcast_to; torch writes -1 for a size that stays."""
    kept = (1,) * (len(size) - input.ndim) + tuple(input.shape)
    return mx.broadcast_to(input, [own if new == -1 else new for own, new in zip(kept, size, strict=True)])


def cat(tensors: Sequence[Any], *, dim: int = 0) -> Any:
    """mx.concatenate."""
    return mx.concatenate(list(tensors), dim)


def chunk(input: Any, *, chunks: int, dim: int = 0) -> Any:
    """mx.split, at the places of torch's chunks."""
    return split(input, split_size_or_sections=max(1, -(-input.shape[dim] // chunks)), dim=dim)


def cross(input: Any, other: Any, *, dim: int = -1) -> Any:
    """mx.linalg.cross."""
    return mx.linalg.cross(input, other, dim)


def diag(input: Any, *, diagonal: int = 0) -> Any:
    """mx.diag."""
    return mx.diag(input, diagonal)


def diagonal(input: Any, *, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """mx.diagonal."""
    return mx.diagonal(input, offset, dim1, dim2)


def dot(input: Any, tensor: Any) -> Any:
    """mx.vecdot."""
    return mx.vecdot(input, tensor)


def einsum(operands: Sequence[Any], *, equation: str) -> Any:
    """mx.einsum."""
    return mx.einsum(equation, *operands)


def eye_(tensor: Any) -> Any:
    """mx.eye."""
    rows, columns = tensor.shape
    return mx.eye(rows, columns, dtype=tensor.dtype)


def flatten(input: Any, *, start_dim: int = 0, end_dim: int = -1) -> Any:
    """mx.flatten."""
    return mx.flatten(input, start_dim, end_dim)


def flip(input: Any, *, dims: Sequence[int]) -> Any:
    """mx.flip."""
    return mx.flip(input, list(dims))


def index_add(input: Any, index: Any, source: Any, *, dim: int, alpha: float = 1) -> Any:
    """array.at.add."""
    return input.at[_along(input, dim, index)].add(source if alpha == 1 else source * alpha)


def index_select(input: Any, index: Any, *, dim: int) -> Any:
    """mx.take."""
    return mx.take(input, index, dim)


def masked_fill(input: Any, mask: Any, *, value: float) -> Any:
    """mx.where."""
    return mx.where(mask, value, input)


def meshgrid(tensors: Sequence[Any], *, indexing: str) -> Any:
    """mx.meshgrid."""
    return mx.meshgrid(*tensors, indexing=indexing)


def movedim(input: Any, *, source: int, destination: int) -> Any:
    """mx.moveaxis, of one axis."""
    if not isinstance(source, int):
        raise Unsupported("mx.moveaxis moves one axis")
    return mx.moveaxis(input, source, destination)


def narrow(input: Any, *, dim: int, start: int, length: int) -> Any:
    """Slicing."""
    return input[_along(input, dim, slice(start, start + length))]


def pad(input: Any, *, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Any:
    """mx.pad."""
    own: Any = {"constant": "constant", "replicate": "edge", "reflect": "reflect"}.get(mode)
    if own is None:
        raise Unsupported(f"mx.pad has no mode {mode!r}")
    pairs = list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    widths = [(0, 0)] * (input.ndim - len(pairs)) + pairs
    return mx.pad(input, widths, own, value or 0.0)


def permute(input: Any, *, dims: Sequence[int]) -> Any:
    """mx.transpose."""
    return mx.transpose(input, list(dims))


def repeat_interleave(input: Any, *, repeats: int, dim: int | None = None) -> Any:
    """mx.repeat, with one number for all."""
    if not isinstance(repeats, int):
        raise Unsupported("mx.repeat takes one number for all")
    return mx.repeat(input, repeats, dim)


def reshape(input: Any, *, shape: Sequence[int]) -> Any:
    """mx.reshape."""
    return mx.reshape(input, list(shape))


def roll(input: Any, *, shifts: Any, dims: Any = None) -> Any:
    """mx.roll."""
    return mx.roll(input, shifts, dims)


def select(input: Any, *, dim: int, index: int) -> Any:
    """mx.take of one place."""
    return mx.take(input, index, dim)


def split(tensor: Any, *, split_size_or_sections: int | Sequence[int], dim: int = 0) -> Any:
    """mx.split, at the places where torch's parts begin."""
    size = tensor.shape[dim]
    if isinstance(split_size_or_sections, int):
        places = list(range(split_size_or_sections, size, max(1, split_size_or_sections)))
    else:
        places = list(accumulate(split_size_or_sections))[:-1]
    return tuple(mx.split(tensor, places, dim)) if places else (tensor,)


def squeeze(input: Any, *, dim: int | Sequence[int] | None = None) -> Any:
    """mx.squeeze; torch passes over the dimensions that are not 1."""
    if dim is None:
        return mx.squeeze(input)
    named = [dim] if isinstance(dim, int) else list(dim)
    axes = [axis for axis in named if input.ndim and input.shape[axis] == 1]
    return mx.squeeze(input, axes) if axes else input


def stack(tensors: Sequence[Any], *, dim: int = 0) -> Any:
    """mx.stack."""
    return mx.stack(list(tensors), dim)


def take(input: Any, index: Any) -> Any:
    """mx.take of the flattened array."""
    return mx.take(input, index)


def take_along_dim(input: Any, indices: Any, *, dim: int | None = None) -> Any:
    """mx.take_along_axis."""
    if dim is None:
        return mx.take_along_axis(mx.flatten(input), mx.flatten(indices), 0)
    return mx.take_along_axis(input, indices, dim)


def tensordot(a: Any, b: Any, *, dims: Any = 2) -> Any:
    """mx.tensordot."""
    return mx.tensordot(a, b, dims)


def tile(input: Any, *, dims: Sequence[int]) -> Any:
    """mx.tile."""
    return mx.tile(input, list(dims))


def transpose(input: Any, *, dim0: int, dim1: int) -> Any:
    """mx.swapaxes."""
    return mx.swapaxes(input, dim0, dim1)


def tril(input: Any, *, diagonal: int = 0) -> Any:
    """mx.tril."""
    return mx.tril(input, diagonal)


def triu(input: Any, *, diagonal: int = 0) -> Any:
    """mx.triu."""
    return mx.triu(input, diagonal)


def unbind(input: Any, *, dim: int = 0) -> Any:
    """mx.unstack."""
    return mx.unstack(input, axis=dim)


def unflatten(input: Any, *, dim: int, sizes: Sequence[int]) -> Any:
    """mx.unflatten."""
    return mx.unflatten(input, dim, list(sizes))


def unsqueeze(input: Any, *, dim: int) -> Any:
    """mx.expand_dims."""
    return mx.expand_dims(input, dim)


def kron(input: Any, other: Any) -> Any:
    """mx.kron."""
    return mx.kron(input, other)


def outer(input: Any, vec2: Any) -> Any:
    """mx.outer."""
    return mx.outer(input, vec2)


def trace(input: Any) -> Any:
    """mx.trace."""
    return mx.trace(input)


SHAPES: dict[str, Operator] = {
    "broadcast_tensors": broadcast_tensors,
    "broadcast_to": broadcast_to,
    "cat": cat,
    "chunk": chunk,
    "cross": cross,
    "diag": diag,
    "diagonal": diagonal,
    "dot": dot,
    "einsum": einsum,
    "eye_": eye_,
    "flatten": flatten,
    "flip": flip,
    "index_add": index_add,
    "index_select": index_select,
    "kron": kron,
    "masked_fill": masked_fill,
    "meshgrid": meshgrid,
    "movedim": movedim,
    "narrow": narrow,
    "outer": outer,
    "pad": pad,
    "permute": permute,
    "repeat_interleave": repeat_interleave,
    "reshape": reshape,
    "roll": roll,
    "select": select,
    "split": split,
    "squeeze": squeeze,
    "stack": stack,
    "take": take,
    "take_along_dim": take_along_dim,
    "tensordot": tensordot,
    "tile": tile,
    "trace": trace,
    "transpose": transpose,
    "tril": tril,
    "triu": triu,
    "unbind": unbind,
    "unflatten": unflatten,
    "unsqueeze": unsqueeze,
}
