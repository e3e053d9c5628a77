"""Products of matrices in NumPy: matmul and its relatives, powers, the Vandermonde matrix."""

from __future__ import annotations

import functools

import numpy as np

from harness.implementations.numpy.pointwise import unbroadcast
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = [
    "Addbmm",
    "Addmm",
    "Addmv",
    "Baddbmm",
    "Bmm",
    "Matmul",
    "MatrixPower",
    "Mm",
    "MultiDot",
    "Mv",
    "Vander",
]


def transpose(a: Array) -> Array:
    """Return the transposed matrices of a stack (..., m, n)."""
    return np.swapaxes(a, -1, -2)


class Matmul:
    """Product over the last axis of `input` and the last but one of `other`. torch.matmul; the rule is NumPy's.

        y = a b,    da = dy b^T,    db = a^T dy

    a: (..., m, k), b: (..., k, n), y: (..., m, n); what stands before broadcasts, and gradients are summed over copies.
    A vector a is a row (1, k), a vector b a column (k, 1), and that axis is not in y.
    """

    @nan_is_meant
    def forward(self, input: Array, other: Array) -> Array:
        """Return the product."""
        self.input, self.other = input, other
        return narrow(np.matmul(widen(input), widen(other)), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of both factors, each in the shape that came in."""
        a, b, dy = widen(self.input), widen(self.other), widen(grad_output)
        row, column = a.ndim == 1, b.ndim == 1
        a = a[np.newaxis, :] if row else a
        b = b[:, np.newaxis] if column else b
        dy = np.expand_dims(dy, -1) if column else dy
        dy = np.expand_dims(dy, -2) if row else dy
        da, db = unbroadcast(dy @ transpose(b), a.shape), unbroadcast(transpose(a) @ dy, b.shape)
        da, db = da.reshape(self.input.shape), db.reshape(self.other.shape)
        return narrow(da, like=grad_output), narrow(db, like=grad_output)


class Mm(Matmul):
    """The product of two matrices, nothing broadcast. torch.mm. input: (m, k), mat2: (k, n), y: (m, n)."""

    def forward(self, input: Array, mat2: Array) -> Array:
        """Return the product."""
        return super().forward(input, mat2)


class Bmm(Matmul):
    """The products of two stacks of matrices. torch.bmm. input: (b, m, k), mat2: (b, k, n), y: (b, m, n)."""

    def forward(self, input: Array, mat2: Array) -> Array:
        """Return the products."""
        return super().forward(input, mat2)


class Mv(Matmul):
    """A matrix times a vector. torch.mv. input: (m, k), vec: (k), y: (m)."""

    def forward(self, input: Array, vec: Array) -> Array:
        """Return the product."""
        return super().forward(input, vec)


class _ScaledSum:
    """y = beta * input + alpha * (a b), the sum broadcasting `input`; beta = 0 ignores it, nan and inf included.

    dinput = beta * dy, summed over copies; the product's upstream gradient is alpha * dy.
    """

    def __init__(self, beta: float = 1, alpha: float = 1) -> None:
        """Take the factor of what is added to, and of the product."""
        self.beta, self.alpha = beta, alpha
        self.product = Matmul()

    @nan_is_meant
    def add(self, input: Array, a: Array, b: Array) -> Array:
        """Return beta * input + alpha * (a b)."""
        self.input = input
        scaled = self.product.forward(widen(a), widen(b)) * self.alpha
        return narrow(scaled + widen(input) * self.beta if self.beta else scaled, like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, Array, Array]:
        """Return the gradients of the three inputs."""
        dy = widen(grad_output)
        dinput = unbroadcast(dy * self.beta, self.input.shape)
        da, db = self.product.backward(dy * self.alpha)
        return narrow(dinput, like=grad_output), narrow(da, like=grad_output), narrow(db, like=grad_output)


class Addmm(_ScaledSum):
    """beta * input + alpha * (mat1 mat2). torch.addmm. input: broadcasts to (m, n), mat1: (m, k), mat2: (k, n)."""

    def forward(self, input: Array, mat1: Array, mat2: Array) -> Array:
        """Return the sum, (m, n)."""
        return self.add(input, mat1, mat2)


class Addmv(_ScaledSum):
    """beta * input + alpha * (mat vec). torch.addmv. input: broadcasts to (m), mat: (m, k), vec: (k)."""

    def forward(self, input: Array, mat: Array, vec: Array) -> Array:
        """Return the sum, (m)."""
        return self.add(input, mat, vec)


class Baddbmm(_ScaledSum):
    """beta * input + alpha * (batch1 batch2), matrix by matrix. torch.baddbmm.

    input: broadcasts to (b, m, n), batch1: (b, m, k), batch2: (b, k, n).
    """

    def forward(self, input: Array, batch1: Array, batch2: Array) -> Array:
        """Return the sums, (b, m, n)."""
        return self.add(input, batch1, batch2)


class Addbmm(_ScaledSum):
    """beta * input + alpha * (sum over the batch of batch1 batch2). torch.addbmm.

    input: broadcasts to (m, n), batch1: (b, m, k), batch2: (b, k, n). The sum over the batch is one long product:
    the matrices of batch1 side by side, (m, b k), times those of batch2 one above the other, (b k, n).
    """

    def forward(self, input: Array, batch1: Array, batch2: Array) -> Array:
        """Return the sum, (m, n)."""
        self.shapes = batch1.shape, batch2.shape
        (b, m, k), n = batch1.shape, batch2.shape[-1]
        return self.add(input, batch1.transpose(1, 0, 2).reshape(m, b * k), batch2.reshape(b * k, n))

    def backward(self, grad_output: Array) -> tuple[Array, Array, Array]:
        """Return the gradients of the three inputs."""
        dinput, da, db = super().backward(grad_output)
        (b, m, k), second = self.shapes
        return dinput, da.reshape(m, b, k).transpose(1, 0, 2), db.reshape(second)


class MultiDot:
    """The product of a list of matrices. torch.linalg.multi_dot; the first may be a row vector, the last a column.

        y = A_1 A_2 ... A_n,    dA_i = (A_1 ... A_(i-1))^T dy (A_(i+1) ... A_n)^T

    The order of the products changes the cost and the rounding, not the answer.
    """

    @nan_is_meant
    def forward(self, tensors: tuple[Array, ...]) -> Array:
        """Return the product."""
        self.tensors = [widen(a) for a in tensors]
        return narrow(functools.reduce(np.matmul, self.tensors), like=tensors[0])

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradient of each factor, in the shape that came in."""
        matrices = list(self.tensors)
        matrices[0] = np.atleast_2d(matrices[0])
        matrices[-1] = matrices[-1].reshape(len(matrices[-1]), *matrices[-1].shape[1:] or (1,))
        dy = widen(grad_output).reshape(len(matrices[0]), matrices[-1].shape[1])
        gradients = []
        for i, a in enumerate(self.tensors):
            gradient = dy
            for before in matrices[:i]:
                gradient = transpose(before) @ gradient
            for after in reversed(matrices[i + 1 :]):
                gradient = gradient @ transpose(after)
            gradients.append(narrow(gradient.reshape(a.shape), like=grad_output))
        return tuple(gradients)


class MatrixPower:
    """A^n of square matrices, by repeated product; n < 0 takes the inverse first. torch.linalg.matrix_power.

        dA = sum over k = 0 .. n-1 of (A^T)^k dy (A^T)^(n-1-k)          (by Horner's rule)

    and for n < 0, with B = A^-1 and its gradient dB: dA = -B^T dB B^T. A: (..., m, m); n = 0 gives the identity.
    """

    def __init__(self, n: int) -> None:
        """Take the exponent."""
        self.n = n

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the power."""
        self.base = np.linalg.inv(widen(input)) if self.n < 0 else widen(input)
        return narrow(np.linalg.matrix_power(self.base, abs(self.n)), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dy, base = widen(grad_output), transpose(self.base)
        gradient = right = dy if self.n else np.zeros_like(dy)
        for _ in range(abs(self.n) - 1):
            right = right @ base
            gradient = base @ gradient + right
        return narrow(-base @ gradient @ base if self.n < 0 else gradient, like=grad_output)


class Vander:
    """The Vandermonde matrix: powers 0 .. N-1 of x along a new last axis. torch.linalg.vander (powers increase).

        y[..., j] = x^j,    dx = sum over j of j x^(j-1) dy[..., j]

    x: (..., n), y: (..., n, N); N = n when it is not given.
    """

    def __init__(self, N: int | None = None) -> None:  # noqa: N803 - torch's own name
        """Take the number of powers."""
        self.count = N

    @nan_is_meant
    def forward(self, x: Array) -> Array:
        """Return the powers; x^0 is 1 for every x."""
        self.x = x
        count = x.shape[-1] if self.count is None else self.count
        return np.asarray(x[..., np.newaxis] ** np.arange(count), dtype=x.dtype)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of x."""
        j = np.arange(1, grad_output.shape[-1])
        slope = j * self.x[..., np.newaxis] ** (j - 1)
        return narrow((grad_output[..., 1:] * slope).sum(axis=-1), like=grad_output)
