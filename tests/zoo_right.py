"""Implementations that are right in another way than the built-in ones: another formula, order, layout or precision."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.linalg
from scipy import special
from scipy.special import erf, expit
from zoo import passing

from harness.implementations import numpy as right
from harness.implementations.numpy.linear import Linear
from harness.implementations.numpy.precision import narrow, widen
from harness.implementations.numpy.recurrent_cells import State, Weights
from harness.implementations.numpy.windows import pad

Array: TypeAlias = npt.NDArray[Any]


def double(array: Array) -> Array:
    """Return an array of float64; integers stay as they are."""
    return array if array.dtype.kind in "biu" else array.astype(np.float64)


class _InDouble:
    """Computes in float64 and rounds once; comes before the class that computes."""

    def forward(self, *args: Any, **given: Any) -> Any:
        self._like = {name: array for name, array in given.items() if isinstance(array, np.ndarray)}
        self._first = next(iter([*args, *given.values()]))
        answer = super().forward(*map(double, args), **{n: double(a) for n, a in given.items()})  # type: ignore[misc]
        if isinstance(answer, dict):
            return {name: narrow(array, like=self._like.get(name, self._first)) for name, array in answer.items()}
        return narrow(answer, like=self._first)

    def backward(self, *grads: Array) -> Any:
        return super().backward(*map(double, grads))  # type: ignore[misc]


# -- layers


class BatchNormInDouble(_InDouble, right.BatchNorm):
    """Right: it computes in float64 and rounds once."""

    def backward(self, *grads: Array) -> Any:
        given = [self._first, *(self._like[name] for name in ("weight", "bias") if name in self._like)]
        return tuple(narrow(d, like=x) for d, x in zip(super().backward(*grads), given, strict=True))


class GroupNormByBatchNorm(right.GroupNorm):
    """Right: it is a batch_norm of one sample with a channel for each group."""

    def forward(self, *args: Any, **given: Any) -> Array:
        super().forward(*args, **given)
        x = given["input"]
        rows = widen(x).reshape(1, len(x) * self.num_groups, math.prod(x.shape[1:]) // self.num_groups)
        xhat = right.BatchNorm(eps=self.eps).forward(rows)["output"]
        return self.affine(xhat.reshape(x.shape), given.get("bias"))


class LayerNormByMoments(right.LayerNorm):
    """Right: its mean and variance come from one pass that updates both (Welford)."""

    def standardize(self, x: Array, axes: tuple[int, ...]) -> Array:
        self.axes = axes
        kept = x.shape[: x.ndim - len(axes)]
        mean, rest = np.zeros((*kept, 1), x.dtype), np.zeros((*kept, 1), x.dtype)
        rows = x.reshape(*kept, math.prod(x.shape[len(kept) :]))
        for k in range(rows.shape[-1]):
            delta = rows[..., k : k + 1] - mean
            mean = mean + delta / x.dtype.type(k + 1)
            rest = rest + delta * (rows[..., k : k + 1] - mean)
        shape = (*kept, *(1,) * len(axes))
        self.mean = mean.reshape(shape)
        return self.apply(x, self.mean, (rest / x.dtype.type(max(rows.shape[-1], 1))).reshape(shape))


class ConvOfShifts(right.Conv2d):
    """Right: it adds up shifted images, channels last, without im2col."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        x, w = self.x.transpose(0, 2, 3, 1), widen(given["weight"])
        batch, (rows, columns), outputs = len(x), y.shape[-2:], len(w)
        total = np.zeros((batch, rows, columns, outputs), dtype=x.dtype)
        (down, across), (dy, dx) = self.stride, self.dilation
        for i, j in np.ndindex(*w.shape[2:]):
            shifted = x[:, i * dy : i * dy + down * rows : down, j * dx : j * dx + across * columns : across][
                :, :rows, :columns
            ]
            parts = zip(np.split(shifted, self.groups, axis=-1), np.split(w[:, :, i, j], self.groups), strict=True)
            total += np.concatenate([part @ factor.T for part, factor in parts], axis=-1)
        if given.get("bias") is not None:
            total += widen(given["bias"])
        return narrow(total.transpose(0, 3, 1, 2).reshape(y.shape), like=given["input"])


