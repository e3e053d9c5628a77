"""Sums of products over axes in NumPy: einsum and its relatives, and covariances."""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np

from harness.implementations.numpy.pointwise import unbroadcast
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["Corrcoef", "Cov", "Cross", "Dot", "Einsum", "Kron", "Outer", "Tensordot"]


class Einsum:
    """The sum of products that an equation names. torch.einsum; numpy.einsum.

    The gradient of an operand is an einsum, too: of dy and the other operands, to the letters of the operand. A letter
    that nothing else has is a sum over that axis alone, so that ones stand in for it; a letter that the operand has
    twice takes a diagonal, so that the second one is another letter, and an identity matrix ties them together.
    """

    def __init__(self, equation: str) -> None:
        """Take the equation."""
        self.equation = equation

    @nan_is_meant
    def forward(self, operands: Sequence[Array]) -> Array:
        """Return the sum of products."""
        self.operands = [widen(operand) for operand in operands]
        self.terms, self.answer = self._parsed()
        y = np.einsum(f"{','.join(self.terms)}->{self.answer}", *self.operands)
        return narrow(np.asarray(y), like=operands[0])

    def _parsed(self) -> tuple[list[str], str]:
        """Return the letters of each operand and of the answer, all written out."""
        left, arrow, answer = self.equation.replace(" ", "").partition("->")
        terms = left.split(",")
        letters = left.replace(",", "").replace(".", "")
        spare = [letter for letter in string.ascii_letters if letter not in letters]
        ranks = [x.ndim - len(term.replace("...", "")) for term, x in zip(terms, self.operands, strict=True)]
        dots = "".join(spare[: max(ranks)])
        if not arrow:
            answer = "..." + "".join(letter for letter in sorted(set(letters)) if letters.count(letter) == 1)
        terms = [term.replace("...", dots[len(dots) - rank :]) for term, rank in zip(terms, ranks, strict=True)]
        return terms, answer.replace("...", dots)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array | tuple[Array, ...]:
        """Return the gradient of each operand."""
        gradients = [narrow(self._gradient(k, widen(grad_output)), like=grad_output) for k in range(len(self.operands))]
        return tuple(gradients) if len(gradients) > 1 else gradients[0]

    def _gradient(self, k: int, dy: Array) -> Array:
        x = self.operands[k]
        terms = [self.answer, *self.terms[:k], *self.terms[k + 1 :]]
        factors = [dy, *self.operands[:k], *self.operands[k + 1 :]]
        spare = iter(letter for letter in string.ascii_letters if letter not in "".join(self.terms))
        target = ""
        for letter, size in zip(self.terms[k], x.shape, strict=True):
            if letter in target:
                other = next(spare)
                terms.append(letter + other)
                factors.append(np.eye(size, dtype=x.dtype))
                target += other
            else:
                if letter not in "".join(terms):
                    terms.append(letter)
                    factors.append(np.ones(size, dtype=x.dtype))
                target += letter
        return np.asarray(np.einsum(f"{','.join(terms)}->{target}", *factors))


