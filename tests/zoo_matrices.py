"""Wrong linear algebra and Fourier transforms, one fault each.

The first line of each docstring says what is wrong; the tuple at the end says what replay must make of it.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.fft
from zoo import ForwardOnly, wrong

from harness.implementations import numpy as right
from harness.implementations.numpy.fft import resized
from harness.implementations.numpy.precision import narrow, widen

Array: TypeAlias = npt.NDArray[Any]


def turned(a: Array) -> Array:
    """Return the transposed matrices of a stack."""
    return np.swapaxes(a, -1, -2)


# -- products


class MatmulInHalf(right.Matmul):
    """It accumulates in the dtype of its input, which stalls in half precision."""

    def forward(self, input: Array, other: Array) -> Array:
        y = super().forward(input, other)
        if y.dtype.itemsize > 2 or input.ndim != 2 or other.ndim != 2:
            return y
        total = np.zeros_like(y)
        for k in range(input.shape[1]):
            total = total + input[:, k, np.newaxis] * other[k]
        return total


class GradientsSwapped(right.Matmul):
    """It does not transpose the factors in its gradients of square matrices."""

    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        da, db = super().backward(grad_output)
        a, b, dy = widen(self.input), widen(self.other), widen(grad_output)
        if a.ndim != 2 or a.shape != b.shape or a.shape[0] != a.shape[1]:
            return da, db
        return narrow(dy @ b, like=da), narrow(a @ dy, like=db)


class BetaZeroTimesNan(right.Addmm):
    """It computes 0 * nan where beta is 0."""

    def add(self, input: Array, a: Array, b: Array) -> Array:
        y = super().add(input, a, b)
        return y if self.beta else narrow(widen(y) + widen(input) * 0, like=y)


class AlphaOfTheSum(right.Baddbmm):
    """It multiplies the whole sum by alpha."""

    def add(self, input: Array, a: Array, b: Array) -> Array:
        y = super().add(input, a, b)
        return narrow(widen(y) + widen(input) * (self.beta * (self.alpha - 1)), like=y) if self.beta else y


class PowersDecrease(right.Vander):
    """Its powers decrease, as NumPy's do."""

    def forward(self, x: Array) -> Array:
        return super().forward(x)[..., ::-1]


class MatrixPowerOfElements(right.MatrixPower):
    """It takes the power of each element."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        (a,) = [*args, *given.values()]
        return y if self.n < 1 else np.asarray(a**self.n, dtype=y.dtype)


# -- factorizations and solvers


class VForVh(right.Svd):
    """It answers V, not its transpose, where that is square."""

    def forward(self, A: Array) -> tuple[Array, Array, Array]:  # noqa: N803
        u, s, vh = super().forward(A)
        return u, s, turned(vh) if vh.shape[-1] == vh.shape[-2] else vh


class SmallestFirst(right.Svdvals):
    """It answers the singular values from small to large."""

    def forward(self, A: Array) -> Array:  # type: ignore[override]  # noqa: N803
        return super().forward(A)[..., ::-1]


class EigenvectorsInRows(right.Eigh):
    """It has the eigenvectors in rows."""

    def forward(self, input: Array) -> tuple[Array, Array]:
        values, vectors = super().forward(input)
        return values, turned(vectors)


class AlwaysTheLower(right.Eigvalsh):
    """It looks at the lower triangle, whatever UPLO says."""

    def __init__(self, UPLO: str = "L") -> None:  # noqa: N803
        super().__init__("L")


class SolvesTheTransposed(right.Solve):
    """It solves with the transposed matrix, as for column-major memory."""

    def solve(self, A: Array, B: Array) -> Array:  # noqa: N803
        return np.linalg.solve(turned(A), B)


class SolveGradientSign(right.Solve):
    """Its gradient of the matrix lacks the sign."""

    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        da, db = super().backward(grad_output)
        return -da, db


class LooksAtTheDiagonal(right.SolveTriangular):
    """It ignores unitriangular."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "unitriangular": False})


class LooksAtBoth(right.SolveTriangular):
    """It looks at the other triangle too."""

    def triangle(self, a: Array) -> Array:
        return a - np.eye(a.shape[-1], dtype=a.dtype) * a if self.unitriangular else a