class ConvOneByOne(right.Conv1d):
    """Right: it sums in a loop over places, in float64, from the last element to the first."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        x, w = double(given["input"]), double(given["weight"])
        x = pad(x[np.newaxis] if x.ndim == 2 else x, self.before, self.after)
        (stride,), (dilation,) = self.stride, self.dilation
        answer = np.zeros((len(x), len(w), y.shape[-1]))
        channels, outputs = w.shape[1], max(len(w) // self.groups, 1)
        for n, o, i in np.ndindex(*answer.shape):
            first = o // outputs * channels
            span = x[n, first : first + channels, i * stride : i * stride + dilation * w.shape[2] : dilation]
            answer[n, o, i] = math.fsum((span[:, : w.shape[2]] * w[o])[::-1, ::-1].ravel())
        if given.get("bias") is not None:
            answer += double(given["bias"])[:, np.newaxis]
        return narrow(answer.reshape(y.shape), like=given["input"])


class TransposeByZeros(right.ConvTranspose1d):
    """Right: it puts zeros between the elements and convolves with the flipped kernel."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        x, w = widen(given["input"]), widen(given["weight"])
        x = x[np.newaxis] if x.ndim == 2 else x
        (stride,), (dilation,), (cut,) = self.stride, self.dilation, self.padding
        if not x.size:
            return y
        spread = np.zeros((*x.shape[:2], (x.shape[-1] - 1) * stride + 1), dtype=x.dtype)
        spread[..., ::stride] = x
        reach = dilation * (w.shape[-1] - 1)
        spread = np.pad(spread, [(0, 0), (0, 0), (reach, reach + self.output_padding[0])])
        blocks = [part[..., ::-1].swapaxes(0, 1) for part in np.split(w, self.groups)]
        whole = right.Conv1d(dilation=dilation, groups=self.groups).forward(spread, np.concatenate(blocks))
        whole = whole[..., cut : whole.shape[-1] - cut]
        if given.get("bias") is not None:
            whole = whole + widen(given["bias"])[:, np.newaxis]
        return narrow(whole.reshape(y.shape), like=given["input"])


