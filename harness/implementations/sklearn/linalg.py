"""scipy.linalg."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import linalg

from harness.errors import Unsupported


def cholesky(input: Any, upper: bool = False) -> Any:
    """scipy.linalg.cholesky."""
    return linalg.cholesky(input, lower=not upper)


def cholesky_solve(input: Any, input2: Any, upper: bool = False) -> Any:
    """scipy.linalg.cho_solve."""
    return linalg.cho_solve((input2, not upper), input)


def eigh(input: Any, UPLO: str = "L") -> Any:  # noqa: N803 - torch's own name, here and below
    """scipy.linalg.eigh."""
    return linalg.eigh(input, lower=UPLO == "L")


def eigvalsh(input: Any, UPLO: str = "L") -> Any:  # noqa: N803
    """scipy.linalg.eigvalsh."""
    return linalg.eigvalsh(input, lower=UPLO == "L")


def lstsq(A: Any, B: Any, driver: str = "gelsd") -> Any:  # noqa: N803
    """scipy.linalg.lstsq."""
    if driver not in ("gelsd", "gelsy", "gelss"):
        raise Unsupported(f"SciPy has no driver {driver!r}")
    return linalg.lstsq(A, B, lapack_driver=driver)[0]


def matrix_norm(input: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False) -> Any:
    """scipy.linalg.norm of two axes."""
    return linalg.norm(input, ord=ord, axis=tuple(dim), keepdims=keepdim)


def vector_norm(x: Any, ord: float = 2, dim: Any = None, keepdim: bool = False) -> Any:
    """scipy.linalg.norm of one axis, or of all in a row."""
    if isinstance(dim, list) or (keepdim and dim is None and np.ndim(x) != 1):
        raise Unsupported("SciPy takes the norm of a vector along one axis")
    whole = dim is None
    return linalg.norm(np.ravel(x) if whole else x, ord=ord, axis=None if whole else dim, keepdims=keepdim)


def pinv(input: Any, atol: float | None = None, rtol: float | None = None, hermitian: bool = False) -> Any:
    """scipy.linalg.pinv, or pinvh."""
    return (linalg.pinvh if hermitian else linalg.pinv)(input, atol=atol, rtol=rtol)


def qr(A: Any, mode: str = "reduced") -> Any:  # noqa: N803
    """scipy.linalg.qr."""
    if mode == "r":
        return {"R": linalg.qr(A, mode="economic")[1]}
    return linalg.qr(A, mode="full" if mode == "complete" else "economic")


def solve(A: Any, B: Any, left: bool = True) -> Any:  # noqa: N803
    """scipy.linalg.solve."""
    if not left:
        raise Unsupported("SciPy solves from the left")
    if B.ndim == A.ndim - 1 and B.ndim > 1:  # a batch of vectors is one of matrices to SciPy
        return linalg.solve(A, B[..., None])[..., 0]
    return linalg.solve(A, B)


def solve_triangular(input: Any, B: Any, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:  # noqa: N803
    """scipy.linalg.solve_triangular."""
    if not left:
        raise Unsupported("SciPy solves from the left")
    return linalg.solve_triangular(input, B, lower=not upper, unit_diagonal=unitriangular)


def svd(A: Any, full_matrices: bool = True) -> Any:  # noqa: N803
    """scipy.linalg.svd."""
    return linalg.svd(A, full_matrices=full_matrices)


def block_diag(tensors: Sequence[Any]) -> Any:
    """scipy.linalg.block_diag."""
    return linalg.block_diag(*tensors)


LINALG = {
    "block_diag": block_diag,
    "cholesky": cholesky,
    "cholesky_solve": cholesky_solve,
    "det": linalg.det,
    "eigh": eigh,
    "eigvalsh": eigvalsh,
    "inv": linalg.inv,
    "lstsq": lstsq,
    "matrix_norm": matrix_norm,
    "pinv": pinv,
    "qr": qr,
    "solve": solve,
    "solve_triangular": solve_triangular,
    "svd": svd,
    "svdvals": linalg.svdvals,
    "vector_norm": vector_norm,
}