class UpperIsLower(right.Cholesky):
    """It ignores upper in its answer."""

    def forward(self, input: Array) -> Array:
        super().forward(input)
        return self.L


class InverseWithoutSign(right.Inv):
    """Its gradient lacks the sign."""

    def backward(self, grad_output: Array) -> Array:
        return -super().backward(grad_output)


class DetOfTheTransposed(right.Det):
    """Its gradient is not transposed."""

    def backward(self, grad_output: Array) -> Array:
        return turned(super().backward(grad_output))


class LogOfDet(right.Slogdet):
    """It is the logarithm of the determinant, which overflows."""

    def forward(self, A: Array) -> tuple[Array, Array]:  # noqa: N803
        super().forward(A)
        det = np.asarray(np.linalg.det(A), dtype=A.dtype)
        return np.sign(det), np.log(np.abs(det))


class NothingIsZero(right.Pinv):
    """It inverts the small singular values as well, but for 0 itself."""

    def __init__(self, atol: float | None = None, rtol: float | None = None, hermitian: bool = False) -> None:
        super().__init__(0.0, 0.0, hermitian)


class RatherLarge(right.Pinv):
    """Its rtol is 0.1 when it is left out."""

    def __init__(self, atol: float | None = None, rtol: float | None = None, hermitian: bool = False) -> None:
        super().__init__(atol, 0.1 if rtol is None and atol is None else rtol, hermitian)


class NormalEquations(right.Lstsq):
    """It solves the normal equations, which square the condition."""

    def forward(self, A: Array, B: Array) -> Array:  # noqa: N803
        solution = super().forward(A, B)
        if A.shape[-2] < A.shape[-1]:
            return solution
        return np.asarray(np.linalg.solve(turned(A) @ A, turned(A) @ B), dtype=solution.dtype)


