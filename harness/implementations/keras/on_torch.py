"""Arrays and differentiation of Keras on PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import torch

from harness.model import Array

REFUSALS: tuple[type[Exception], ...] = ()


def to_own(array: Array) -> Any:
    """Return a torch tensor; bfloat16 by its bits."""
    if array.dtype.name == "bfloat16":
        return torch.tensor(array.view(np.int16)).view(torch.bfloat16)
    return torch.tensor(array)


def to_numpy(value: Any) -> Array:
    """Return a NumPy array of its own memory."""
    tensor = torch.as_tensor(value).detach().cpu()
    if tensor.dtype == torch.bfloat16:
        bits: Array = tensor.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16).copy()
        return bits
    return np.array(tensor.numpy())


def vjp(
    function: Callable[..., tuple[Any, ...]], primals: Sequence[Any], upstream: Callable[[int], Any]
) -> tuple[tuple[Any, ...], Sequence[Any]]:
    """Differentiate by `torch.autograd.grad`."""
    leaves = [primal.detach().clone().requires_grad_() for primal in primals]
    values = function(*leaves)
    reached = [(v, g) for i, v in enumerate(values) if v.requires_grad and (g := upstream(i)) is not None]
    if not reached:
        return values, [None] * len(leaves)
    outputs, grads = zip(*((v, g.to(v.dtype)) for v, g in reached), strict=True)
    return values, torch.autograd.grad(outputs, leaves, grads, allow_unused=True)