class LinearByEinsum(Linear):
    """Right: it sums the products itself, the bias first."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        x, w = widen(given["input"]), np.atleast_2d(widen(given["weight"]))
        total = np.zeros((*x.shape[:-1], len(w)), dtype=x.dtype)
        if given.get("bias") is not None:
            total += np.atleast_1d(widen(given["bias"]))
        for k in range(x.shape[-1]):
            total += x[..., k, np.newaxis] * w[:, k]
        return narrow(total.reshape(y.shape), like=given["input"])


class MaxPoolInLoops(right.MaxPool1d):
    """Right: it looks at one window after the other."""

    def forward(self, input: Array) -> Any:
        answer = super().forward(input)
        y, indices = (np.array(part) for part in (answer if self.return_indices else (answer, self.indices)))
        (size,), (stride,), (before,), (step,) = self.size, self.stride, self.padding, self.dilation
        for at in np.ndindex(*y.shape):
            window = [i for k in range(size) if 0 <= (i := at[-1] * stride + k * step - before) < input.shape[-1]]
            best = window[0]
            for i in window:
                value, largest = input[(*at[:-1], i)], input[(*at[:-1], best)]
                if value > largest or (np.isnan(value) and not np.isnan(largest)):
                    best = i
            y[at], indices[at] = input[(*at[:-1], best)], best
        return (y, indices) if self.return_indices else y


class AvgPoolBySums(right.AvgPool1d):
    """Right: its windows are differences of running sums, in float64."""

    def means(self, x: Array) -> Array:
        y = super().means(x)
        if not np.isfinite(x).all():
            return y
        (size,), (stride,), (before,) = self.size, self.stride, self.padding
        running = np.concatenate([np.zeros((*x.shape[:-1], 1)), np.cumsum(x.astype(np.float64), axis=-1)], axis=-1)
        starts = np.arange(y.shape[-1]) * stride - before
        low, high = (np.clip(edge, 0, x.shape[-1]) for edge in (starts, starts + size))
        return np.asarray((running[..., high] - running[..., low]) / self.count, dtype=y.dtype)


# -- activations and losses


class SoftmaxOfLog(right.Softmax):
    """Right: it is exp of the log_softmax."""

    def forward(self, input: Array) -> Array:
        log = right.LogSoftmax(self.dim).forward(np.atleast_1d(self.sign * widen(input)))
        self.y = np.exp(log)
        return narrow(self.y.reshape(input.shape), like=input)


class GeluByErf(right.Gelu):
    """Right: it adds 1 to erf, as torch does."""

    def value(self, x: Array) -> Array:
        return super().value(x) if self.approximate == "tanh" else np.asarray(x * (1 + erf(x * math.sqrt(0.5))) / 2)


class HuberByMinimum(right.HuberLoss):
    """Right: it splits |d| at delta into a parabola's part and a line's."""

    def error(self, d: Array) -> Array:
        size = np.abs(d)
        inner = np.minimum(size, self.delta)
        return np.asarray(0.5 * inner * inner + self.delta * (size - inner))


class CrossEntropyInDouble(_InDouble, right.CrossEntropy):
    """Right: it computes in float64 and rounds once."""

    def backward(self, *grads: Array) -> Any:
        answer = super().backward(*grads)
        parts = answer if isinstance(answer, tuple) else (answer,)
        return tuple(narrow(part, like=self._first) for part in parts)


# -- sequences


class LstmGateByGate(right.LstmCell):
    """Right: it has one product for each gate, input and state side by side."""

    def step(self, x: Array, state: State, w: Weights) -> tuple[State, Any]:
        h, c = state
        both = np.concatenate([x, h], axis=-1)
        rows = np.concatenate([w["weight_ih"], w["weight_hh"]], axis=-1)
        bias = w["bias_ih"] + w["bias_hh"] if "bias_ih" in w else np.zeros(len(rows), dtype=x.dtype)
        size = len(rows) // 4
        a = [both @ rows[k * size : (k + 1) * size].T + bias[k * size : (k + 1) * size] for k in range(4)]
        i, f, o = expit(a[0]), expit(a[1]), expit(a[3])
        g = np.tanh(a[2])
        after = f * c + i * g
        out = o * np.tanh(after)
        return (out @ w["weight_hr"].T if "weight_hr" in w else out, after), (x, h, c, (i, f, g, o), after, out)


class AttentionInBlocks(right.ScaledDotProductAttention):
    """Right: it goes through the keys one by one, rescaling what it has (flash attention)."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        inner = self.attention
        v = np.broadcast_to(inner.v, (*inner.p.shape[:-2], *inner.v.shape[-2:]))
        scores = inner.scale * (inner.q @ inner.k.swapaxes(-1, -2))
        scores = np.where(inner.p == 0, -np.inf, scores)
        if given.get("attn_mask") is not None and given["attn_mask"].dtype != bool:
            return y
        if not np.isfinite(inner.q).all() or not np.isfinite(inner.k).all() or not np.isfinite(v).all():
            return y
        largest = np.full((*scores.shape[:-1], 1), -np.inf, dtype=scores.dtype)
        total, weighted = np.zeros_like(largest), np.zeros((*scores.shape[:-1], v.shape[-1]), dtype=scores.dtype)
        for s in range(scores.shape[-1]):
            score = scores[..., s : s + 1]
            new = np.maximum(largest, score)
            keep = np.where(new == -np.inf, 1, np.exp(largest - new))
            share = np.where(new == -np.inf, 0, np.exp(score - new))
            total, weighted = total * keep + share, weighted * keep + share * v[..., s : s + 1, :]
            largest = new
        return narrow(np.where(total == 0, 0, weighted / np.where(total == 0, 1, total)), like=given["query"])


# -- numbers


class VarByWelford(right.Var):
    """Right: it goes through the elements once, updating mean and squares (Welford)."""

    def forward(self, input: Array) -> Array:
        y = super().forward(input)
        if not self.axes or not self.x.size:
            return y
        kept = [axis for axis in range(input.ndim) if axis not in self.axes]
        rows = self.x.transpose(*kept, *self.axes).reshape(*(input.shape[axis] for axis in kept), -1)
        mean, rest = np.zeros_like(rows[..., 0]), np.zeros_like(rows[..., 0])
        for k in range(rows.shape[-1]):
            delta = rows[..., k] - mean
            mean = mean + delta / rows.dtype.type(k + 1)
            rest = rest + delta * (rows[..., k] - mean)
        return narrow((rest / self.divisor).reshape(y.shape), like=input)


class SumFromTheEnd(right.Sum):
    """Right: it adds one after the other, from the end, in float32 or wider."""

    def forward(self, input: Array) -> Array:
        y = super().forward(input)
        if input.dtype.kind in "biu" or not self.axes or not input.size:
            return y
        kept = [axis for axis in range(input.ndim) if axis not in self.axes]
        rows = self.x.transpose(*kept, *self.axes).reshape(*(input.shape[axis] for axis in kept), -1)
        return narrow(np.add.accumulate(rows[..., ::-1], axis=-1)[..., -1].reshape(y.shape), like=input)


class LogsumexpInSteps(right.Logsumexp):
    """Right: it is one logaddexp for each element."""

    def forward(self, input: Array) -> Array:
        y = super().forward(input)
        for axis in self.axes:
            self.y = np.logaddexp.reduce(self.x if axis == self.axes[0] else self.y, axis=axis, keepdims=True)
        return self.finish(self.y, like=input) if self.axes else y


