"""Normalization layers in NumPy: over a batch, an instance, a layer or a group."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from harness.implementations.numpy.pointwise import unbroadcast
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = [
    "BatchNorm",
    "GroupNorm",
    "InstanceNorm",
    "LayerNorm",
    "RmsNorm",
]


class _Standardize:
    """What the layers below share: xhat = (x - mean) / sqrt(var + eps) over some axes, then y = xhat * w + b.

        dxhat = dy * w,   dx = (dxhat - mean(dxhat) - xhat * mean(dxhat * xhat)) / sqrt(var + eps)
        dw = dy * xhat,   db = dy                                 (summed over what w and b are broadcast to)

    The variance is the mean of (x - mean)^2; the mean of x^2 less mean^2 is lost where the mean is large. With
    statistics that are given, dx = dxhat / sqrt(var + eps).
    """

    def __init__(self, eps: float) -> None:
        self.eps = eps

    def standardize(self, x: Array, axes: tuple[int, ...]) -> Array:
        """Return xhat by the statistics of `x` over `axes`."""
        self.axes, self.mean = axes, x.mean(axis=axes, keepdims=True)
        self.var = np.square(x - self.mean).mean(axis=axes, keepdims=True)
        return self.apply(x, self.mean, self.var)

    def apply(self, x: Array, mean: Array, var: Array) -> Array:
        """Return xhat by the statistics given."""
        self.scale = 1 / np.sqrt(var + self.eps)
        self.xhat: Array = (x - mean) * self.scale
        return self.xhat

    def slope(self, dxhat: Array) -> Array:
        """Return the gradient of the input of `standardize`."""
        mean = dxhat.mean(axis=self.axes, keepdims=True)
        along = (dxhat * self.xhat).mean(axis=self.axes, keepdims=True)
        return np.asarray((dxhat - mean - self.xhat * along) * self.scale)


class _Affine(_Standardize):
    """xhat * w + b with w and b, either of which may be absent, and their gradients."""

    def keep(self, input: Array, weight: Array | None, bias: Array | None, shape: Sequence[int]) -> None:
        """Keep what `backward` needs; weight and bias are broadcast from `shape` to that of the input."""
        self.input, self.parameters = input, [x for x in (weight, bias) if x is not None]
        self.shape = tuple(shape)
        self.weight = np.asarray(1.0, dtype=widen(input).dtype) if weight is None else widen(weight).reshape(shape)
        self.has_weight = weight is not None

    def affine(self, xhat: Array, bias: Array | None) -> Array:
        """Return y in the dtype of the input."""
        y = xhat * self.weight
        return narrow(y if bias is None else y + widen(bias).reshape(self.shape), like=self.input)

    def gradients(self, dy: Array, dx: Array) -> tuple[Array, ...]:
        """Return `dx` and the gradients of the weight and bias that there are, each in the dtype of its own."""
        answer = [narrow(dx.reshape(self.input.shape), like=self.input)]
        terms = [dy * self.xhat.reshape(dy.shape), dy] if self.has_weight else [dy]
        for parameter, term in zip(self.parameters, terms, strict=False):
            gradient = unbroadcast(term, self.shape)
            answer.append(narrow(gradient.reshape(parameter.shape), like=parameter))
        return tuple(answer)


class BatchNorm(_Affine):
    """Each channel standardized over the batch. arXiv 1502.03167; torch.nn.functional.batch_norm.

        training   mean, var of x over all axes but the channel's, y = (x - mean) / sqrt(var + eps) * w + b
                   running_mean = (1 - momentum) running_mean + momentum mean
                   running_var = (1 - momentum) running_var + momentum var n / (n - 1)
        eval       y = (x - running_mean) / sqrt(running_var + eps) * w + b

    n: how many elements a channel has. The running variance takes the unbiased one, y the biased one. input x: (N, C)
    or (N, C, ...), weight w, bias b, running_mean, running_var: (C), each absent or not. Backward: see `_Standardize`.
    """

    def __init__(self, momentum: float = 0.1, eps: float = 1e-5) -> None:
        """Take how fast the running statistics follow, and what is added to the variance."""
        super().__init__(eps)
        self.momentum = momentum

    @nan_is_meant
    def forward(
        self,
        input: Array,
        running_mean: Array | None = None,
        running_var: Array | None = None,
        weight: Array | None = None,
        bias: Array | None = None,
    ) -> dict[str, Array]:
        """Return y and the new running statistics, in training."""
        self.keep(input, weight, bias, (input.shape[1], *(1,) * (input.ndim - 2)))
        axes = (0, *range(2, input.ndim))
        answer = {"output": self.affine(self.standardize(widen(input), axes), bias)}
        n = input.size // max(input.shape[1], 1)
        fresh = {"running_mean": self.mean, "running_var": self.var * (n / (n - 1)) if n > 1 else self.var * np.nan}
        for name, running in (("running_mean", running_mean), ("running_var", running_var)):
            if running is not None:
                moved = (1 - self.momentum) * widen(running) + self.momentum * fresh[name].ravel()
                answer[name] = narrow(moved, like=running)
        return answer

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of input, weight and bias."""
        dy = widen(grad_output)
        return self.gradients(dy, self.slope(dy * self.weight))

    @nan_is_meant
    def eval(
        self,
        input: Array,
        running_mean: Array,
        running_var: Array,
        weight: Array | None = None,
        bias: Array | None = None,
    ) -> Array:
        """Return y by the running statistics."""
        self.keep(input, weight, bias, (input.shape[1], *(1,) * (input.ndim - 2)))
        mean, var = (widen(x).reshape(self.shape) for x in (running_mean, running_var))
        return self.affine(self.apply(widen(input), mean, var), bias)


