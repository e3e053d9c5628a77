"""Dropout and its relatives in NumPy: forward in training, backward under the same mask, and eval."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = [
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
    "HintonDropout",
]


class Dropout:
    """Inverted dropout. torch.nn.functional.dropout; arXiv 1207.0580 is `HintonDropout`.

    p is the probability of dropping, the mask is 1 (True) where an element is kept.

        training   y  = x * mask / (1 - p)
        backward   dx = dy * mask / (1 - p)      (the same mask)
        eval       y  = x

    x, y, mask: any shape. The mask multiplies, so that a dropped inf or nan gives nan; p = 1 gives x * 0.
    """

    def __init__(self, p: float = 0.5, seed: int | None = None) -> None:
        """Drop with probability `p`; without a seed every instance draws another mask."""
        self.p = p
        self.rng = np.random.default_rng(seed)
        self.mask: Array = np.ones((), dtype=bool)  #: of the last `forward`

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of the mask of an input of that shape: what is dropped together has one mask element."""
        return shape

    @property
    def scale(self) -> float:
        """What a kept element is multiplied with."""
        return 0.0 if self.p == 1 else 1.0 / (1.0 - self.p)

    def shift(self, kept: Array) -> Array | float:  # noqa: ARG002 - for those below that do shift
        """Return what is added; `kept` is the mask as 0.0 and 1.0."""
        return 0.0

    @nan_is_meant
    def forward(self, input: Array, mask: Array | None = None) -> Array:
        """Drop under `mask`, or under one drawn here; either way it is kept in `self.mask` for `backward`."""
        self.mask = self.rng.random(self.mask_shape(input.shape)) >= self.p if mask is None else mask
        x = widen(input)
        kept = self.mask.astype(x.dtype)
        return narrow(x * (kept * self.scale) + self.shift(kept), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input: what was dropped passes nothing back."""
        dy = widen(grad_output)
        return narrow(dy * (self.mask.astype(dy.dtype) * self.scale), like=grad_output)

    def eval(self, input: Array) -> Array:
        """Return the input: training has scaled already."""
        return input


class HintonDropout(Dropout):
    """Dropout as its paper has it, arXiv 1207.0580: it scales in eval, not in training.

    training   y  = x * mask
    backward   dx = dy * mask
    eval       y  = x * (1 - p)              (the "mean network"; p is the probability of dropping)
    """

    scale = 1.0

    @nan_is_meant
    def eval(self, input: Array) -> Array:
        """Return the input times the probability of keeping an element."""
        return narrow(widen(input) * (1.0 - self.p), like=input)


class _ChannelDropout(Dropout):
    """Drops whole channels: the last `spatial` dimensions share one mask element."""

    spatial: int

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape with 1 for each dimension within a channel."""
        return shape[: -self.spatial] + (1,) * self.spatial


class Dropout1d(_ChannelDropout):
    """Dropout of channels, torch.nn.functional.dropout1d.

    x: (N, C, L) or (C, L), mask: (N, C, 1) or (C, 1).
    """

    spatial = 1


class Dropout2d(_ChannelDropout):
    """Dropout of channels, torch.nn.functional.dropout2d.

    x: (N, C, H, W), mask: (N, C, 1, 1).
    """

    spatial = 2


class Dropout3d(_ChannelDropout):
    """Dropout of channels, torch.nn.functional.dropout3d.

    x: (N, C, D, H, W) or (C, D, H, W), mask: (N, C, 1, 1, 1) or (C, 1, 1, 1).
    """

    spatial = 3


class AlphaDropout(Dropout):
    """Dropout that keeps mean 0 and variance 1, for SELU. arXiv 1706.02515; torch.nn.functional.alpha_dropout.

    alpha' = 1.7580993..., the limit of SELU at minus infinity with its sign turned
    a = ((1 - p) (1 + p alpha'^2))^(-1/2),  b = a p alpha'

        training   y  = a (x * mask - alpha' (1 - mask)) + b
        backward   dx = dy * mask * a
        eval       y  = x

    x, y, mask: any shape. p = 1 gives x * 0.
    """

    alpha = 1.7580993408473766

    @property
    def scale(self) -> float:
        """The factor a of the affine map."""
        p = self.p
        return 0.0 if p == 1 else float(((1 - p) * (1 + p * self.alpha**2)) ** -0.5)

    def shift(self, kept: Array) -> Array | float:
        """Return b where an element is kept, b - a alpha' where it is dropped."""
        return self.scale * self.alpha * (kept - (1.0 - self.p))


class FeatureAlphaDropout(AlphaDropout):
    """Alpha dropout of whole channels. torch.nn.functional.feature_alpha_dropout.

    x: (N, C, ...), mask: (N, C, 1, ...).
    """

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (N, C, 1, ...)."""
        return shape[:2] + (1,) * len(shape[2:])
