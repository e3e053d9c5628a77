"""Smooth activations in NumPy: sigmoids, and rectifiers that bend."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import expit, ndtr

from harness.errors import Unsupported
from harness.implementations.numpy.pointwise import Pointwise
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = [
    "Celu",
    "Elu",
    "Gelu",
    "Glu",
    "Logsigmoid",
    "Mish",
    "Selu",
    "Sigmoid",
    "Silu",
    "Softplus",
    "Softsign",
    "Tanh",
    "Tanhshrink",
]


class _Curve(Pointwise):
    """A pointwise function that takes integers and booleans too: as float32, torch's default."""

    def forward(self, input: Array) -> Array:
        """Return y; the input is kept for `backward`."""
        return super().forward(input.astype(np.float32) if input.dtype.kind in "iub" else input)


class _ExponentialUnit(Pointwise):
    """A line on the positive side, and on the negative one an exponential that levels off.

    y = scale x where x > 0, else scale alpha (exp(x / width) - 1)
    dx = scale dy where x > 0, else scale alpha / width exp(x / width) dy
    """

    scale, alpha, width = 1.0, 1.0, 1.0

    def value(self, x: Array) -> Array:
        """Return y; expm1 keeps the digits of exp(x) - 1 near 0."""
        negative = np.expm1(np.minimum(x, 0) / self.width) * (self.scale * self.alpha)
        return np.where(x > 0, x * self.scale, negative)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        negative = np.exp(np.minimum(x, 0) / self.width) * (self.scale * self.alpha / self.width)
        return np.where(x > 0, self.scale, negative).astype(x.dtype)


class Elu(_ExponentialUnit):
    """y = x where x > 0, else alpha (exp(x) - 1). torch.nn.functional.elu; arXiv 1511.07289."""

    def __init__(self, alpha: float = 1.0) -> None:
        """Take the depth to which the negative side levels off."""
        self.alpha = alpha


class Celu(_ExponentialUnit):
    """y = x where x > 0, else alpha (exp(x / alpha) - 1): smooth at 0. torch.nn.functional.celu; arXiv 1704.07483."""

    def __init__(self, alpha: float = 1.0) -> None:
        """Take the depth to which the negative side levels off."""
        self.alpha = self.width = alpha


class Selu(_ExponentialUnit):
    """y = scale x where x > 0, else scale alpha (exp(x) - 1). torch.nn.functional.selu; arXiv 1706.02515.

    The two constants bring activations to mean 0 and variance 1.
    """

    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


class Gelu(Pointwise):
    """x times the normal distribution function. torch.nn.functional.gelu; arXiv 1606.08415.

        none   y = x P(x),   P(x) = (1 + erf(x / sqrt(2))) / 2,   dy/dx = P(x) + x exp(-x^2 / 2) / sqrt(2 pi)
        tanh   y = x (1 + t) / 2,   t = tanh(sqrt(2 / pi) (x + 0.044715 x^3))
               dy/dx = (1 + t) / 2 + x (1 - t^2) / 2 sqrt(2 / pi) (1 + 3 * 0.044715 x^2)

    x, y: any shape.
    """

    beta, kappa = math.sqrt(2 / math.pi), 0.044715

    def __init__(self, approximate: str = "none") -> None:
        """Take which of the two: "none" or "tanh"."""
        if approximate not in ("none", "tanh"):
            raise Unsupported(f"approximate={approximate!r}")
        self.approximate = approximate

    def value(self, x: Array) -> Array:
        """Return y."""
        if self.approximate == "none":
            return np.asarray(x * ndtr(x))
        return np.asarray(0.5 * x * (1 + np.tanh(self._inner(x))))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        if self.approximate == "none":
            return np.asarray(ndtr(x) + x * np.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi)))
        t = np.tanh(self._inner(x))
        return np.asarray(0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (self.beta * (1 + 3 * self.kappa * x * x)))

    def _inner(self, x: Array) -> Array:
        return self.beta * (x + self.kappa * x * x * x)