class InstanceNorm(_Affine):
    """Each channel of each sample standardized. arXiv 1607.08022; torch.nn.functional.instance_norm.

    Like batch_norm with mean and var over the axes behind the channel's; the running statistics take the average of
    those over the batch. Without use_input_stats y is computed by the running statistics, which stay as they are.
    input x: (N, C, ...), weight w, bias b, running_mean, running_var: (C), each absent or not.
    """

    def __init__(self, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5) -> None:
        """Take whose statistics to use, how fast the running ones follow, and what is added to the variance."""
        super().__init__(eps)
        self.use_input_stats, self.momentum = use_input_stats, momentum

    @nan_is_meant
    def forward(
        self,
        input: Array,
        running_mean: Array | None = None,
        running_var: Array | None = None,
        weight: Array | None = None,
        bias: Array | None = None,
    ) -> dict[str, Array]:
        """Return y and the new running statistics."""
        x, axes = widen(input), tuple(range(2, input.ndim))
        self.keep(input, weight, bias, (input.shape[1], *(1,) * len(axes)))
        given = {"running_mean": running_mean, "running_var": running_var}
        running = {name: array for name, array in given.items() if array is not None}
        if not self.use_input_stats:
            mean, var = (widen(array).reshape(self.shape) for array in running.values())
            return {"output": self.affine(self.apply(x, mean, var), bias), **running}
        answer = {"output": self.affine(self.standardize(x, axes), bias)}
        n = math.prod(input.shape[2:])
        fresh = {"running_mean": self.mean, "running_var": self.var * (n / (n - 1))}
        for name, array in running.items():
            moved = (1 - self.momentum) * widen(array) + self.momentum * fresh[name].mean(axis=0).ravel()
            answer[name] = narrow(moved, like=array)
        return answer

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of input, weight and bias."""
        dy = widen(grad_output)
        dxhat = dy * self.weight
        return self.gradients(dy, self.slope(dxhat) if self.use_input_stats else dxhat * self.scale)


class LayerNorm(_Affine):
    """Each sample standardized over its last axes. arXiv 1607.06450; torch.nn.functional.layer_norm.

        y = (x - mean) / sqrt(var + eps) * w + b,   mean and var over the last axes, those of normalized_shape

    input x: (..., *normalized_shape), weight w, bias b: normalized_shape, each absent or not. See `_Standardize`.
    """

    def __init__(self, normalized_shape: Sequence[int], eps: float = 1e-5) -> None:
        """Take the shape of what is standardized together, and what is added to the variance."""
        super().__init__(eps)
        self.normalized_shape = tuple(normalized_shape)

    @nan_is_meant
    def forward(self, input: Array, weight: Array | None = None, bias: Array | None = None) -> Array:
        """Return y."""
        self.keep(input, weight, bias, self.normalized_shape)
        axes = tuple(range(-len(self.normalized_shape), 0))
        return self.affine(self.standardize(widen(input), axes), bias)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of input, weight and bias."""
        dy = widen(grad_output)
        return self.gradients(dy, self.slope(dy * self.weight))


