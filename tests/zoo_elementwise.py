"""Wrong elementwise operators, one fault each.

The first line of each docstring says what is wrong; the tuple at the end says what replay must make of it.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from zoo import wrong

from harness.implementations import numpy as right
from harness.implementations.numpy.elementwise import Number
from harness.implementations.numpy.precision import narrow, widen

Array: TypeAlias = npt.NDArray[Any]


# -- remainders and rounding


class RemainderIsFmod(right.Remainder):
    """It has the sign of the dividend, as fmod has."""

    def value(self, x: Array, z: Array) -> Array:
        return np.asarray(np.fmod(x, z))


class RemainderBySubtraction(right.Remainder):
    """It is x - z floor(x / z), nan below an infinite divisor."""

    def value(self, x: Array, z: Array) -> Array:
        return (
            np.asarray(x - z * np.floor_divide(x, z)) if x.dtype.kind in "biu" else np.asarray(x - z * np.floor(x / z))
        )


class FmodIsRemainder(right.Fmod):
    """It has the sign of the divisor, as the remainder has."""

    def value(self, x: Array, z: Array) -> Array:
        return np.asarray(np.mod(x, z))


def floor_divide_cut_off(input: Array, other: Array) -> Array:
    """It cuts the quotient off towards 0."""
    return right.Div("trunc").forward(input, other)


def floor_divide_of_quotient(input: Array, other: Array) -> Array:
    """It rounds the quotient down after that has been rounded."""
    whole = right.floor_divide(input, other)
    if whole.dtype.kind in "biu":
        return whole
    return narrow(np.floor(widen(np.asarray(input)) / widen(np.asarray(other))), like=whole)


class FloorModeCutsOff(right.Div):
    """It takes floor for trunc."""

    def __init__(self, rounding_mode: str | None = None) -> None:
        super().__init__("trunc" if rounding_mode else None)


class HalfAwayFromZero(right.Round):
    """It rounds half away from 0."""

    def value(self, x: Array) -> Array:
        if x.dtype.kind in "biu" or self.decimals:
            return super().value(x)
        return np.asarray(np.trunc(x + np.copysign(np.asarray(0.5, dtype=x.dtype), x)))


class FracOfFloor(right.Frac):
    """It is x - floor(x), positive for negative x too."""

    def value(self, x: Array) -> Array:
        return np.asarray(x - np.floor(x))


class TruncIsFloor(right.Trunc):
    """It rounds down."""

    def value(self, x: Array) -> Array:
        return np.floor(x)


class CeilOfFloor(right.Ceil):
    """It is floor(x) + 1, of integers too."""

    def value(self, x: Array) -> Array:
        return np.asarray(np.floor(x) + 1).astype(x.dtype)


class SignOfNan(right.Sign):
    """It leaves nan."""

    def value(self, x: Array) -> Array:
        return np.sign(x) if x.dtype.kind != "b" else x


class AbsAtZero(right.Abs):
    """Its gradient is 1 at 0."""

    def slope(self, x: Array) -> Array:
        return np.where(x >= 0, 1, -1).astype(x.dtype)


# -- limits and choices


class NoGradientAtTheLimits(right.Clamp):
    """It has no gradient at the limits."""

    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        dx, *rest = super().backward(grad_output)
        at = ((self.x == self.low) | (self.x == self.high)) & np.ones(grad_output.shape, dtype=bool)
        if dx.shape != at.shape:
            return dx, *rest
        return np.where(at, np.zeros((), dtype=dx.dtype), dx), *rest


class LowWins(right.Clamp):
    """Where the limits are crossed the lower one wins."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        return narrow(np.maximum(np.minimum(self.x, self.high), self.low), like=y)


class FirstOfEquals(right.Maximum):
    """Where both are equal the first gets the whole gradient."""

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        return np.where(x < z, 0.0, dy), np.where(x >= z, 0.0, dy)


class MinimumSkipsNan(right.Minimum):
    """It takes the other one where one is nan."""

    def value(self, x: Array, z: Array) -> Array:
        return np.asarray(np.fmin(x, z))