class _TwoFactors:
    """What the products of two arrays share: both are kept, and their gradients rounded."""

    def keep(self, a: Array, b: Array) -> tuple[Array, Array]:
        """Keep both factors for `backward`, and return them in the dtype to compute with."""
        self.a, self.b = widen(a), widen(b)
        return self.a, self.b

    def gradients(self, dy: Array) -> tuple[Array, Array]:
        """Return the gradients of both, before they are rounded."""
        raise NotImplementedError

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of both factors."""
        da, db = self.gradients(widen(grad_output))
        return narrow(da, like=grad_output), narrow(db, like=grad_output)


class Tensordot(_TwoFactors):
    """The sum of a b over pairs of axes, the other axes of a before those of b. torch.tensordot; numpy.tensordot.

    dims: the axes of a and of b, or n for the last n of a and the first n of b.
    """

    def __init__(self, dims: int | Sequence[Sequence[int]] = 2) -> None:
        """Take the axes."""
        self.dims = dims

    @nan_is_meant
    def forward(self, a: Array, b: Array) -> Array:
        """Return the sum of products."""
        self.keep(a, b)
        n = self.dims
        pairs = (range(a.ndim - n, a.ndim), range(n)) if isinstance(n, int) else n
        self.over_a, self.over_b = [axis % a.ndim for axis in pairs[0]], [axis % b.ndim for axis in pairs[1]]
        return narrow(np.tensordot(self.a, self.b, axes=(self.over_a, self.over_b)), like=a)

    def gradients(self, dy: Array) -> tuple[Array, Array]:
        """Return the gradients: sums over what is left of the other factor, the axes put back in their order."""
        kept_a = [axis for axis in range(self.a.ndim) if axis not in self.over_a]
        kept_b = [axis for axis in range(self.b.ndim) if axis not in self.over_b]
        of_a, of_b = list(range(len(kept_a))), list(range(len(kept_a), dy.ndim))
        da = np.tensordot(dy, self.b, axes=(of_b, kept_b))  # kept_a, then over_b in the order of b
        db = np.tensordot(dy, self.a, axes=(of_a, kept_a))  # kept_b, then over_a in the order of a
        pairs = sorted(zip(self.over_b, self.over_a, strict=True))
        da = np.transpose(da, np.argsort(kept_a + [axis for _, axis in pairs]))
        pairs = sorted(zip(self.over_a, self.over_b, strict=True))
        db = np.transpose(db, np.argsort(kept_b + [axis for _, axis in pairs]))
        return da, db


class Kron(_TwoFactors):
    """y[i * m + j] = input[i] * other[j] along each axis, m the size of other. torch.kron; numpy.kron.

    Computed as an outer product with the axes (i_0, j_0, i_1, j_1, ...), shaped (i_0 j_0, i_1 j_1, ...).
    """

    @nan_is_meant
    def forward(self, input: Array, other: Array) -> Array:
        """Return the product."""
        a, b = self.keep(input, other)
        rank = max(a.ndim, b.ndim)
        self.left = (1,) * (rank - a.ndim) + a.shape
        self.right = (1,) * (rank - b.ndim) + b.shape
        self.first = a.reshape([size for n in self.left for size in (n, 1)])
        self.second = b.reshape([size for n in self.right for size in (1, n)])
        y = (self.first * self.second).reshape([m * n for m, n in zip(self.left, self.right, strict=True)])
        return narrow(y, like=input)

    def gradients(self, dy: Array) -> tuple[Array, Array]:
        """Return the gradients."""
        apart = dy.reshape([size for pair in zip(self.left, self.right, strict=True) for size in pair])
        da = unbroadcast(apart * self.second, self.first.shape).reshape(self.a.shape)
        db = unbroadcast(apart * self.first, self.second.shape).reshape(self.b.shape)
        return da, db


class Outer(_TwoFactors):
    """y[i, j] = input[i] * vec2[j]; dinput = dy vec2, dvec2 = dy^T input. torch.outer; numpy.outer."""

    @nan_is_meant
    def forward(self, input: Array, vec2: Array) -> Array:
        """Return the products."""
        self.keep(input, vec2)
        y = input[:, np.newaxis] * vec2 if input.dtype.kind in "iu" else self.a[:, np.newaxis] * self.b
        return narrow(y, like=input)

    def gradients(self, dy: Array) -> tuple[Array, Array]:
        """Return the gradients."""
        return dy @ self.b, dy.T @ self.a


class Dot(_TwoFactors):
    """y = sum of input[i] * tensor[i]; dinput = dy tensor, dtensor = dy input. torch.dot."""

    @nan_is_meant
    def forward(self, input: Array, tensor: Array) -> Array:
        """Return the sum."""
        a, b = self.keep(input, tensor)
        return narrow(np.asarray(a @ b), like=input)

    def gradients(self, dy: Array) -> tuple[Array, Array]:
        """Return the gradients."""
        return dy * self.b, dy * self.a


class Cross(_TwoFactors):
    """The vector product along an axis of size 3. torch.linalg.cross; numpy.cross.

    dinput = other x dy, dother = dy x input, summed over copies where the other axes broadcast.
    """

    def __init__(self, dim: int = -1) -> None:
        """Take the axis of the three components."""
        self.dim = dim

    @nan_is_meant
    def forward(self, input: Array, other: Array) -> Array:
        """Return the vector product."""
        a, b = self.keep(input, other)
        return narrow(np.cross(a, b, axis=self.dim), like=input)

    def gradients(self, dy: Array) -> tuple[Array, Array]:
        """Return the gradients."""
        da, db = np.cross(self.b, dy, axis=self.dim), np.cross(dy, self.a, axis=self.dim)
        return unbroadcast(da, self.a.shape), unbroadcast(db, self.b.shape)


class Cov:
    """The covariances of variables in rows, observed in columns. torch.cov; numpy.cov.

        y  = (X - m) diag(w) (X - m)^T / f,     dX = (dy + dy^T) (X - m) diag(w) / f

    w = fweights * aweights, v = sum w, m = X w / v; f = v - correction * (sum(w aweights) / v, 1 without aweights), at
    least 0. X: (variables, n) or (n); m has no part in the gradient, for the weighted rests add up to 0.
    """

    def __init__(self, correction: int = 1) -> None:
        """Take what is subtracted from the sum of the weights."""
        self.correction = correction

    @nan_is_meant
    def forward(self, input: Array, fweights: Array | None = None, aweights: Array | None = None) -> Array:
        """Return the covariances, a scalar for a single variable."""
        self.shape = input.shape
        x = np.atleast_2d(widen(input))
        w = np.ones(x.shape[1], dtype=x.dtype)
        w = w if fweights is None else w * fweights.astype(x.dtype)
        share = np.ones((), dtype=x.dtype)
        if aweights is not None:
            w = w * widen(aweights)
            share = (w * widen(aweights)).sum() / w.sum()
        self.factor = np.maximum(w.sum() - self.correction * share, 0)
        rest = x - ((x * w).sum(axis=1) / w.sum())[:, np.newaxis]
        self.weighted = rest * w
        y = self.weighted @ rest.T / self.factor
        return narrow(y if input.ndim > 1 else y.reshape(()), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dy = np.atleast_2d(widen(grad_output))
        return narrow(((dy + dy.T) @ self.weighted / self.factor).reshape(self.shape), like=grad_output)


class Corrcoef:
    """Correlation coefficients of variables in rows, observed in columns. torch.corrcoef; numpy.corrcoef.

    y_ij = c_ij / (s_i s_j),   c = cov(X), s_i = sqrt(c_ii);   within [-1, 1]
    dc_ij = dy_ij / (s_i s_j), and on the diagonal also - sum over j of (dy_ij y_ij + dy_ji y_ji) / (2 c_ii)
    """

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the coefficients, a scalar for a single variable."""
        self.cov = Cov()
        c = self.cov.forward(widen(input))
        if c.ndim == 0:
            return narrow(c / c, like=input)
        self.spread = np.sqrt(np.diag(c))
        self.y = np.clip(c / self.spread / self.spread[:, np.newaxis], -1, 1)
        return narrow(self.y, like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dy = widen(grad_output)
        dc = dy / self.spread / self.spread[:, np.newaxis]
        along = dy * self.y
        dc = dc - np.diag((along.sum(axis=0) + along.sum(axis=1)) / (2 * self.spread**2))
        return narrow(self.cov.backward(dc), like=grad_output)
