"""References in torch of the activation family that draw noise: the slopes of rrelu, the Gumbel noise of a sample."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention
from torch import Tensor

from harness.reference.noisy import Noisy

# -- rrelu: a slope for each element, 1 where the input is positive


def _rrelu_draw(input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3) -> dict[str, Tensor]:
    slope = torch.empty_like(input)
    torch.ops.aten.rrelu_with_noise(input, slope, lower, upper, True)
    return {"slope": slope}


def _rrelu_law(input: Tensor, slope: Tensor, lower: float = 1 / 8, upper: float = 1 / 3) -> Tensor:  # noqa: ARG001 - the slopes are drawn
    """RreluWithNoise of ATen: what is not positive times its slope."""
    return torch.where(input > 0, input, input * slope.to(input.dtype))


rrelu = Noisy(native=F.rrelu, draw=_rrelu_draw, law=_rrelu_law)


# -- gumbel_softmax


def _gumbel_native(
    logits: Tensor,
    tau: float = 1.0,
    hard: bool = False,
    dim: int = -1,
    training: bool = True,  # noqa: ARG001 - no mode
) -> Tensor:
    return F.gumbel_softmax(logits, tau=tau, hard=hard, dim=dim)


def _gumbel_draw(logits: Tensor, tau: float = 1.0, hard: bool = False, dim: int = -1) -> dict[str, Tensor]:  # noqa: ARG001 - the noise is the same for all
    return {"gumbels": -torch.empty_like(logits).exponential_().log()}


def _gumbel_law(logits: Tensor, gumbels: Tensor, tau: float = 1.0, hard: bool = False, dim: int = -1) -> Tensor:
    """Run gumbel_softmax of torch.nn.functional under given noise, the steps in its order."""
    soft = ((logits + gumbels.to(logits.dtype)) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    return torch.zeros_like(logits).scatter_(dim, index, 1.0) - soft.detach() + soft


gumbel_softmax = Noisy(native=_gumbel_native, draw=_gumbel_draw, law=_gumbel_law)