class FmaxOfNan(right.Fmax):
    """It is nan where either is."""

    def value(self, x: Array, z: Array) -> Array:
        return np.asarray(np.maximum(x, z))


class SignOfProduct(right.Copysign):
    """It multiplies |x| by the sign of z, which is 0 of a 0."""

    def value(self, x: Array, z: Array) -> Array:
        return np.asarray(np.abs(x) * np.sign(z))


class LimitsOfFloat32(right.NanToNum):
    """It takes float32's largest number for inf of every type."""

    def __init__(self, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> None:
        largest = float(np.finfo(np.float32).max)
        super().__init__(nan, largest if posinf is None else posinf, -largest if neginf is None else neginf)


def isclose_to_the_larger(
    input: Array, other: Array, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Array:
    """It takes the tolerance relative to the first one."""
    return right.isclose(other, input, rtol, atol, equal_nan)


def heaviside_of_half(input: Array, values: Array) -> Array:
    """It is 1/2 at 0, whatever the values are."""
    return right.heaviside(input, np.full_like(values, 0.5))


class WeightGradientSign(right.Lerp):
    """Its gradient of the weight has the other sign."""

    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        dx, dz, *dw = super().backward(grad_output)
        return dx, dz, *(-d for d in dw)


# -- functions that cancel or overflow


class AnglesSwapped(right.Atan2):
    """It takes its arguments as (x, y)."""

    def value(self, x: Array, z: Array) -> Array:
        return np.arctan2(z, x)


class AtanOfQuotient(right.Atan2):
    """It is the arc tangent of the quotient, which knows no quadrant."""

    def value(self, x: Array, z: Array) -> Array:
        return np.arctan(x / z)


class ExpLessOne(right.Expm1):
    """It subtracts 1 from exp, which loses the digits near 0."""

    def value(self, x: Array) -> Array:
        return np.asarray(np.exp(x) - 1)


class LogOfSum(right.Log1p):
    """It adds 1 first, which loses the digits near 0."""

    def value(self, x: Array) -> Array:
        return np.asarray(np.log(1 + x))


class SinhByExp(right.Sinh):
    """It is (exp(x) - exp(-x)) / 2, which loses the digits near 0."""

    def value(self, x: Array) -> Array:
        return np.asarray((np.exp(x) - np.exp(-x)) / 2)


class AsinhByLog(right.Asinh):
    """It is log(x + sqrt(x^2 + 1)), which is lost for large negative x."""

    def value(self, x: Array) -> Array:
        return np.asarray(np.log(x + np.sqrt(x * x + 1)))


class AcoshByLog(right.Acosh):
    """It is log(x + sqrt(x^2 - 1)) above 100, where the square overflows before the answer does."""

    def value(self, x: Array) -> Array:
        return np.where(x > 100, np.log(x + np.sqrt(x * x - 1)), super().value(x)).astype(x.dtype)


class AtanhByLog(right.Atanh):
    """It is log((1 + x) / (1 - x)) / 2, which makes -0 a 0."""

    def value(self, x: Array) -> Array:
        return np.asarray(np.log((1 + x) / (1 - x)) / 2)


class AsinhBySignedLog(right.Asinh):
    """It is sign(x) log(|x| + sqrt(x^2 + 1)), which loses the digits near 0."""

    def value(self, x: Array) -> Array:
        return np.asarray(np.copysign(np.log(np.abs(x) + np.sqrt(x * x + 1)), x))


class AtanhBySignedLog(right.Atanh):
    """It is log((1 + |x|) / (1 - |x|)) / 2 with the sign of x, which loses the digits near 0."""

    def value(self, x: Array) -> Array:
        return np.asarray(np.copysign(np.log((1 + np.abs(x)) / (1 - np.abs(x))) / 2, x))


class HypotBySquares(right.Hypot):
    """It takes the root of the sum of squares, which overflow."""

    def value(self, x: Array, z: Array) -> Array:
        return np.asarray(np.sqrt(x * x + z * z))


class LogaddexpByExp(right.Logaddexp):
    """It adds the exponentials, which overflow."""

    def value(self, x: Array, z: Array) -> Array:
        return np.asarray(np.log(np.exp(x) + np.exp(z)))


class LogaddexpByLog(right.Logaddexp):
    """It adds 1 before the logarithm, which loses what the smaller adds."""

    def value(self, x: Array, z: Array) -> Array:
        rest = np.log(1 + np.exp(-np.abs(x - z)))
        return np.where(np.isinf(x) & (x == z), x, np.maximum(x, z) + rest)


class Logaddexp2Natural(right.Logaddexp2):
    """It takes the natural logarithm of the sum of powers of 2."""

    def value(self, x: Array, z: Array) -> Array:
        return np.asarray(np.logaddexp2(x, z) * math.log(2))


class LogitUnclamped(right.Logit):
    """It ignores eps."""

    def __init__(self, eps: float | None = None) -> None:
        super().__init__()


class SlopeOfLog(right.Log2):
    """Its gradient lacks the logarithm of the base."""

    def slope(self, x: Array) -> Array:
        return np.asarray(1 / x)


class NanAtZeroBase(right.Pow):
    """Its gradient of the exponent is 0 * log 0 at a base of 0."""

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        return dy * z * x ** (z - 1), dy * x**z * np.log(x)


class TanSlope(right.Tan):
    """Its gradient is 1 - y^2, as that of tanh."""

    def slope(self, x: Array) -> Array:
        return np.asarray(1 - np.square(np.tan(x)))


class AcosSlope(right.Acos):
    """Its gradient has the sign of asin's."""

    def slope(self, x: Array) -> Array:
        return -super().slope(x)


class SubAlphaIgnored(right.Sub):
    """It ignores alpha."""

    def __init__(self, alpha: Number = 1) -> None:
        super().__init__()


class DivGradientSign(right.Div):
    """Its gradient of the divisor lacks the sign."""

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        dx, dz = super().gradients(dy, x, z)
        return dx, -dz


class NoSumOverCopies(right.Mul):
    """Its gradient of what was broadcast is that of the first copy."""

    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        both = self.gradients(widen(grad_output), self.x, self.z)
        answer = []
        for d, x in zip(both, self.inputs, strict=False):
            if x.dtype.kind in "biu":
                continue
            first = d[(0,) * (d.ndim - x.ndim)] if d.ndim > x.ndim and d.size else d
            at = tuple(slice(0, 1) if n == 1 else slice(None) for n in x.shape)
            answer.append(narrow(first[at] if first.ndim == x.ndim else np.zeros(x.shape), like=x))
        return tuple(answer)


def gcd_with_sign(input: Array, other: Array) -> Array:
    """It has the sign of the first number."""
    y = right.gcd(input, other)
    return np.asarray(np.where(np.asarray(input) < 0, -y, y), dtype=y.dtype)


def right_shift_logical(input: Array, other: Any) -> Array:
    """It shifts zeros in on the left, of negative numbers too."""
    y = right.bitwise_right_shift(input, other)
    unsigned = {"i": f"u{y.dtype.itemsize}"}.get(y.dtype.kind, y.dtype.str)
    x, z = np.broadcast_arrays(np.asarray(input, dtype=y.dtype).view(unsigned), np.asarray(other, dtype=y.dtype))
    beyond = (z < 0) | (z >= 8 * y.dtype.itemsize)
    return np.where(beyond, y, (x >> np.where(beyond, 0, z).astype(unsigned)).view(y.dtype))


ELEMENTWISE = (
    *wrong(
        "elementwise/remainder",
        (RemainderIsFmod, "*", "forward/output: "),
        (RemainderBySubtraction, "infinite-divisor-*", "differ in nan or inf"),
    ),
    *wrong("elementwise/fmod", (FmodIsRemainder, "*", "forward/output: ")),
    *wrong(
        "elementwise/floor_divide",
        (floor_divide_cut_off, "*", "forward/output: "),
        (floor_divide_of_quotient, "ties-*", "forward/output: "),
    ),
    *wrong(
        "elementwise/div",
        (FloorModeCutsOff, "*", "forward/output: "),
        (DivGradientSign, "*", "backward/grad_other: "),
    ),
    *wrong(
        "elementwise/round",
        (HalfAwayFromZero, "ties-*", "forward/output: "),
    ),
    *wrong("elementwise/frac", (FracOfFloor, "*", "forward/output: ")),
    *wrong("elementwise/trunc", (TruncIsFloor, "*", "forward/output: ")),
    *wrong("elementwise/ceil", (CeilOfFloor, "*", "forward/output: ")),
    *wrong("elementwise/sign", (SignOfNan, "edges-*", "differ in nan or inf")),
    *wrong("elementwise/abs", (AbsAtZero, "*", "backward/grad_input: ")),
    *wrong(
        "elementwise/clamp",
        (NoGradientAtTheLimits, "*", "backward/grad_input: "),
        (LowWins, "*", "forward/output: "),
    ),
    *wrong("elementwise/maximum", (FirstOfEquals, "*", "backward/grad_input: ")),
    *wrong("elementwise/minimum", (MinimumSkipsNan, "edges-*", "differ in nan or inf")),
    *wrong("elementwise/fmax", (FmaxOfNan, "edges-*", "differ in nan or inf")),
    *wrong("elementwise/copysign", (SignOfProduct, "*", "forward/output: ")),
    *wrong("elementwise/nan_to_num", (LimitsOfFloat32, "*", "forward/output: ")),
    *wrong("elementwise/isclose", (isclose_to_the_larger, "*", "forward/output: ")),
    *wrong("elementwise/heaviside", (heaviside_of_half, "*", "forward/output: ")),
    *wrong("elementwise/lerp", (WeightGradientSign, "*", "backward/grad_weight: ")),
    *wrong(
        "elementwise/atan2",
        (AnglesSwapped, "*", "forward/output: "),
        (AtanOfQuotient, "*", "forward/output: "),
    ),
    *wrong("elementwise/expm1", (ExpLessOne, "traps-tiny-*", "forward/output: ")),
    *wrong("elementwise/log1p", (LogOfSum, "traps-*", "forward/output: ")),
    *wrong("elementwise/sinh", (SinhByExp, "traps-*", "forward/output: ")),
    *wrong("elementwise/acosh", (AcoshByLog, "traps-overflow-*", "forward/output: ")),
    *wrong(
        "elementwise/asinh",
        (AsinhByLog, "traps-*", "forward/output: "),
        (AsinhBySignedLog, "traps-tiny-float32", "forward/output: "),
    ),
    *wrong(
        "elementwise/atanh",
        (AtanhByLog, "signed-zeros-*", "forward/output: "),
        (AtanhBySignedLog, "traps-tiny-float32", "forward/output: "),
    ),
    *wrong("elementwise/hypot", (HypotBySquares, "*", "forward/output: ")),
    *wrong(
        "elementwise/logaddexp",
        (LogaddexpByExp, "traps-*", "forward/output: "),
        (LogaddexpByLog, "traps-tiny-float32", "forward/output: "),
    ),
    *wrong("elementwise/logaddexp2", (Logaddexp2Natural, "*", "forward/output: ")),
    *wrong("elementwise/logit", (LogitUnclamped, "eps-*", "forward/output: ")),
    *wrong("elementwise/log2", (SlopeOfLog, "*", "backward/grad_input: ")),
    *wrong("elementwise/pow", (NanAtZeroBase, "*", "differ in nan or inf")),
    *wrong("elementwise/tan", (TanSlope, "*", "backward/grad_input: ")),
    *wrong("elementwise/acos", (AcosSlope, "*", "backward/grad_input: ")),
    *wrong("elementwise/sub", (SubAlphaIgnored, "*", "forward/output: ")),
    *wrong("elementwise/mul", (NoSumOverCopies, "*", "backward/grad_")),
    *wrong("elementwise/gcd", (gcd_with_sign, "*", "forward/output: ")),
    *wrong("elementwise/bitwise_right_shift", (right_shift_logical, "*", "forward/output: ")),
)
