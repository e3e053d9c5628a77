"""Linear systems in NumPy: inverses, determinants, factorizations with one answer, and what is solved with them."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.linalg import transpose
from harness.implementations.numpy.pointwise import unbroadcast
from harness.implementations.numpy.precision import Array, narrow

__all__ = [
    "Cholesky",
    "CholeskySolve",
    "Det",
    "HouseholderProduct",
    "Inv",
    "Lstsq",
    "Pinv",
    "Slogdet",
    "Solve",
    "SolveTriangular",
]


class Inv:
    """The inverse of square matrices. torch.linalg.inv.

    y = A^-1,    dA = -y^T dy y^T

    A: (..., n, n).
    """

    def forward(self, A: Array) -> Array:  # noqa: N803 - torch's own name, here and below
        """Return the inverse."""
        self.inverse = np.linalg.inv(A)
        return self.inverse

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of A."""
        t = transpose(self.inverse)
        return -t @ grad_output @ t


class Det:
    """The determinant of square matrices. torch.linalg.det.

    y = det A,    dA = dy y A^-T          (A invertible)

    A: (..., n, n), y: (...).
    """

    def forward(self, A: Array) -> Array:  # noqa: N803
        """Return the determinant; 1 of a matrix of size 0."""
        self.A, self.det = A, np.asarray(np.linalg.det(A), dtype=A.dtype)
        return self.det

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of A."""
        return narrow((grad_output * self.det)[..., None, None] * transpose(np.linalg.inv(self.A)), like=grad_output)


class Slogdet:
    """Sign and logarithm of the size of the determinant, where that itself would overflow. torch.linalg.slogdet.

    sign * exp(logabsdet) = det A,    dA = dlogabsdet A^-T

    A: (..., n, n). The sign is constant nearby and passes no gradient; a singular matrix has sign 0, logarithm -inf.
    """

    def forward(self, A: Array) -> tuple[Array, Array]:  # noqa: N803
        """Return sign and logabsdet."""
        self.A = A
        sign, logabsdet = np.linalg.slogdet(A)
        return np.asarray(sign, dtype=A.dtype), np.asarray(logabsdet, dtype=A.dtype)

    def backward(self, grad_logabsdet: Array) -> Array:
        """Return the gradient of A."""
        return narrow(grad_logabsdet[..., None, None] * transpose(np.linalg.inv(self.A)), like=grad_logabsdet)


class Pinv:
    """The Moore-Penrose inverse P of matrices of any shape and rank. torch.linalg.pinv.

        A = U diag(s) V^T,    P = V diag(1 / s) U^T

    where what is at most max(atol, rtol * s_max) counts as 0 and stays 0. Golub and Pereyra, SIAM J. Numer. Anal.
    10 (1973), give the derivative while the rank stays as it is; with dP the gradient of P,

        dA = -P^T dP P^T + (I - A P) dP^T P P^T + P^T P dP^T (I - P A)

    input A: (..., m, n), P: (..., n, m). rtol is max(m, n) * eps unless it or atol is given. A hermitian A is read from
    its lower triangle.
    """

    def __init__(self, atol: float | None = None, rtol: float | None = None, hermitian: bool = False) -> None:
        """Take what counts as 0, and whether A is symmetric."""
        self.atol, self.rtol, self.hermitian = atol, rtol, hermitian

    def forward(self, input: Array) -> Array:
        """Return the pseudo-inverse."""
        a = np.tril(input) + transpose(np.tril(input, -1)) if self.hermitian else input
        self.a = a
        rtol = self.rtol
        if rtol is None:
            rtol = 0.0 if self.atol else max(a.shape[-2:]) * float(np.finfo(a.dtype).eps)
        u, s, vt = np.linalg.svd(a, full_matrices=False)
        large = s > np.maximum(self.atol or 0.0, rtol * s.max(axis=-1, keepdims=True, initial=0.0))
        inverted = np.where(large, 1 / np.where(large, s, 1.0), 0.0)
        self.P = narrow((transpose(vt) * inverted[..., None, :]) @ transpose(u), like=a)
        return self.P

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        a, p, dp = self.a, self.P, grad_output
        left, right = np.eye(a.shape[-2], dtype=a.dtype) - a @ p, np.eye(a.shape[-1], dtype=a.dtype) - p @ a
        pt, dpt = transpose(p), transpose(dp)
        gradient: Array = -pt @ dp @ pt + left @ dpt @ p @ pt + pt @ p @ dpt @ right
        return gradient


class Lstsq:
    """The X of smallest norm among those that make |A X - B| smallest. torch.linalg.lstsq, its `solution`.

        X = P B,    dP = dX B^T,    dB = P^T dX          (P the pseudo-inverse of A, see `Pinv`)

    A: (..., m, n) of full rank, B: (..., m, k), X: (..., n, k). `driver` names LAPACK's algorithm, not the answer.
    """

    def __init__(self, driver: str = "gelsy") -> None:
        """Take the name of LAPACK's algorithm, which plays no part here."""
        self.driver = driver

    def forward(self, A: Array, B: Array) -> Array:  # noqa: N803
        """Return the solution."""
        self.pinv, self.B = Pinv(), B
        self.P = self.pinv.forward(A)
        solution: Array = self.P @ B
        return solution

    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of A and B."""
        return self.pinv.backward(grad_output @ transpose(self.B)), transpose(self.P) @ grad_output


class Solve:
    """The X of A X = B, or with left = False of X A = B. torch.linalg.solve.

        left    X = A^-1 B,    dB = A^-T dX,    dA = -dB X^T
        right   X = B A^-1,    dB = dX A^-T,    dA = -X^T dB

    A: (..., n, n), B: (..., n, k) or (..., k, n) if not left; batches broadcast. B is a vector, or a batch of them,
    when it has one dimension, or is A without its last dimension: (..., n).
    """

    def __init__(self, left: bool = True) -> None:
        """Take on which side of X the matrix stands."""
        self.left = left

    def solve(self, A: Array, B: Array) -> Array:  # noqa: N803
        """Return A^-1 B."""
        return np.linalg.solve(A, B)

    def forward(self, A: Array, B: Array) -> Array:  # noqa: N803
        """Return the solution."""
        self.A, self.shape = A, B.shape
        self.vector = B.ndim == 1 or B.shape == A.shape[:-1]
        b = B[..., None] if self.vector else B
        self.X = self.solve(A, b) if self.left else transpose(self.solve(transpose(A), transpose(b)))
        return self.X[..., 0] if self.vector else self.X

    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of A and B, each summed over what it was broadcast to."""
        dx = grad_output[..., None] if self.vector else grad_output
        if self.left:
            db = self.solve(transpose(self.A), dx)
            da = -db @ transpose(self.X)
        else:
            db = transpose(self.solve(self.A, transpose(dx)))
            da = -transpose(self.X) @ db
        db = db[..., 0] if self.vector else db
        return unbroadcast(da, self.A.shape), unbroadcast(db, self.shape)


