"""Singular values, eigenvalues and what is made of them in NumPy: factorizations, the exponential, matrix norms."""

from __future__ import annotations

import numpy as np

from harness.errors import Unsupported
from harness.implementations.numpy.linalg import transpose
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["Eigh", "Eigvalsh", "MatrixExp", "MatrixNorm", "Svd", "Svdvals", "qr"]


class Svd:
    """The singular value decomposition A = U diag(S) Vh. torch.linalg.svd.

        dA = U diag(dS) Vh          (the gradient of S; that of U and Vh depends on their signs and is not offered)

    A: (..., m, n), U: (..., m, k), S: (..., k) from large to small, Vh: (..., k, n), k = min(m, n);
    full_matrices: U (..., m, m) and Vh (..., n, n). A column of U and its row of Vh may both be turned.
    """

    def __init__(self, full_matrices: bool = True) -> None:
        """Take whether U and Vh are square."""
        self.full_matrices = full_matrices

    def forward(self, A: Array) -> tuple[Array, Array, Array]:  # noqa: N803 - torch's own name
        """Return U, S and Vh."""
        u, s, vh = np.linalg.svd(A, full_matrices=self.full_matrices)
        k = s.shape[-1]
        self.u, self.vh = u[..., :k], vh[..., :k, :]
        return u, s, vh

    def backward(self, grad_s: Array) -> Array:
        """Return the gradient of A."""
        gradient: Array = (self.u * grad_s[..., np.newaxis, :]) @ self.vh
        return gradient


class Svdvals(Svd):
    """The singular values S alone, from large to small. torch.linalg.svdvals. dA = U diag(dS) Vh."""

    def __init__(self) -> None:
        """Take nothing."""
        super().__init__(full_matrices=False)

    def forward(self, A: Array) -> Array:  # type: ignore[override]  # noqa: N803
        """Return S."""
        return super().forward(A)[1]


class Eigh:
    """The eigenvalues w and eigenvectors of symmetric matrices, A = V diag(w) V^T. torch.linalg.eigh.

        dA = V diag(dw) V^T         (the gradient of w; that of V depends on its signs and is not offered)

    A: (..., n, n), of which only the lower triangle is looked at (UPLO = "U": the upper one), w: (..., n) from small
    to large, V: (..., n, n), its columns the eigenvectors. Each may be turned.
    """

    def __init__(self, UPLO: str = "L") -> None:  # noqa: N803
        """Take which triangle to look at."""
        self.upper = UPLO.upper() == "U"

    def forward(self, input: Array) -> tuple[Array, Array]:
        """Return eigenvalues and eigenvectors."""
        values, self.vectors = np.linalg.eigh(input, "U" if self.upper else "L")
        return values, self.vectors

    def backward(self, grad_values: Array) -> Array:
        """Return the gradient of the input."""
        return (self.vectors * grad_values[..., np.newaxis, :]) @ transpose(self.vectors)


class Eigvalsh(Eigh):
    """The eigenvalues alone, from small to large. torch.linalg.eigvalsh. dA = V diag(dw) V^T."""

    def forward(self, input: Array) -> Array:  # type: ignore[override]
        """Return the eigenvalues."""
        return super().forward(input)[0]


def qr(A: Array, mode: str = "reduced") -> dict[str, Array]:  # noqa: N803
    """Return Q, its columns orthonormal, and R, upper triangular, with A = Q R. torch.linalg.qr.

    A: (..., m, n), Q: (..., m, k), R: (..., k, n), k = min(m, n), or m in mode "complete"; mode "r" has R alone. A
    column of Q and its row of R may both be turned.
    """
    if mode == "r":
        return {"R": np.asarray(np.linalg.qr(A, mode="r"))}
    if mode == "complete":
        q, r = np.linalg.qr(A, mode="complete")
    else:
        q, r = np.linalg.qr(A, mode="reduced")
    return {"Q": q, "R": r}


