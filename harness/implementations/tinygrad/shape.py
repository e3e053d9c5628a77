"""Movement, indexing and padding: methods of Tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad import Tensor

from harness.errors import Unsupported
from harness.implementations.framework import Operator


def broadcast_to(input: Any, *, size: Sequence[int]) -> Any:
    """Tensor.expand."""
    return input.expand(tuple(size))


def cat(tensors: Sequence[Any], *, dim: int = 0) -> Any:
    """Tensor.cat."""
    return tensors[0].cat(*tensors[1:], dim=dim)


def chunk(input: Any, *, chunks: int, dim: int = 0) -> Any:
    """Tensor.chunk."""
    return tuple(input.chunk(chunks, dim))


def diag(input: Any, *, diagonal: int = 0) -> Any:
    """Tensor.diag of a vector, Tensor.diagonal of a matrix."""
    if input.ndim == 1:
        if diagonal:
            raise Unsupported("Tensor.diag has no offset")
        return input.diag()
    return input.diagonal(diagonal)


def diagonal(input: Any, *, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """Tensor.diagonal."""
    return input.diagonal(offset, dim1, dim2)


def dot(input: Any, tensor: Any) -> Any:
    """Tensor.dot."""
    return input.dot(tensor)


def einsum(operands: Sequence[Any], *, equation: str) -> Any:
    """Tensor.einsum."""
    return Tensor.einsum(equation, *operands)


def flatten(input: Any, *, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Tensor.flatten."""
    return input.flatten(start_dim, end_dim)


def flip(input: Any, *, dims: Sequence[int]) -> Any:
    """Tensor.flip."""
    return input.flip(tuple(dims))


def gather(input: Any, index: Any, *, dim: int) -> Any:
    """Tensor.gather."""
    return input.gather(dim, index)


def index_select(input: Any, index: Any, *, dim: int) -> Any:
    """Indexing by a tensor."""
    return input[(slice(None),) * (dim % input.ndim) + (index,)]


def masked_fill(input: Any, mask: Any, *, value: float) -> Any:
    """Tensor.masked_fill."""
    return input.masked_fill(mask, value)


def masked_select(input: Any, mask: Any) -> Any:
    """Tensor.masked_select."""
    return input.masked_select(mask)


def meshgrid(tensors: Sequence[Any], *, indexing: str) -> Any:
    """Tensor.meshgrid."""
    return tensors[0].meshgrid(*tensors[1:], indexing=indexing)


def narrow(input: Any, *, dim: int, start: int, length: int) -> Any:
    """Slicing."""
    return input[(slice(None),) * (dim % input.ndim) + (slice(start, start + length),)]


def one_hot(input: Any, *, num_classes: int = -1) -> Any:
    """Tensor.one_hot."""
    if num_classes < 0:
        raise Unsupported("Tensor.one_hot does not count the classes")
    return input.one_hot(num_classes)


def outer(input: Any, vec2: Any) -> Any:
    """Tensor.einsum."""
    return Tensor.einsum("i,j->ij", input, vec2)


