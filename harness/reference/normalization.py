"""References in torch of the normalization family: what torch has no single function for."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention
from torch import Tensor


def spectral_norm(
    weight: Tensor,
    u: Tensor,
    v: Tensor,
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int = 0,
    training: bool = True,
) -> dict[str, Tensor]:
    """Run torch.nn.utils.spectral_norm: the weight over its largest singular value, and the new `u` and `v`.

    In training, power iterations bring u and v nearer to the singular vectors, and they are outputs; the gradient does
    not go through them.
    """
    matrix = weight.movedim(dim, 0).flatten(1)
    if training:
        with torch.no_grad():
            for _ in range(n_power_iterations):
                v = F.normalize(torch.mv(matrix.t(), u), dim=0, eps=eps)
                u = F.normalize(torch.mv(matrix, v), dim=0, eps=eps)
    sigma = torch.dot(u, torch.mv(matrix, v))
    output = {"output": weight / sigma}
    return {**output, "u": u.clone(), "v": v.clone()} if training else output


def weight_norm(v: Tensor, g: Tensor, dim: int = 0) -> Tensor:
    """Run torch._weight_norm, which reads beyond `g` where its shape does not fit."""
    expected = torch.norm_except_dim(v, 2, dim).shape
    if g.shape != expected:
        msg = f"g has the shape {tuple(g.shape)}, expected {tuple(expected)}"
        raise ValueError(msg)
    return torch._weight_norm(v, g, dim)  # noqa: SLF001 - what torch's own parametrization calls