def exponential(a: Array) -> Array:
    """Return exp(a) of square matrices: exp(a / 2^k)^(2^k), with Taylor's series where the norm is at most 1 / 2.

    scipy.linalg.expm has a closed form for 2 x 2 matrices that loses hundreds of times as much.
    """
    norm = float(np.abs(a).sum(axis=-1).max(initial=0.0))
    k = max(0, int(np.frexp(norm)[1]) + 1) if np.isfinite(norm) else 0
    total: Array = np.zeros_like(a) + np.eye(a.shape[-1], dtype=a.dtype)
    term = total
    for i in range(1, 19):  # 2^-19 / 19! is below every rounding
        term = term @ a / (2.0**k * i)
        total = total + term
    for _ in range(k):
        total = total @ total
    return total


class MatrixExp:
    """exp(A) = I + A + A^2 / 2 + A^3 / 6 + ... of square matrices. torch.linalg.matrix_exp.

    The gradient is a block of the exponential of a matrix twice as large (Al-Mohy and Higham, SIAM J. Matrix Anal.
    Appl. 30 (2009)):

        exp [[A^T, dy], [0, A^T]] = [[exp A^T, dA], [0, exp A^T]]

    A: (..., n, n).
    """

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the exponential."""
        self.a = input
        return exponential(input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        at, n = transpose(self.a), self.a.shape[-1]
        blocks = np.zeros((*at.shape[:-2], 2 * n, 2 * n), dtype=at.dtype)
        blocks[..., :n, :n] = blocks[..., n:, n:] = at
        blocks[..., :n, n:] = grad_output
        return exponential(blocks)[..., :n, n:]


class MatrixNorm:
    """A norm of the matrices along two axes. torch.linalg.matrix_norm.

        fro      (sum a^2)^(1/2)                  dA = a / y, 0 where y is 0
        1, -1    max, min of the columns' sums    dA = sign(a) in that column
                 of |a|                           (shared equally among equal columns)
        inf      as 1, of the rows                dA = sign(a) in that row
        nuc      sum of the singular values       dA = U Vh
        2, -2    max, min of the singular values  dA = u v^T of that one

    x: any shape with at least two axes; dim names the axis of the rows' index and that of the columns'.
    """

    def __init__(self, ord: float | str = "fro", dim: tuple[int, int] = (-2, -1), keepdim: bool = False) -> None:
        """Take which norm, along which axes, and whether these stay, of size 1."""
        if ord not in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
            raise Unsupported(f"no matrix norm of order {ord!r}")
        self.ord, self.dim, self.keepdim = ord, tuple(dim), keepdim

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the norm, and keep its slope."""
        a = np.moveaxis(widen(input), self.dim, (-2, -1))
        if self.ord == "fro":
            norm = np.sqrt(np.square(a).sum(axis=(-2, -1), keepdims=True))
            self.slope = np.where(norm == 0, 0.0, a / norm)
        elif self.ord in ("nuc", 2, -2):
            norm, self.slope = self._of_singular_values(a)
        else:
            norm, self.slope = self._of_sums(a)
        norm = np.moveaxis(norm, (-2, -1), self.dim)
        return narrow(norm if self.keepdim else norm.squeeze(self.dim), like=input)

    def _of_singular_values(self, a: Array) -> tuple[Array, Array]:
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        if self.ord == "nuc":
            return s.sum(axis=-1)[..., None, None], u @ vh
        i = 0 if self.ord == 2 else s.shape[-1] - 1  # noqa: PLR2004 - the order of the norm
        return s[..., i, None, None], u[..., i : i + 1] @ vh[..., i : i + 1, :]

    def _of_sums(self, a: Array) -> tuple[Array, Array]:
        """Return the largest or smallest sum of |a| along columns (1, -1) or rows, and its slope."""
        along, across = (-2, -1) if self.ord in (1, -1) else (-1, -2)
        sums = np.abs(a).sum(axis=along, keepdims=True)
        extreme = np.max if float(self.ord) > 0 else np.min
        norm = extreme(sums, axis=across, keepdims=True)
        chosen = sums == norm
        return norm, np.sign(a) * chosen / chosen.sum(axis=across, keepdims=True)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dy = widen(grad_output)
        dy = np.moveaxis(dy, self.dim, (-2, -1)) if self.keepdim else dy[..., np.newaxis, np.newaxis]
        return narrow(np.moveaxis(dy * self.slope, (-2, -1), self.dim), like=grad_output)
