"""References in torch of the regularization family: what torch has no single function for.

Three groups: dropout in all its forms (`Noisy`, so that the mask is data), norm penalties with and without a linear
layer under them, and gradient clipping, which works in place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention
from torch import Tensor

from harness.reference.noisy import Noisy

# -- dropout

#: the negative limit of SELU, scale * alpha, with its sign turned: what alpha dropout sets a dropped element to
_ALPHA = 1.7580993408473766

Shape = Sequence[int]


def _element_shape(input: Tensor) -> Shape:
    """One draw an element."""
    return tuple(input.shape)


def _feature_shape(input: Tensor) -> Shape:
    """One draw for each channel of each sample of a batch: (N, C, 1, ...)."""
    return (*input.shape[:2], *(1 for _ in input.shape[2:]))


def _channel_shape(spatial: int) -> Callable[[Tensor], Shape]:
    """One draw a channel, where the last `spatial` dimensions belong to a channel, batched or not."""
    return lambda tensor: (*tensor.shape[: tensor.dim() - spatial], *(1 for _ in range(spatial)))


def _drawer(native: Callable[..., Tensor], shape: Callable[[Tensor], Shape]) -> Callable[..., dict[str, Tensor]]:
    """Run `native` on ones of the noise's own shape: what is dropped is at most zero, what is kept is above it."""

    def draw(input: Tensor, p: float = 0.5) -> dict[str, Tensor]:
        ones = torch.ones(tuple(shape(input)), dtype=input.dtype, device=input.device)
        return {"mask": native(ones, p=p, training=True) > 0}

    return draw


def _dropout_law(input: Tensor, mask: Tensor, p: float = 0.5) -> Tensor:
    """Dropout.cpp of ATen, the steps in its order; the mask broadcasts over a channel."""
    if p == 0 or input.numel() == 0:
        return input
    if p == 1:
        return input * torch.zeros((), dtype=input.dtype, device=input.device)
    return input * mask.to(input.dtype).div(1 - p)


def _alpha_dropout_law(input: Tensor, mask: Tensor, p: float = 0.5) -> Tensor:
    """Dropout.cpp of ATen for alpha dropout: an affine map that keeps mean 0 and variance 1."""
    if p in (0, 1) or input.numel() == 0:
        return _dropout_law(input, mask, p)
    a = 1 / math.sqrt((_ALPHA * _ALPHA * p + 1) * (1 - p))
    noise = mask.to(input.dtype)
    shift = noise.add(-1).mul_(_ALPHA * a).add_(_ALPHA * a * p)
    return input * noise.mul(a) + shift


def _hinton_draw(input: Tensor, p: float = 0.5) -> dict[str, Tensor]:
    return {"mask": torch.ones_like(input).bernoulli_(1 - p) > 0}


def _hinton_law(input: Tensor, mask: Tensor, p: float = 0.5) -> Tensor:
    """Keep what is kept as it is, arXiv 1207.0580."""
    _probability(p)
    return input * mask.to(input.dtype)


def _hinton_native(input: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """Draw and drop; in eval mode the "mean network", every output times the probability of keeping it."""
    return _hinton_law(input, **_hinton_draw(input, p), p=p) if training else input * (1 - _probability(p))


def _probability(p: float) -> float:
    if not 0 <= p <= 1:
        msg = f"dropout probability has to be between 0 and 1, but got {p}"
        raise ValueError(msg)
    return p


dropout = Noisy(native=F.dropout, draw=_drawer(F.dropout, _element_shape), law=_dropout_law)
dropout1d = Noisy(native=F.dropout1d, draw=_drawer(F.dropout, _channel_shape(1)), law=_dropout_law)
dropout2d = Noisy(native=F.dropout2d, draw=_drawer(F.dropout, _channel_shape(2)), law=_dropout_law)
dropout3d = Noisy(native=F.dropout3d, draw=_drawer(F.dropout, _channel_shape(3)), law=_dropout_law)
alpha_dropout = Noisy(native=F.alpha_dropout, draw=_drawer(F.alpha_dropout, _element_shape), law=_alpha_dropout_law)
feature_alpha_dropout = Noisy(
    native=F.feature_alpha_dropout, draw=_drawer(F.alpha_dropout, _feature_shape), law=_alpha_dropout_law
)
hinton_dropout = Noisy(native=_hinton_native, draw=_hinton_draw, law=_hinton_law)


# -- penalties


def l1_penalty(weight: Tensor, lambd: float) -> Tensor:
    """Return lambd * sum |w|; autograd's gradient at 0 is 0."""
    return lambd * weight.abs().sum()


def l2_penalty(weight: Tensor, lambd: float) -> Tensor:
    """Return lambd / 2 * sum w^2. Its gradient is lambd * w: lambd is what torch's optimizers call weight_decay."""
    return lambd / 2 * weight.square().sum()


def elastic_net_penalty(weight: Tensor, lambd1: float, lambd2: float) -> Tensor:
    """Return lambd1 * sum |w| + lambd2 / 2 * sum w^2."""
    return l1_penalty(weight, lambd1) + l2_penalty(weight, lambd2)


def _linear_mse(input: Tensor, weight: Tensor, bias: Tensor, target: Tensor) -> Tensor:
    return F.mse_loss(F.linear(input, weight, bias), target)


def linear_mse_l1(input: Tensor, weight: Tensor, bias: Tensor, target: Tensor, lambd: float) -> Tensor:
    """Return the mean squared error of a linear layer plus an L1 penalty on its weight, not on its bias."""
    return _linear_mse(input, weight, bias, target) + l1_penalty(weight, lambd)


def linear_mse_l2(input: Tensor, weight: Tensor, bias: Tensor, target: Tensor, lambd: float) -> Tensor:
    """Return the mean squared error of a linear layer plus an L2 penalty on its weight, not on its bias."""
    return _linear_mse(input, weight, bias, target) + l2_penalty(weight, lambd)


def linear_mse_elastic_net(
    input: Tensor, weight: Tensor, bias: Tensor, target: Tensor, lambd1: float, lambd2: float
) -> Tensor:
    """Return the mean squared error of a linear layer plus an elastic net penalty on its weight, not on its bias."""
    return _linear_mse(input, weight, bias, target) + elastic_net_penalty(weight, lambd1, lambd2)


# -- gradient clipping: any number of gradients, under any names


def clip_grad_norm(*, max_norm: float, norm_type: float = 2.0, **grads: Tensor) -> dict[str, Tensor]:
    """Run torch.nn.utils.clip_grad_norm_: `total_norm` over all gradients together, and each gradient clipped."""
    holders = _holders(grads)
    total_norm = torch.nn.utils.clip_grad_norm_(list(holders.values()), max_norm, norm_type=norm_type)
    return {"total_norm": total_norm, **_gradients(holders)}


def clip_grad_value(*, clip_value: float, **grads: Tensor) -> dict[str, Tensor]:
    """Run torch.nn.utils.clip_grad_value_: each gradient clamped to [-clip_value, clip_value]."""
    holders = _holders(grads)
    torch.nn.utils.clip_grad_value_(list(holders.values()), clip_value)
    return _gradients(holders)


def _holders(grads: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return parameters that hold copies of `grads`: torch clips in place."""
    holders = {name: torch.zeros_like(grad).requires_grad_() for name, grad in grads.items()}
    for name, holder in holders.items():
        holder.grad = grads[name].detach().clone()
    return holders


def _gradients(holders: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: holder.grad for name, holder in holders.items() if holder.grad is not None}
