"""Shapes: views, joining and repeating."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.implementations.framework import Operator
from harness.implementations.onnxruntime.graph import MICROSOFT, Value, node, nodes

_END = int(np.iinfo(np.int64).max)


def _axis(dim: int, rank: int) -> int:
    return dim + rank if dim < 0 else dim


def _reshaped(input: Value, shape: Sequence[int]) -> Value:
    """Return Reshape with torch's meaning of 0: a dimension of that size."""
    return node("Reshape", input, list(shape), allowzero=1 if 0 in shape else None)


def _sections(input: Value, sizes: Sequence[int], dim: int) -> tuple[Value, ...]:
    if len(sizes) == 1:
        return (node("Identity", input),)
    return nodes("Split", input, list(sizes), dtypes=[input.dtype] * len(sizes), axis=dim)


def broadcast_to(input: Value, *, size: Sequence[int]) -> Value:
    """Expand, in which 1 keeps a dimension as -1 does in torch."""
    return node("Expand", input, [1 if n == -1 else n for n in size])


def broadcast_tensors(tensors: tuple[Value, ...]) -> tuple[Value, ...]:
    """Expand to the common shape."""
    shape = np.broadcast_shapes(*(x.shape for x in tensors))
    return tuple(broadcast_to(x, size=shape) for x in tensors)


def cat(tensors: tuple[Value, ...], *, dim: int = 0) -> Value:
    """Concat."""
    return node("Concat", *tensors, axis=dim)