class RowsForColumns(right.MatrixNorm):
    """It takes the norms 1 and inf for each other."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**params)
        self.ord = {1: math.inf, math.inf: 1}.get(self.ord, self.ord)  # type: ignore[arg-type]


class SeriesWithoutScaling(right.MatrixExp):
    """It sums twenty terms of the series, which is too few for large matrices."""

    def forward(self, input: Array) -> Array:
        super().forward(input)
        total = term = np.zeros_like(input) + np.eye(input.shape[-1], dtype=input.dtype)
        for i in range(1, 20):
            term = term @ input / np.asarray(i, dtype=input.dtype)
            total = total + term
        return np.asarray(total)


class ExpOfElements(right.MatrixExp):
    """It takes exp of each element."""

    def forward(self, input: Array) -> Array:
        super().forward(input)
        return np.exp(input)


# -- distances


class QuadraticExpansion(right.Cdist):
    """It expands the square for p = 2, which loses what is near."""

    def forward(self, x1: Array, x2: Array) -> Array:
        y = super().forward(x1, x2)
        if self.p != 2:
            return y
        squares = np.square(x1).sum(axis=-1)[..., np.newaxis] + np.square(x2).sum(axis=-1)[..., np.newaxis, :]
        return np.asarray(np.sqrt(np.maximum(squares - 2 * x1 @ turned(x2), 0)), dtype=y.dtype)


class SquaredDistance(right.Pdist):
    """It forgets the root of p = 2."""

    def forward(self, input: Array) -> Array:
        y = super().forward(input)
        return np.square(y) if self.p == 2 else y


class PairwiseWithoutEps(right.PairwiseDistance):
    """It adds nothing to the differences."""

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__(p, 0.0, keepdim)


class CosineWithoutEps(right.CosineSimilarity):
    """It does not bound the norms, so that a vector of zeros gives nan."""

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__(dim, 0.0)


class EpsOfTheProduct(right.CosineSimilarity):
    """It bounds the product of the norms, not each of them."""

    def forward(self, x1: Array, x2: Array) -> Array:
        y = super().forward(x1, x2)
        product = np.maximum(self.lengths[0] * self.lengths[1], self.eps)
        return narrow((self.vectors[0] * self.vectors[1] / product).sum(axis=self.dim), like=y)


LINALG = (
    *wrong(
        "linalg/matmul",
        (MatmulInHalf, "traps-*", "forward/output: "),
        (GradientsSwapped, "square-*", "backward/grad_input: "),
    ),
    *wrong("linalg/addmm", (BetaZeroTimesNan, "beta-0-*", "differ in nan or inf")),
    *wrong("linalg/baddbmm", (AlphaOfTheSum, "*", "forward/output: ")),
    *wrong("linalg/vander", (PowersDecrease, "*", "forward/output: ")),
    *wrong("linalg/matrix_power", (MatrixPowerOfElements, "*", "forward/output: ")),
    *wrong("linalg/svd", (VForVh, "*", "forward/")),
    *wrong("linalg/svdvals", (SmallestFirst, "*", "forward/output: ")),
    *wrong("linalg/eigh", (EigenvectorsInRows, "*", "forward/")),
    *wrong("linalg/eigvalsh", (AlwaysTheLower, "triangles-*", "forward/output: ")),
    *wrong(
        "linalg/solve",
        (SolvesTheTransposed, "*", "forward/output: "),
        (SolveGradientSign, "*", "backward/grad_A: "),
    ),
    *wrong(
        "linalg/solve_triangular",
        (LooksAtTheDiagonal, "params-*", "forward/output: "),
        (LooksAtBoth, "*", "forward/output: "),
    ),
    *wrong("linalg/cholesky", (UpperIsLower, "*", "forward/output: ")),
    *wrong("linalg/inv", (InverseWithoutSign, "*", "backward/grad_A: ")),
    *wrong("linalg/det", (DetOfTheTransposed, "*", "backward/grad_A: ")),
    *wrong("linalg/slogdet", (LogOfDet, "traps-float32-*", "forward/logabsdet: ")),
    *wrong(
        "linalg/pinv",
        (NothingIsZero, "*", "forward/output: "),
        (RatherLarge, "*", "forward/output: "),
    ),
    *wrong("linalg/lstsq", (NormalEquations, "traps-float64-*", "forward/output: ")),
    *wrong("linalg/matrix_norm", (RowsForColumns, "*", "forward/output: ")),
    *wrong(
        "linalg/matrix_exp",
        (SeriesWithoutScaling, "*", "forward/output: "),
        (ExpOfElements, "*", "forward/output: "),
    ),
    *wrong("linalg/cdist", (QuadraticExpansion, "*", "forward/output: ")),
    *wrong("linalg/pdist", (SquaredDistance, "*", "forward/output: ")),
    *wrong("linalg/pairwise_distance", (PairwiseWithoutEps, "*", "forward/output: ")),
    *wrong(
        "linalg/cosine_similarity",
        (CosineWithoutEps, "zeros-*", "differ in nan or inf"),
        (EpsOfTheProduct, "*", "forward/output: "),
    ),
)


# -- Fourier transforms


class NormTheOtherWay(right.Fft):
    """It takes the norms backward and forward for each other."""

    def __init__(self, n: int | None = None, dim: int = -1, norm: str | None = None) -> None:
        super().__init__(n, dim, {"forward": "backward", "ortho": "ortho"}.get(norm or "", "forward"))


class OrthoDividesByN(right.Fft):
    """It divides by n for ortho, not by its root."""

    def forward(self, input: Array) -> Array:
        y = super().forward(input)
        return np.asarray(y / np.sqrt(np.asarray(self.sizes[0], y.real.dtype))) if self.norm == "ortho" else y


class FilledUpInFront(ForwardOnly, right.Fft):
    """It fills up with zeros in front."""

    def forward(self, input: Array) -> Array:
        self.prepare(input)
        (axis,), (n,) = self.axes, self.sizes
        missing = n - input.shape[axis]
        y = super().forward(input)
        return y if missing <= 0 else super().forward(np.roll(resized(input, [n], [axis]), missing, axis))


class InverseUnscaled(right.Ifft):
    """It does not divide by n."""

    def __init__(self, n: int | None = None, dim: int = -1, norm: str | None = None) -> None:
        super().__init__(n, dim, norm if norm in ("ortho", "forward") else "forward")


class InverseIsConjugate(right.Ifft):
    """It transforms forward with 1 / n, without the conjugate."""

    def forward(self, input: Array) -> Array:
        self.prepare(input)
        return np.asarray(scipy.fft.fftn(input, self.sizes, self.axes, _TURNED[self.norm]))


_TURNED = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


class AlwaysEven(right.Irfft):
    """It makes an even number of samples of n, the last of an odd n being 0."""

    def forward(self, input: Array) -> Array:
        y = super().forward(input)
        (axis,), (n,) = self.axes, self.sizes
        if n % 2 == 0:
            return y
        even = (
            np.moveaxis(np.asarray(scipy.fft.irfft(input, n - 1, axis, self.norm)), axis, -1) if n > 1 else y[..., :0]
        )
        return np.moveaxis(np.concatenate([even, np.zeros((*even.shape[:-1], 1), y.dtype)], axis=-1), -1, axis)


class LastCountsTwice(right.Irfft):
    """Its gradient doubles the last number for an even n too."""

    def backward(self, grad_output: Array) -> Array:
        (size,) = self.sizes
        dx = np.moveaxis(super().backward(grad_output), self.axes[0], -1).copy()
        if size % 2 == 0 and dx.shape[-1] > size // 2 > 0:
            dx[..., size // 2] *= 2
        return np.moveaxis(dx, -1, self.axes[0])


class ConjugatesIncluded(right.Rfft):
    """Its gradient is that of the whole transform, the conjugates included."""

    def backward(self, grad_output: Array) -> Array:
        inverse = right.Irfft(self.sizes[0], self.axes[0], _TURNED[self.norm])
        return self.back(inverse.forward(grad_output))


class ConjugateForgotten(right.Hfft):
    """It forgets the conjugate."""

    def forward(self, input: Array) -> Array:
        return super().forward(np.conj(input))


class ShiftOfOddSizes(right.Ifftshift):
    """It is fftshift, which for odd sizes does not undo it."""

    sign = 1


class OneAxisOnly(right.Fft2):
    """It transforms along the last axis only."""

    def forward(self, input: Array) -> Array:
        self.prepare(input)
        x = resized(input, self.sizes, self.axes)
        return np.asarray(scipy.fft.fftn(x, None, self.axes[-1:], self.norm))


class PadModeIgnored(right.Stft):
    """It pads with zeros, whatever pad_mode says."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "pad_mode": "constant"})


