"""Initializers in NumPy, the draws given: what a layer's weights start from.

tensor: the array to fill, of which only shape and dtype count. The draws, of the same shape: `uniform` evenly from
[0, 1), `symmetric` evenly from [-1, 1), `normal` from the standard normal distribution. A weight of shape
(out, in, ...) has fan_in = in * (the rest) and fan_out = out * (the rest).
"""

from __future__ import annotations

import math

import numpy as np

from harness.errors import Unsupported
from harness.implementations.numpy.precision import Array, narrow, widen

__all__ = [
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "orthogonal_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
]

#: what a nonlinearity's gain is, but for leaky_relu. torch.nn.init.calculate_gain
_GAINS = {"relu": math.sqrt(2.0), "tanh": 5.0 / 3.0, "selu": 3.0 / 4.0}


def _fans(tensor: Array) -> tuple[int, int]:
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def uniform_(tensor: Array, uniform: Array, a: float = 0.0, b: float = 1.0) -> Array:
    """Fill evenly between a and b: a + (b - a) * uniform. torch.nn.init.uniform_."""
    return narrow(widen(uniform) * (b - a) + a, like=tensor)


def normal_(tensor: Array, normal: Array, mean: float = 0.0, std: float = 1.0) -> Array:
    """Fill normally: mean + std * normal. torch.nn.init.normal_."""
    return narrow(widen(normal) * std + mean, like=tensor)


def _xavier(tensor: Array, gain: float) -> float:
    return gain * math.sqrt(2.0 / sum(_fans(tensor)))


def xavier_uniform_(tensor: Array, symmetric: Array, gain: float = 1.0) -> Array:
    """Fill evenly, the standard deviation gain * sqrt(2 / (fan_in + fan_out)). Glorot and Bengio, AISTATS 2010.

    The bounds are sqrt(3) of it. torch.nn.init.xavier_uniform_.
    """
    return narrow(widen(symmetric) * (math.sqrt(3.0) * _xavier(tensor, gain)), like=tensor)


def xavier_normal_(tensor: Array, normal: Array, gain: float = 1.0) -> Array:
    """Fill normally with the standard deviation of `xavier_uniform_`. torch.nn.init.xavier_normal_."""
    return normal_(tensor, normal, std=_xavier(tensor, gain))


def _kaiming(tensor: Array, a: float, mode: str, nonlinearity: str) -> float:
    fan_in, fan_out = _fans(tensor)
    gain = math.sqrt(2.0 / (1.0 + a * a)) if nonlinearity == "leaky_relu" else _GAINS.get(nonlinearity, 1.0)
    return gain / math.sqrt(fan_in if mode == "fan_in" else fan_out)


def kaiming_uniform_(
    tensor: Array, symmetric: Array, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> Array:
    """Fill evenly, the standard deviation gain / sqrt(fan), fan as mode says. arXiv 1502.01852.

    gain: leaky_relu of slope a sqrt(2 / (1 + a^2)), relu sqrt(2), tanh 5 / 3, selu 3 / 4, all others 1. The bounds are
    sqrt(3) of the standard deviation. torch.nn.init.kaiming_uniform_.
    """
    return narrow(widen(symmetric) * (math.sqrt(3.0) * _kaiming(tensor, a, mode, nonlinearity)), like=tensor)


def kaiming_normal_(
    tensor: Array, normal: Array, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> Array:
    """Fill normally with the standard deviation of `kaiming_uniform_`. torch.nn.init.kaiming_normal_."""
    return normal_(tensor, normal, std=_kaiming(tensor, a, mode, nonlinearity))


def trunc_normal_(
    tensor: Array, normal: Array, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0
) -> Array:
    """Fill normally between a and b: each element by the first of its draws that falls there.

    torch.nn.init.trunc_normal_. normal: (rounds, *tensor.shape). An interval that holds less than 0.3 of the
    distribution is drawn in another way.
    """
    share = (math.erf((b - mean) / (std * math.sqrt(2))) - math.erf((a - mean) / (std * math.sqrt(2)))) / 2
    if share <= 0.3:  # noqa: PLR2004 - torch's own
        raise Unsupported("draws from a narrow interval are not offered")
    values = narrow(widen(normal) * std + mean, like=tensor)
    first = ((values >= a) & (values <= b)).argmax(axis=0)
    return np.asarray(np.take_along_axis(values, first[np.newaxis], axis=0)[0])


def orthogonal_(tensor: Array, normal: Array, gain: float = 1.0) -> Array:
    """Fill with rows, or if they are fewer columns, that are orthogonal and gain long. arXiv 1312.6120.

        normal = Q R (of the transposed, if there are more columns than rows), Q times the signs of R's diagonal

    which makes it the one factorization with a positive diagonal, and Q uniformly distributed (arXiv math-ph/0609050).
    normal: (rows, columns), the tensor's dimensions after the first being flattened. torch.nn.init.orthogonal_.
    """
    wide = normal.shape[0] < normal.shape[1]
    q, r = np.linalg.qr(normal.T if wide else normal)
    q = q * np.sign(np.diagonal(r))
    return narrow((q.T if wide else q).reshape(tensor.shape) * gain, like=tensor)


def eye_(tensor: Array) -> Array:
    """Fill a matrix with ones on the diagonal, zeros elsewhere. torch.nn.init.eye_."""
    return np.eye(*tensor.shape, dtype=tensor.dtype)


def dirac_(tensor: Array, groups: int = 1) -> Array:
    """Fill a convolution's weight so that it hands its channels through. torch.nn.init.dirac_.

    In each group, output channel i has a 1 in the middle (size // 2) of its kernel for input channel i, as far as there
    are both. tensor: (out, in / groups, ...) with one to three dimensions of kernel.
    """
    filled = np.zeros_like(tensor)
    channels, inputs, *kernel = tensor.shape
    middle = tuple(size // 2 for size in kernel)
    for group in range(groups):
        for i in range(min(channels // groups, inputs)):
            filled[(group * (channels // groups) + i, i, *middle)] = 1
    return filled