class GroupNorm(_Affine):
    """Each group of channels of a sample standardized. arXiv 1803.08494; torch.nn.functional.group_norm.

    input x: (N, C, ...), seen as (N, num_groups, C / num_groups * ...) and standardized over the last axis; then
    y = xhat * w + b channel by channel, weight w, bias b: (C), each absent or not. See `_Standardize`.
    """

    def __init__(self, num_groups: int, eps: float = 1e-5) -> None:
        """Take how many groups the channels make, and what is added to the variance."""
        super().__init__(eps)
        self.num_groups = num_groups

    def _grouped(self, x: Array) -> Array:
        return x.reshape(len(x), self.num_groups, math.prod(x.shape[1:]) // self.num_groups)

    @nan_is_meant
    def forward(self, input: Array, weight: Array | None = None, bias: Array | None = None) -> Array:
        """Return y."""
        self.keep(input, weight, bias, (input.shape[1], *(1,) * (input.ndim - 2)))
        xhat = self.standardize(self._grouped(widen(input)), (-1,))
        return self.affine(xhat.reshape(input.shape), bias)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of input, weight and bias."""
        dy = widen(grad_output)
        return self.gradients(dy, self.slope(self._grouped(dy * self.weight)))


class RmsNorm:
    """Divided by the root of the mean square; nothing is subtracted. arXiv 1910.07467; torch.nn.functional.rms_norm.

        r = 1 / sqrt(mean(x^2) + eps),   y = x r w
        dxhat = dy * w,   dx = r dxhat - x r^3 mean(dxhat * x),   dw = dy x r

    mean: over the last axes, those of normalized_shape. input x: (..., *normalized_shape), weight w: normalized_shape
    or absent. eps is the machine epsilon of the dtype that is computed in when left out.
    """

    def __init__(self, normalized_shape: Sequence[int], eps: float | None = None) -> None:
        """Take the shape of what is normalized together, and what is added to the mean square."""
        self.normalized_shape, self.eps = tuple(normalized_shape), eps

    @nan_is_meant
    def forward(self, input: Array, weight: Array | None = None) -> Array:
        """Return y."""
        self.input, self.weight, self.x = input, weight, widen(input)
        self.axes = tuple(range(-len(self.normalized_shape), 0))
        eps = float(np.finfo(self.x.dtype).eps) if self.eps is None else self.eps
        self.r = 1 / np.sqrt(np.square(self.x).mean(axis=self.axes, keepdims=True) + eps)
        y = self.x * self.r
        return narrow(y if weight is None else y * widen(weight), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of input and, where there is one, weight."""
        dy = widen(grad_output)
        dxhat = dy if self.weight is None else dy * widen(self.weight)
        along = (dxhat * self.x).mean(axis=self.axes, keepdims=True)
        answer = [narrow(self.r * dxhat - self.x * self.r**3 * along, like=self.input)]
        if self.weight is not None:
            answer.append(narrow(unbroadcast(dy * self.x * self.r, self.normalized_shape), like=self.weight))
        return tuple(answer)
