"""References in torch of the shape family: what torch offers as a method, or with a variable number of arguments."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def unfold_dimension(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Return the windows of one axis, as a new last axis."""
    return input.unfold(dimension, size, step)


def einsum(operands: Sequence[Tensor], equation: str) -> Tensor:
    """Return the sum of products that the equation names."""
    return torch.einsum(equation, *operands)


def meshgrid(tensors: Sequence[Tensor], indexing: str) -> tuple[Tensor, ...]:
    """Return the coordinates of a grid."""
    return tuple(torch.meshgrid(*tensors, indexing=indexing))


def cartesian_prod(tensors: Sequence[Tensor]) -> Tensor:
    """Return all combinations of one element of each vector."""
    return torch.cartesian_prod(*tensors)


def block_diag(tensors: Sequence[Tensor]) -> Tensor:
    """Return the matrices along the diagonal of one."""
    return torch.block_diag(*tensors)


def broadcast_tensors(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return the tensors, each repeated to the shape of all together."""
    return tuple(torch.broadcast_tensors(*tensors))