class WindowAtTheStart(right.Stft):
    """It puts a short window at the start of the frame."""

    def whole(self, window: Array | None, like: Array) -> Array:
        w = super().whole(window, like)
        return np.roll(w, -((self.n_fft - self.win_length) // 2))


class WindowNotDividedOut(right.Istft):
    """It does not divide by the sum of the squared windows."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        weight = np.pad(self.weight, (0, max(y.shape[-1] - len(self.weight), 0)))
        return np.asarray(y * weight)


FFT = (
    *wrong(
        "fft/fft",
        (NormTheOtherWay, "*", "forward/output: "),
        (OrthoDividesByN, "*", "forward/output: "),
        (FilledUpInFront, "filled-up-*", "forward/output: "),
    ),
    *wrong(
        "fft/ifft",
        (InverseUnscaled, "*", "forward/output: "),
        (InverseIsConjugate, "*", "forward/output: "),
    ),
    *wrong(
        "fft/irfft",
        (AlwaysEven, "*", "forward/output: "),
        (LastCountsTwice, "*", "backward/grad_input: "),
    ),
    *wrong("fft/rfft", (ConjugatesIncluded, "*", "backward/grad_input: ")),
    *wrong("fft/hfft", (ConjugateForgotten, "*", "forward/output: ")),
    *wrong("fft/ifftshift", (ShiftOfOddSizes, "*", "forward/output: ")),
    *wrong("fft/fft2", (OneAxisOnly, "*", "forward/output: ")),
    *wrong(
        "fft/stft",
        (PadModeIgnored, "*", "forward/output: "),
        (WindowAtTheStart, "*", "forward/output: "),
    ),
    *wrong("fft/istft", (WindowNotDividedOut, "*", "forward/output: ")),
)