class SolveTriangular(Solve):
    """`Solve` with a triangular matrix, the other triangle not being looked at. torch.linalg.solve_triangular.

    unitriangular: the diagonal is not looked at either and counts as ones. What is not looked at has gradient 0.
    """

    def __init__(self, upper: bool, left: bool = True, unitriangular: bool = False) -> None:
        """Take the triangle, the side, and what the diagonal is."""
        super().__init__(left)
        self.upper, self.unitriangular = upper, unitriangular

    def triangle(self, a: Array) -> Array:
        """Return `a` with 0 where it is not looked at."""
        k = 1 if self.unitriangular else 0
        return np.triu(a, k) if self.upper else np.tril(a, -k)

    def forward(self, input: Array, B: Array) -> Array:  # noqa: N803
        """Return the solution."""
        diagonal = np.eye(input.shape[-1], dtype=input.dtype) * self.unitriangular
        return super().forward(self.triangle(input) + diagonal, B)

    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of input and B."""
        da, db = super().backward(grad_output)
        return self.triangle(da), db


class Cholesky:
    """The triangular root of symmetric positive definite matrices. torch.linalg.cholesky; arXiv 1602.07527.

        A = L L^T, L lower triangular with a positive diagonal;  upper: A = U^T U, U = L^T
        S = tril(L^T dL), its diagonal halved
        dA = L^-T (S + S^T) / 2 L^-1

    input A: (..., n, n). Only its lower triangle is looked at (upper: its upper one), yet its gradient is symmetric.
    """

    def __init__(self, upper: bool = False) -> None:
        """Take which triangle to return."""
        self.upper = upper

    def forward(self, input: Array) -> Array:
        """Return L, or U."""
        self.L = np.linalg.cholesky(transpose(input) if self.upper else input)
        return transpose(self.L) if self.upper else self.L

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dl = transpose(grad_output) if self.upper else grad_output
        s = np.tril(transpose(self.L) @ dl)
        symmetric = (np.tril(s, -1) + transpose(s)) / 2
        inverse = np.linalg.inv(self.L)
        return transpose(inverse) @ symmetric @ inverse


class CholeskySolve:
    """The X of A X = B, given the Cholesky factor L of A = L L^T (upper: U of A = U^T U). torch.cholesky_solve.

        X = L^-T (L^-1 B),    dB = L^-T (L^-1 dX),    dA = -dB X^T
        dL = (dA + dA^T) L,    dU = U (dA + dA^T)

    A itself is not formed: its condition number is the square of the factor's.
    input B: (..., n, k), input2 L or U: (..., n, n).
    """

    def __init__(self, upper: bool = False) -> None:
        """Take which triangle the factor is."""
        self.upper = upper

    def forward(self, input: Array, input2: Array) -> Array:
        """Return the solution."""
        self.factor = np.triu(input2) if self.upper else np.tril(input2)
        self.X = self._solve(input)
        return self.X

    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of both inputs."""
        db = self._solve(grad_output)
        da = -db @ transpose(self.X)
        both = da + transpose(da)
        return db, self.factor @ both if self.upper else both @ self.factor

    def _solve(self, right: Array) -> Array:
        lower = transpose(self.factor) if self.upper else self.factor
        return np.asarray(np.linalg.solve(transpose(lower), np.linalg.solve(lower, right)))


