"""Linear algebra and Fourier transforms: autograd.numpy.linalg and autograd.numpy.fft under torch's names."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp

from harness.errors import Unsupported
from harness.implementations.framework import Operator


def cholesky(input: Any, *, upper: bool = False) -> Any:
    """anp.linalg.cholesky, the lower one."""
    if upper:
        raise Unsupported("autograd.numpy.linalg.cholesky gives the lower one only")
    return anp.linalg.cholesky(input)


def eigh(input: Any, *, UPLO: str = "L") -> Any:  # noqa: N803 - torch's own name
    """anp.linalg.eigh."""
    return tuple(anp.linalg.eigh(input, UPLO))


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """anp.matmul with the transposed weight."""
    answer = anp.matmul(input, weight.T)
    return answer if bias is None else answer + bias


def matrix_norm(input: Any, *, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False) -> Any:
    """anp.linalg.norm of matrices, whose axes do not stay."""
    if keepdim:
        raise Unsupported("autograd.numpy.linalg.norm keeps no axes")
    return anp.linalg.norm(input, ord, tuple(dim))


def pinv(input: Any) -> Any:
    """anp.linalg.pinv."""
    return anp.linalg.pinv(input)


def slogdet(A: Any) -> Any:  # noqa: N803 - torch's own name
    """anp.linalg.slogdet."""
    return tuple(anp.linalg.slogdet(A))


def solve(A: Any, B: Any, *, left: bool = True) -> Any:  # noqa: N803 - torch's own names
    """anp.linalg.solve, of vectors in a batch each as a matrix of one column."""
    if not left:
        raise Unsupported("autograd.numpy.linalg.solve solves from the left")
    if A.ndim == B.ndim + 1 and B.ndim > 1:
        return anp.linalg.solve(A, B[..., None])[..., 0]
    return anp.linalg.solve(A, B)


def svd(A: Any, *, full_matrices: bool = True) -> Any:  # noqa: N803 - torch's own name
    """anp.linalg.svd."""
    return tuple(anp.linalg.svd(A, full_matrices))


def _one(function: Operator) -> Operator:
    """Return a Fourier transform along one axis."""

    def transform(input: Any, *, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
        return function(input, n, dim, norm)

    return transform


def fftshift(input: Any, *, dim: Any = None) -> Any:
    """anp.fft.fftshift."""
    return anp.fft.fftshift(input, dim)


def ifftshift(input: Any, *, dim: Any = None) -> Any:
    """anp.fft.ifftshift."""
    return anp.fft.ifftshift(input, dim)


LINALG = {
    "bmm": anp.matmul,
    "cholesky": cholesky,
    "det": anp.linalg.det,
    "eigh": eigh,
    "fft": _one(anp.fft.fft),
    "fftshift": fftshift,
    "ifft": _one(anp.fft.ifft),
    "ifftshift": ifftshift,
    "inv": anp.linalg.inv,
    "irfft": _one(anp.fft.irfft),
    "linear": linear,
    "matmul": anp.matmul,
    "matrix_norm": matrix_norm,
    "mm": anp.matmul,
    "mv": anp.matmul,
    "pinv": pinv,
    "rfft": _one(anp.fft.rfft),
    "slogdet": slogdet,
    "solve": solve,
    "svd": svd,
}