class CumprodByParts(right.Cumprod):
    """Right: its gradient runs from the end, dx_k = y_(k-1) (dy_k + x_(k+1) (dy_(k+1) + ...))."""

    def backward(self, grad_output: Array) -> Array:
        dy = np.moveaxis(widen(grad_output).reshape(grad_output.shape or (1,)), self.dim, -1)
        before = np.concatenate([np.ones_like(self.x[..., :1]), np.cumprod(self.x, axis=-1)[..., :-1]], axis=-1)
        dx, behind = np.zeros_like(self.x), np.zeros_like(self.x[..., :1])
        for k in reversed(range(self.x.shape[-1])):
            behind = dy[..., k : k + 1] + behind
            dx[..., k : k + 1] = before[..., k : k + 1] * behind
            behind = behind * self.x[..., k : k + 1]
        return narrow(np.moveaxis(dx, -1, self.dim).reshape(grad_output.shape), like=grad_output)


class ErfByErfc(right.Erf):
    """Right: away from 0 it is 1 - erfc, with the sign."""

    def value(self, x: Array) -> Array:
        far = np.copysign(1 - special.erfc(np.abs(x)), x)
        return np.asarray(np.where(np.abs(x) < 0.5, erf(x), far), dtype=x.dtype)


class LgammaOfComplex(right.Lgamma):
    """Right: it is the real part of the complex function, in float64."""

    def value(self, x: Array) -> Array:
        wide = special.loggamma(x.astype(np.complex128)).real
        return np.where(np.isfinite(wide), wide, super().value(x)).astype(x.dtype)


class RemainderByFloor(right.Remainder):
    """Right: it is NumPy's own, with the sign of a 0 put right."""

    def value(self, x: Array, z: Array) -> Array:
        rest = np.mod(x, z)
        return np.asarray(rest if x.dtype.kind in "biu" else np.where(rest == 0, np.copysign(rest, x), rest))


class Expm1ByTanh(right.Expm1):
    """Right: in float64 it is 2 t / (1 - t), t = tanh(x / 2), for small x."""

    def value(self, x: Array) -> Array:
        t = np.tanh(x.astype(np.float64) / 2)
        return np.where(np.abs(x) < 1, 2 * t / (1 - t), np.expm1(x)).astype(x.dtype)


# -- matrices


class MatmulByOuter(right.Matmul):
    """Right: it adds up outer products, from the last to the first."""

    def forward(self, input: Array, other: Array) -> Array:
        y = super().forward(input, other)
        if input.ndim != 2 or other.ndim != 2 or y.dtype.kind in "biu":
            return y
        total = np.zeros(y.shape, dtype=widen(y).dtype)
        for k in reversed(range(input.shape[1])):
            total += np.outer(widen(input)[:, k], widen(other)[k])
        return narrow(total, like=y)


class EinsumByPath(right.Einsum):
    """Right: it contracts two operands at a time, by the best path."""

    def forward(self, operands: Sequence[Array]) -> Array:
        super().forward(operands)
        y = np.einsum(f"{','.join(self.terms)}->{self.answer}", *self.operands, optimize="optimal")
        return narrow(np.asarray(y), like=operands[0])


class SolveByFactors(right.Solve):
    """Right: it factors a single matrix once, with SciPy."""

    def solve(self, A: Array, B: Array) -> Array:  # noqa: N803
        if A.ndim > 2 or B.ndim > 2 or not A.size:  # older SciPy takes no stacks
            return super().solve(A, B)
        return np.asarray(scipy.linalg.lu_solve(scipy.linalg.lu_factor(A), B), dtype=B.dtype)


class SvdTurned(right.Svd):
    """Right: it turns every column of U and its row of Vh."""

    def forward(self, A: Array) -> tuple[Array, Array, Array]:  # noqa: N803
        u, s, vh = super().forward(A)
        self.u, self.vh = -self.u, -self.vh
        return -u, s, -vh


class FftByMatrix(right.Fft):
    """Right: it multiplies by the matrix of the roots of unity, in float64."""

    def forward(self, input: Array) -> Array:
        y = super().forward(input)
        (axis,), (n,) = self.axes, self.sizes
        x = np.moveaxis(input, axis, -1)[..., :n].astype(np.complex128)
        x = np.concatenate([x, np.zeros((*x.shape[:-1], n - x.shape[-1]))], axis=-1)
        k = np.arange(n)
        roots = np.exp(-2j * math.pi * (np.outer(k, k) % n) / n)
        scale = {"backward": 1.0, "ortho": math.sqrt(n), "forward": float(n)}[self.norm]
        return np.asarray(np.moveaxis(x @ roots / scale, -1, axis), dtype=y.dtype)