class HouseholderProduct:
    """The first n columns of Q = H_1 H_2 ... H_k, H_i = I - tau_i v_i v_i^T. torch.linalg.householder_product.

        v_i = (0, ..., 0, 1, A[i+1:, i])          (what stands on and above A's diagonal is not looked at)
        M_k = the first n columns of I,    M_(i-1) = H_i M_i,    Q = M_0

    Backward, with G the gradient of M_(i-1); that of M_i is H_i G:

        dtau_i = -(v^T G) (v^T M_i)^T,    dv_i = -tau_i (G M_i^T v + M_i G^T v)

    input A: (..., m, n) with m >= n, tau: (..., k) with k <= n, Q: (..., m, n). What LAPACK calls orgqr.
    """

    def forward(self, input: Array, tau: Array) -> Array:
        """Return Q."""
        m, n = input.shape[-2:]
        below = np.tril(input, -1) + np.eye(m, n, dtype=input.dtype)
        product: Array = np.zeros_like(input) + np.eye(m, n, dtype=input.dtype)
        self.steps: list[tuple[int, Array, Array, Array]] = []  #: i, tau_i, v_i as a column, M_i; the first one first
        for i in reversed(range(tau.shape[-1])):
            v, t = below[..., i : i + 1], tau[..., i, None, None]
            self.steps.insert(0, (i, t, v, product))
            product = product - t * v @ (transpose(v) @ product)
        self.tau = tau
        return product

    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of input and tau."""
        g, dinput, dtau = grad_output, np.zeros_like(grad_output), np.zeros_like(self.tau)
        for i, t, v, product in self.steps:
            vg, vm = transpose(v) @ g, transpose(v) @ product  # rows
            dtau[..., i] = -(vg * vm).sum(axis=(-2, -1))
            dv = -t * (g @ transpose(vm) + product @ transpose(vg))
            dinput[..., i + 1 :, i] = dv[..., i + 1 :, 0]
            g = g - t * v @ vg
        return dinput, dtau
