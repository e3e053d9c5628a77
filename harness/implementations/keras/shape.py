"""Shapes, joining and indexing of keras.ops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from harness.errors import Unsupported
from harness.implementations.keras.shared import no


def broadcast_to(input: Any, size: Sequence[int]) -> Any:
    """keras.ops.broadcast_to; -1 keeps an axis."""
    shape = (1,) * (len(size) - len(input.shape)) + tuple(input.shape)
    return ops.broadcast_to(input, [old if new == -1 else new for old, new in zip(shape, size, strict=True)])


def cat(tensors: Sequence[Any], dim: int = 0) -> Any:
    """keras.ops.concatenate."""
    return ops.concatenate(list(tensors), axis=dim)


def chunk(input: Any, chunks: int, dim: int = 0) -> Any:
    """keras.ops.split, in pieces of a size that makes `chunks` of them."""
    return split(input, -(-input.shape[dim] // chunks), dim)


def split(tensor: Any, split_size_or_sections: int | Sequence[int], dim: int = 0) -> Any:
    """keras.ops.split at indices."""
    sizes, total = split_size_or_sections, tensor.shape[dim]
    if isinstance(sizes, int):
        ends = list(range(sizes, total, sizes)) if sizes else []
    else:
        ends = [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)]
    return list(ops.split(tensor, ends, axis=dim)) if ends else [tensor]


def cross(input: Any, other: Any, dim: int = -1) -> Any:
    """keras.ops.cross."""
    return ops.cross(input, other, axis=dim)


def diag(input: Any, diagonal: int = 0) -> Any:
    """keras.ops.diag."""
    return ops.diag(input, diagonal)


def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """keras.ops.diagonal."""
    return ops.diagonal(input, offset, dim1, dim2)


def einsum(operands: Sequence[Any], equation: str) -> Any:
    """keras.ops.einsum."""
    return ops.einsum(equation, *operands)


def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """keras.ops.reshape."""
    shape, rank = tuple(input.shape), max(len(input.shape), 1)
    first, last = start_dim % rank, end_dim % rank
    size = 1
    for length in shape[first : last + 1]:
        size *= length
    return ops.reshape(input, (*shape[:first], size, *shape[last + 1 :]))


def flip(input: Any, dims: Sequence[int]) -> Any:
    """keras.ops.flip."""
    return ops.flip(input, axis=tuple(dims))


def gather(input: Any, index: Any, dim: int) -> Any:
    """keras.ops.take_along_axis, where the index has the shape of the input but along `dim`."""
    rank = len(input.shape)
    if any(input.shape[i] != index.shape[i] for i in range(rank) if i != dim % rank):
        raise Unsupported("keras.ops.take_along_axis takes an index for the whole of the other axes")
    return ops.take_along_axis(input, index, axis=dim)


def _scattered(input: Any, index: Any, source: Any, dim: int, reduction: str | None) -> Any:
    moved = ops.scatter_update(
        ops.moveaxis(input, dim, 0), ops.expand_dims(index, -1), ops.moveaxis(source, dim, 0), reduction
    )
    return ops.moveaxis(moved, 0, dim)


def index_add(input: Any, index: Any, source: Any, dim: int) -> Any:
    """keras.ops.scatter_update that adds."""
    return _scattered(input, index, source, dim, "add")


def index_copy(input: Any, index: Any, source: Any, dim: int) -> Any:
    """keras.ops.scatter_update."""
    return _scattered(input, index, source, dim, None)


def index_select(input: Any, index: Any, dim: int) -> Any:
    """keras.ops.take."""
    return ops.take(input, index, axis=dim)


def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    """keras.ops.where."""
    return ops.where(mask, value, input)


def meshgrid(tensors: Sequence[Any], indexing: str) -> Any:
    """keras.ops.meshgrid."""
    return list(ops.meshgrid(*tensors, indexing=indexing))


def movedim(input: Any, source: Any, destination: Any) -> Any:
    """keras.ops.moveaxis."""
    return ops.moveaxis(input, source, destination)


def narrow(input: Any, dim: int, start: int, length: int) -> Any:
    """keras.ops.slice."""
    rank = len(input.shape)
    starts, shape = [0] * rank, list(input.shape)
    starts[dim], shape[dim] = start % (input.shape[dim] or 1), length
    return ops.slice(input, starts, shape)


def one_hot(input: Any, num_classes: int = -1) -> Any:
    """keras.ops.one_hot, in int64 as torch has it."""
    no(num_classes < 0, "number of classes taken from the input")
    return ops.one_hot(input, num_classes, dtype="int64")


def permute(input: Any, dims: Sequence[int]) -> Any:
    """keras.ops.transpose."""
    return ops.transpose(input, [dim % len(dims) for dim in dims])


def repeat_interleave(input: Any, repeats: Any, dim: int | None = None) -> Any:
    """keras.ops.repeat."""
    return ops.repeat(input, repeats, axis=dim)


def reshape(input: Any, shape: Sequence[int]) -> Any:
    """keras.ops.reshape."""
    return ops.reshape(input, tuple(shape))


def roll(input: Any, shifts: Any, dims: Any = None) -> Any:
    """keras.ops.roll."""
    as_given = [tuple(value) if isinstance(value, list) else value for value in (shifts, dims)]
    return ops.roll(input, as_given[0], axis=as_given[1])


def rot90(input: Any, k: int = 1, dims: Sequence[int] = (0, 1)) -> Any:
    """keras.ops.rot90."""
    return ops.rot90(input, k=k, axes=tuple(dims))


def select(input: Any, dim: int, index: int) -> Any:
    """keras.ops.take of one index."""
    return ops.take(input, index, axis=dim)


def squeeze(input: Any, dim: Any = None) -> Any:
    """keras.ops.squeeze; torch leaves axes that are longer than 1 as they are."""
    if dim is None:
        return ops.squeeze(input)
    rank = len(input.shape)
    axes = [axis for axis in (dim if isinstance(dim, list) else [dim]) if rank and input.shape[axis] == 1]
    return ops.squeeze(input, axis=tuple(axis % rank for axis in axes)) if axes else input


def stack(tensors: Sequence[Any], dim: int = 0) -> Any:
    """keras.ops.stack."""
    return ops.stack(list(tensors), axis=dim)


def take_along_dim(input: Any, indices: Any, dim: int | None = None) -> Any:
    """keras.ops.take_along_axis."""
    return ops.take_along_axis(input, indices, axis=dim)


def tensordot(a: Any, b: Any, dims: Any = 2) -> Any:
    """keras.ops.tensordot."""
    return ops.tensordot(a, b, axes=dims)


def tile(input: Any, dims: Sequence[int]) -> Any:
    """keras.ops.tile."""
    return ops.tile(input, tuple(dims))


def transpose(input: Any, dim0: int, dim1: int) -> Any:
    """keras.ops.swapaxes."""
    return ops.swapaxes(input, dim0, dim1)


def tril(input: Any, diagonal: int = 0) -> Any:
    """keras.ops.tril."""
    return ops.tril(input, diagonal)


def triu(input: Any, diagonal: int = 0) -> Any:
    """keras.ops.triu."""
    return ops.triu(input, diagonal)


def unbind(input: Any, dim: int = 0) -> Any:
    """keras.ops.unstack."""
    return list(ops.unstack(input, axis=dim))


def unflatten(input: Any, dim: int, sizes: Sequence[int]) -> Any:
    """keras.ops.reshape."""
    shape, axis = tuple(input.shape), dim % len(input.shape)
    return ops.reshape(input, (*shape[:axis], *sizes, *shape[axis + 1 :]))


def unfold_dimension(input: Any, dimension: int, size: int, step: int) -> Any:
    """keras.ops.extract_sequences, of the last axis."""
    windows = ops.extract_sequences(ops.moveaxis(input, dimension, -1), size, step)
    return ops.moveaxis(windows, -2, dimension % len(input.shape))


def unsqueeze(input: Any, dim: int) -> Any:
    """keras.ops.expand_dims."""
    return ops.expand_dims(input, dim)


def outer(input: Any, vec2: Any) -> Any:
    """keras.ops.outer."""
    return ops.outer(input, vec2)


SHAPES = {
    "broadcast_to": broadcast_to,
    "cat": cat,
    "chunk": chunk,
    "corrcoef": ops.corrcoef,
    "cross": cross,
    "diag": diag,
    "diagonal": diagonal,
    "dot": ops.dot,
    "einsum": einsum,
    "flatten": flatten,
    "flip": flip,
    "gather": gather,
    "index_add": index_add,
    "index_copy": index_copy,
    "index_select": index_select,
    "kron": ops.kron,
    "masked_fill": masked_fill,
    "meshgrid": meshgrid,
    "movedim": movedim,
    "narrow": narrow,
    "one_hot": one_hot,
    "outer": outer,
    "permute": permute,
    "repeat_interleave": repeat_interleave,
    "reshape": reshape,
    "roll": roll,
    "rot90": rot90,
    "select": select,
    "split": split,
    "squeeze": squeeze,
    "stack": stack,
    "take": ops.take,
    "take_along_dim": take_along_dim,
    "tensordot": tensordot,
    "tile": tile,
    "trace": ops.trace,
    "transpose": transpose,
    "tril": tril,
    "triu": triu,
    "unbind": unbind,
    "unflatten": unflatten,
    "unfold_dimension": unfold_dimension,
    "unsqueeze": unsqueeze,
}