class Silu(Pointwise):
    """y = x s(x), dy/dx = s(x) (1 + x (1 - s(x))), s the sigmoid. torch.nn.functional.silu; arXiv 1710.05941."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.asarray(x * expit(x))

    def slope(self, x: Array) -> Array:
        """Return dy/dx; 1 - s(x) is s(-x), without cancellation."""
        return np.asarray(expit(x) * (1 + x * expit(-x)))


class Mish(Pointwise):
    """x times tanh of its softplus. torch.nn.functional.mish; arXiv 1908.08681.

    y = x t,   t = tanh(log(1 + exp(x))),   dy/dx = t + x s (1 - t^2),   s the sigmoid of x
    """

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.asarray(x * np.tanh(np.logaddexp(0, x)))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        t = np.tanh(np.logaddexp(0, x))
        return np.asarray(t + x * expit(x) * (1 - t * t))


class Softplus(Pointwise):
    """A smooth rectifier. torch.nn.functional.softplus.

    y = log(1 + exp(beta x)) / beta, dx = dy s(beta x), s the sigmoid; beyond beta x > threshold y = x and dx = dy.
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        """Take the sharpness of the bend, and beyond which beta x the line is exact."""
        self.beta, self.threshold = beta, threshold

    def value(self, x: Array) -> Array:
        """Return y; log1p keeps the tail on the left, where exp(beta x) is lost beside 1."""
        return np.where(x * self.beta > self.threshold, x, np.log1p(np.exp(x * self.beta)) / self.beta)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.where(x * self.beta > self.threshold, 1, expit(x * self.beta)).astype(x.dtype)


class Softsign(_Curve):
    """y = x / (1 + |x|), dy/dx = 1 / (1 + |x|)^2. torch.nn.functional.softsign."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.asarray(x / (1 + np.abs(x)))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.square(1 / (1 + np.abs(x)))


class Sigmoid(_Curve):
    """y = s(x) = 1 / (1 + exp(-x)), dy/dx = s(x) (1 - s(x)). torch.sigmoid."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.asarray(expit(x))

    def slope(self, x: Array) -> Array:
        """Return dy/dx; 1 - s(x) is s(-x), without cancellation."""
        return np.asarray(expit(x) * expit(-x))


class Logsigmoid(Pointwise):
    """y = log(s(x)) = min(x, 0) - log(1 + exp(-|x|)), dy/dx = s(-x), s the sigmoid. torch.nn.functional.logsigmoid."""

    def value(self, x: Array) -> Array:
        """Return y; the exponential cannot overflow."""
        return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.asarray(expit(-x))


class Tanh(_Curve):
    """y = tanh(x), dy/dx = 1 - y^2. torch.tanh."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.tanh(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return 1 - np.square(np.tanh(x))


class Tanhshrink(_Curve):
    """y = x - tanh(x), dy/dx = tanh(x)^2. torch.nn.functional.tanhshrink."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return x - np.tanh(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.square(np.tanh(x))


class Glu:
    """One half of the input, gated by the sigmoid of the other. torch.nn.functional.glu; arXiv 1612.08083.

        x = [a, b] along dim,   y = a s(b),   s the sigmoid
        da = dy s(b),   db = dy a s(b) (1 - s(b))

    x: (..., 2 n, ...), y: (..., n, ...).
    """

    def __init__(self, dim: int = -1) -> None:
        """Take the dimension to halve."""
        self.dim = dim

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return y; both halves are kept for `backward`."""
        self.a, self.b = np.split(widen(input), 2, axis=self.dim)
        return narrow(self.a * expit(self.b), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dy, gate = widen(grad_output), expit(self.b)
        dx = np.concatenate([dy * gate, dy * self.a * gate * expit(-self.b)], axis=self.dim)
        return narrow(dx, like=grad_output)