# -- training


def rmsprop_in_double(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """Right: it computes in float64 and rounds once."""
    steps = right.rmsprop(double(param), double(grads), **options)
    return {name: narrow(array, like=param) for name, array in steps.items()}


def nadam_in_double(param: Array, grads: Array, **options: Any) -> dict[str, Array]:
    """Right: it computes in float64 and rounds once; mu_product stays in float32."""
    steps = right.nadam(double(param), double(grads), **options)
    return {name: array if name == "mu_product" else narrow(array, like=param) for name, array in steps.items()}


def exponential_in_steps(lr: Array, steps: int, gamma: float) -> Array:
    """Right: it multiplies the last rate by gamma."""
    rates = [float(lr)]
    for _ in range(steps - 1):
        rates.append(rates[-1] * gamma)
    return narrow(np.array(rates[:steps]), like=lr)


def xavier_by_bound(tensor: Array, symmetric: Array, gain: float = 1.0) -> Array:
    """Right: it computes the bound at once, sqrt(6 / (fan_in + fan_out))."""
    field = math.prod(tensor.shape[2:])
    bound = gain * math.sqrt(6 / ((tensor.shape[0] + tensor.shape[1]) * field))
    return narrow(widen(symmetric) * bound, like=tensor)


class ScatterAddInLoops(right.ScatterAdd):
    """Right: it adds one element after the other, in float64."""

    def forward(self, *args: Any, **given: Any) -> Array:
        super().forward(*args, **given)
        x, index, src = given["input"], given["index"], given["src"]
        y = double(x).copy()
        for at in np.ndindex(*index.shape):
            where = list(at)
            if where:
                where[self.dim] = index[at]
            y[tuple(where)] += double(src)[at]
        return narrow(y, like=x)


class PadAtOnce(right.Pad):
    """Right: it pads all axes at once by an index for each."""

    def forward(self, input: Array) -> Array:
        y = super().forward(input)
        if self.mode == "constant" or not self.indices:
            return y
        index: list[Array] = [np.arange(n) for n in input.shape]
        for axis, found in self.indices:
            index[axis] = found
        return np.asarray(input[np.ix_(*index)])


RIGHT_CATALOGUE = (
    *passing("normalization/batch_norm", BatchNormInDouble),
    *passing("normalization/group_norm", GroupNormByBatchNorm),
    *passing("normalization/layer_norm", LayerNormByMoments),
    *passing("convolution/conv2d", ConvOfShifts),
    *passing("convolution/conv1d", ConvOneByOne),
    *passing("convolution/conv_transpose1d", TransposeByZeros),
    *passing("convolution/linear", LinearByEinsum),
    *passing("pooling/max_pool1d", MaxPoolInLoops),
    *passing("pooling/avg_pool1d", AvgPoolBySums),
    *passing("vision/pad", PadAtOnce),
    *passing("activation/softmax", SoftmaxOfLog),
    *passing("activation/gelu", GeluByErf),
    *passing("loss/huber_loss", HuberByMinimum),
    *passing("loss/cross_entropy", CrossEntropyInDouble),
    *passing("recurrent/lstm_cell", LstmGateByGate),
    *passing("attention/scaled_dot_product_attention", AttentionInBlocks),
    *passing("elementwise/remainder", RemainderByFloor),
    *passing("elementwise/expm1", Expm1ByTanh),
    *passing("special/erf", ErfByErfc),
    *passing("special/lgamma", LgammaOfComplex),
    *passing("reduction/var", VarByWelford),
    *passing("reduction/sum", SumFromTheEnd),
    *passing("reduction/logsumexp", LogsumexpInSteps),
    *passing("reduction/cumprod", CumprodByParts),
    *passing("shape/einsum", EinsumByPath),
    *passing("shape/scatter_add", ScatterAddInLoops),
    *passing("linalg/matmul", MatmulByOuter),
    *passing("linalg/solve", SolveByFactors),
    *passing("linalg/svd", SvdTurned),
    *passing("fft/fft", FftByMatrix),
    *passing("optimizer/rmsprop", rmsprop_in_double),
    *passing("optimizer/nadam", nadam_in_double),
    *passing("scheduler/exponential_lr", exponential_in_steps),
    *passing("initializer/xavier_uniform_", xavier_by_bound),
)