def pad(input: Any, *, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Any:
    """Tensor.pad."""
    return input.pad(tuple(pad), mode=mode, value=value or 0.0)


def permute(input: Any, *, dims: Sequence[int]) -> Any:
    """Tensor.permute."""
    return input.permute(tuple(dims))


def repeat_interleave(input: Any, *, repeats: int, dim: int | None = None) -> Any:
    """Tensor.repeat_interleave, with one number for all."""
    if not isinstance(repeats, int):
        raise Unsupported("Tensor.repeat_interleave takes one number for all")
    return input.repeat_interleave(repeats, dim)


def reshape(input: Any, *, shape: Sequence[int]) -> Any:
    """Tensor.reshape."""
    return input.reshape(tuple(shape))


def roll(input: Any, *, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Any:
    """Tensor.roll."""
    return input.roll(
        tuple(shifts) if isinstance(shifts, list) else shifts, tuple(dims) if isinstance(dims, list) else dims
    )


def scatter(input: Any, index: Any, src: Any = None, *, dim: int, value: float | None = None) -> Any:
    """Tensor.scatter."""
    return input.scatter(dim, index, value if src is None else src)


def scatter_add(input: Any, index: Any, src: Any, *, dim: int) -> Any:
    """Tensor.scatter_reduce."""
    return input.scatter_reduce(dim, index, src, "sum")


def scatter_reduce(input: Any, index: Any, src: Any, *, dim: int, reduce: str, include_self: bool = True) -> Any:
    """Tensor.scatter_reduce."""
    return input.scatter_reduce(dim, index, src, reduce, include_self)


def select(input: Any, *, dim: int, index: int) -> Any:
    """Indexing by a number."""
    return input[(slice(None),) * (dim % input.ndim) + (index,)]


def split(tensor: Any, *, split_size_or_sections: int | Sequence[int], dim: int = 0) -> Any:
    """Tensor.split."""
    return tensor.split(split_size_or_sections, dim)


def squeeze(input: Any, *, dim: int | Sequence[int] | None = None) -> Any:
    """Tensor.squeeze, of one dimension or of all."""
    if isinstance(dim, list | tuple):
        raise Unsupported("Tensor.squeeze takes one dimension")
    return input.squeeze(dim)


def stack(tensors: Sequence[Any], *, dim: int = 0) -> Any:
    """Tensor.stack."""
    return tensors[0].stack(*tensors[1:], dim=dim)


def take(input: Any, index: Any) -> Any:
    """Indexing of the flattened tensor by a tensor."""
    return input.flatten()[index]


def tile(input: Any, *, dims: Sequence[int]) -> Any:
    """Tensor.repeat; torch reads fewer dims than there are from the right."""
    return input.repeat((1,) * (input.ndim - len(dims)) + tuple(dims))


def trace(input: Any) -> Any:
    """Tensor.diagonal and Tensor.sum."""
    return input.diagonal().sum()


def transpose(input: Any, *, dim0: int, dim1: int) -> Any:
    """Tensor.transpose."""
    return input.transpose(dim0, dim1)


def tril(input: Any, *, diagonal: int = 0) -> Any:
    """Tensor.tril."""
    return input.tril(diagonal)


def triu(input: Any, *, diagonal: int = 0) -> Any:
    """Tensor.triu."""
    return input.triu(diagonal)


def unflatten(input: Any, *, dim: int, sizes: Sequence[int]) -> Any:
    """Tensor.unflatten."""
    return input.unflatten(dim, tuple(sizes))


def unfold_dimension(input: Any, *, dimension: int, size: int, step: int) -> Any:
    """Tensor.unfold."""
    return input.unfold(dimension, size, step)


def unsqueeze(input: Any, *, dim: int) -> Any:
    """Tensor.unsqueeze."""
    return input.unsqueeze(dim)


def eye_(tensor: Any) -> Any:
    """Tensor.eye."""
    return Tensor.eye(*tensor.shape, dtype=tensor.dtype)


SHAPES: dict[str, Operator] = {
    "broadcast_to": broadcast_to,
    "cat": cat,
    "chunk": chunk,
    "diag": diag,
    "diagonal": diagonal,
    "dot": dot,
    "einsum": einsum,
    "eye_": eye_,
    "flatten": flatten,
    "flip": flip,
    "gather": gather,
    "index_select": index_select,
    "masked_fill": masked_fill,
    "masked_select": masked_select,
    "meshgrid": meshgrid,
    "narrow": narrow,
    "one_hot": one_hot,
    "outer": outer,
    "pad": pad,
    "permute": permute,
    "repeat_interleave": repeat_interleave,
    "reshape": reshape,
    "roll": roll,
    "scatter": scatter,
    "scatter_add": scatter_add,
    "scatter_reduce": scatter_reduce,
    "select": select,
    "split": split,
    "squeeze": squeeze,
    "stack": stack,
    "take": take,
    "tile": tile,
    "trace": trace,
    "transpose": transpose,
    "tril": tril,
    "triu": triu,
    "unflatten": unflatten,
    "unfold_dimension": unfold_dimension,
    "unsqueeze": unsqueeze,
}