def chunk(input: Value, *, chunks: int, dim: int = 0) -> tuple[Value, ...]:
    """Split, in as many parts as torch makes."""
    return split(input, split_size_or_sections=max(1, -(-input.shape[dim] // chunks)), dim=dim)


def channel_shuffle(input: Value, *, groups: int) -> Value:
    """Reshape, Transpose and Reshape."""
    batch, channels, *rest = input.shape
    apart = _reshaped(input, [batch, groups, channels // groups, *rest])
    order = [0, 2, 1, *range(3, 3 + len(rest))]
    return _reshaped(node("Transpose", apart, perm=order), input.shape)


def flatten(input: Value, *, start_dim: int = 0, end_dim: int = -1) -> Value:
    """Reshape."""
    if not input.rank:
        return _reshaped(input, [1])
    start, end = _axis(start_dim, input.rank), _axis(end_dim, input.rank)
    middle = int(np.prod(input.shape[start : end + 1]))
    return _reshaped(input, [*input.shape[:start], middle, *input.shape[end + 1 :]])


def flip(input: Value, *, dims: Sequence[int]) -> Value:
    """Slice by steps of -1."""
    count = len(dims)
    return node("Slice", input, [-1] * count, [-_END] * count, list(dims), [-1] * count)


def meshgrid(tensors: tuple[Value, ...], *, indexing: str = "ij") -> tuple[Value, ...]:
    """Reshape and Expand."""
    order = list(range(len(tensors)))
    if indexing == "xy":
        order[:2] = reversed(order[:2])
    sizes = [int(np.prod(tensors[i].shape)) for i in order]
    grids = []
    for i, x in enumerate(tensors):
        shape = [sizes[at] if at == order.index(i) else 1 for at in range(len(order))]
        grids.append(node("Expand", _reshaped(x, shape), sizes))
    return tuple(grids)


def movedim(input: Value, *, source: int | Sequence[int], destination: int | Sequence[int]) -> Value:
    """Transpose."""
    taken, places = _listed(source, input.rank), _listed(destination, input.rank)
    order = [axis for axis in range(input.rank) if axis not in taken]
    for place, axis in sorted(zip(places, taken, strict=True)):
        order.insert(place, axis)
    return node("Transpose", input, perm=order)


def narrow(input: Value, *, dim: int, start: int, length: int) -> Value:
    """Slice."""
    begin = start + input.shape[dim] if start < 0 else start
    return node("Slice", input, [begin], [begin + length], [dim])


def permute(input: Value, *, dims: Sequence[int]) -> Value:
    """Transpose."""
    return node("Transpose", input, perm=_listed(dims, input.rank) or None)


def pixel_shuffle(input: Value, *, upscale_factor: int) -> Value:
    """DepthToSpace, in the order column, row, depth."""
    shape = input.shape
    four = _reshaped(input, [int(np.prod(shape[:-3])), *shape[-3:]])
    shuffled = node("DepthToSpace", four, blocksize=upscale_factor, mode="CRD")
    channels, height, width = shape[-3] // upscale_factor**2, shape[-2] * upscale_factor, shape[-1] * upscale_factor
    return _reshaped(shuffled, [*shape[:-3], channels, height, width])


def pixel_unshuffle(input: Value, *, downscale_factor: int) -> Value:
    """Reshape, Transpose and Reshape: SpaceToDepth has another order of the channels."""
    *lead, channels, height, width = input.shape
    r, many = downscale_factor, len(lead)
    apart = _reshaped(input, [*lead, channels, height // r, r, width // r, r])
    order = [*range(many), many, many + 2, many + 4, many + 1, many + 3]
    return _reshaped(node("Transpose", apart, perm=order), [*lead, channels * r * r, height // r, width // r])


def reshape(input: Value, *, shape: Sequence[int]) -> Value:
    """Reshape."""
    return _reshaped(input, shape)


def roll(input: Value, *, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Value:
    """Concat of two Slices a dimension."""
    if dims is None:
        flat = _rolled(_reshaped(input, [-1]), int(np.prod(input.shape)), _given(shifts)[0], 0)
        return _reshaped(flat, input.shape)
    rolled = input
    for shift, dim in zip(_given(shifts), _given(dims), strict=True):
        rolled = _rolled(rolled, input.shape[dim], shift, dim)
    return rolled


def _rolled(x: Value, size: int, shift: int, dim: int) -> Value:
    cut = -shift % size if size else 0
    return node("Concat", node("Slice", x, [cut], [_END], [dim]), node("Slice", x, [0], [cut], [dim]), axis=dim)


def select(input: Value, *, dim: int, index: int) -> Value:
    """Gather by a scalar."""
    return node("Gather", input, np.array(index, dtype=np.int64), axis=dim)


def split(tensor: Value, *, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Value, ...]:
    """Split."""
    if not isinstance(split_size_or_sections, int):
        return _sections(tensor, split_size_or_sections, dim)
    size, step = tensor.shape[dim], split_size_or_sections
    return _sections(tensor, [min(step, size - at) for at in range(0, size, step)] or [0], dim)


def squeeze(input: Value, *, dim: int | Sequence[int] | None = None) -> Value:
    """Squeeze, of those dimensions that are 1: ONNX refuses others."""
    dims = range(input.rank) if dim is None else _listed(dim, input.rank) if input.rank else []
    ones = [axis for axis in dims if input.shape[axis] == 1]
    return node("Squeeze", input, ones) if ones else node("Identity", input)


def stack(tensors: tuple[Value, ...], *, dim: int = 0) -> Value:
    """Concat of Unsqueeze."""
    return node("Concat", *(node("Unsqueeze", x, [dim]) for x in tensors), axis=dim)


def tile(input: Value, *, dims: Sequence[int]) -> Value:
    """Tile, with the shorter of shape and repeats led by ones."""
    lead = [1] * (input.rank - len(dims))
    shape = [1] * (len(dims) - input.rank)
    return node("Tile", _reshaped(input, [*shape, *input.shape]) if shape else input, [*lead, *dims])


def transpose(input: Value, *, dim0: int, dim1: int) -> Value:
    """Transpose."""
    order = list(range(input.rank))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return node("Transpose", input, perm=order)


def tril(input: Value, *, diagonal: int = 0) -> Value:
    """Trilu, the lower one."""
    return node("Trilu", input, np.array(diagonal, dtype=np.int64), upper=0)


def triu(input: Value, *, diagonal: int = 0) -> Value:
    """Trilu, the upper one."""
    return node("Trilu", input, np.array(diagonal, dtype=np.int64), upper=1)


def unbind(input: Value, *, dim: int = 0) -> tuple[Value, ...]:
    """Split and Squeeze."""
    parts = _sections(input, [1] * input.shape[dim], dim)
    return tuple(node("Squeeze", part, [dim]) for part in parts)


def unflatten(input: Value, *, dim: int, sizes: Sequence[int]) -> Value:
    """Reshape."""
    axis = _axis(dim, input.rank)
    known = int(np.prod([n for n in sizes if n != -1]))
    whole = [input.shape[axis] // known if n == -1 else n for n in sizes]
    return _reshaped(input, [*input.shape[:axis], *whole, *input.shape[axis + 1 :]])


def unfold_dimension(input: Value, *, dimension: int, size: int, step: int) -> Value:
    """UnfoldTensor, ONNX Runtime's own."""
    return node("UnfoldTensor", input, domain=MICROSOFT, dim=dimension, size=size, step=step)


def unsqueeze(input: Value, *, dim: int) -> Value:
    """Unsqueeze."""
    return node("Unsqueeze", input, [dim])


def _given(numbers: int | Sequence[int]) -> list[int]:
    return [numbers] if isinstance(numbers, int) else list(numbers)


def _listed(dims: int | Sequence[int], rank: int) -> list[int]:
    return [_axis(dim, rank) for dim in _given(dims)]


SHAPES: dict[str, Operator] = {
    "broadcast_tensors": broadcast_tensors,
    "broadcast_to": broadcast_to,
    "cat": cat,
    "channel_shuffle": channel_shuffle,
    "chunk": chunk,
    "flatten": flatten,
    "flip": flip,
    "meshgrid": meshgrid,
    "movedim": movedim,
    "narrow": narrow,
    "permute": permute,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "reshape": reshape,
    "roll": roll,
    "select": select,
    "split": split,
    "squeeze": squeeze,
    "stack": stack,
    "tile": tile,
    "transpose": transpose,
    "tril": tril,
    "triu": triu,
    "unbind": unbind,
    "unflatten": unflatten,
    "unfold_dimension": unfold_dimension,
    "unsqueeze": unsqueeze,
}
