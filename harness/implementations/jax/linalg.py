"""Linear algebra: jnp.linalg, jax.scipy.linalg and jax.lax.linalg under torch's names."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg

from harness.errors import Unsupported


def addbmm(input: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """Add the sum of a batch of products."""
    return _weighted(input, beta) + alpha * jnp.sum(jnp.matmul(batch1, batch2), axis=0)


def addmm(input: Any, mat1: Any, mat2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """Add a product."""
    return _weighted(input, beta) + alpha * jnp.matmul(mat1, mat2)


def addmv(input: Any, mat: Any, vec: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """Add a product with a vector."""
    return _weighted(input, beta) + alpha * jnp.matmul(mat, vec)


def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """Add a batch of products."""
    return _weighted(input, beta) + alpha * jnp.matmul(batch1, batch2)


def _weighted(input: Any, beta: float) -> Any:
    """Return beta times the input; where beta is 0, torch does not look at it."""
    return beta * input if beta else jnp.zeros_like(input)


def cholesky(input: Any, *, upper: bool = False) -> Any:
    """jnp.linalg.cholesky, which takes the mean of both halves."""
    return jnp.linalg.cholesky(input, upper=upper)


def cholesky_solve(input: Any, input2: Any, *, upper: bool = False) -> Any:
    """jax.scipy.linalg.cho_solve."""
    return jax.scipy.linalg.cho_solve((input2, not upper), input)


def eigh(input: Any, *, UPLO: str = "L") -> Any:  # noqa: N803 - torch's own name
    """jnp.linalg.eigh of the half that is named."""
    return tuple(jnp.linalg.eigh(input, UPLO=UPLO, symmetrize_input=False))


def eigvalsh(input: Any, *, UPLO: str = "L") -> Any:  # noqa: N803 - torch's own name
    """jnp.linalg.eigvalsh of the half that is named."""
    return jnp.linalg.eigvalsh(input, UPLO=UPLO, symmetrize_input=False)


def lstsq(A: Any, B: Any, *, driver: str) -> Any:  # noqa: N803 - torch's own names
    """jnp.linalg.lstsq, which has one driver, for one system at a time."""
    del driver
    if A.ndim > 2:  # noqa: PLR2004 - a matrix
        return jax.vmap(lambda a, b: lstsq(a, b, driver=""))(A, B)
    return jnp.linalg.lstsq(A, B)[0]


def matrix_norm(input: Any, *, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False) -> Any:
    """jnp.linalg.norm of matrices."""
    return jnp.linalg.norm(input, ord=ord, axis=dim, keepdims=keepdim)


def matrix_power(input: Any, *, n: int) -> Any:
    """jnp.linalg.matrix_power."""
    return jnp.linalg.matrix_power(input, n)


def multi_dot(tensors: Any) -> Any:
    """jnp.linalg.multi_dot."""
    return jnp.linalg.multi_dot(tensors)


def pinv(input: Any, *, hermitian: bool = False, atol: float | None = None, rtol: float | None = None) -> Any:
    """jnp.linalg.pinv, whose limit is relative."""
    if atol is not None:
        raise Unsupported("jnp.linalg.pinv has no absolute limit")
    return jnp.linalg.pinv(input, rtol=rtol, hermitian=hermitian)


def qr(A: Any, *, mode: str = "reduced") -> Any:  # noqa: N803 - torch's own name
    """jnp.linalg.qr."""
    return tuple(jnp.linalg.qr(A, mode=mode)) if mode != "r" else {"R": jnp.linalg.qr(A, mode=mode)}


def slogdet(A: Any) -> Any:  # noqa: N803 - torch's own name
    """jnp.linalg.slogdet."""
    return tuple(jnp.linalg.slogdet(A))


def solve(A: Any, B: Any, *, left: bool = True) -> Any:  # noqa: N803 - torch's own names
    """jnp.linalg.solve, from the right by transposing."""
    if not left:
        return jnp.linalg.solve(A.mT, B.mT).mT
    if A.ndim == B.ndim + 1 and B.ndim > 1:  # torch's batch of vectors
        return jnp.linalg.solve(A, B[..., None])[..., 0]
    return jnp.linalg.solve(A, B)


def solve_triangular(
    input: Any,
    B: Any,  # noqa: N803 - torch's own name
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
) -> Any:
    """jax.lax.linalg.triangular_solve, over a common batch."""
    batch = jnp.broadcast_shapes(input.shape[:-2], B.shape[:-2])
    a, b = (jnp.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (input, B))
    return jax.lax.linalg.triangular_solve(a, b, left_side=left, lower=not upper, unit_diagonal=unitriangular)


def svd(A: Any, *, full_matrices: bool = True) -> Any:  # noqa: N803 - torch's own name
    """jnp.linalg.svd."""
    return tuple(jnp.linalg.svd(A, full_matrices=full_matrices))


def vander(x: Any, *, N: int | None = None) -> Any:  # noqa: N803 - torch's own name
    """jnp.vander, over the rows by jax.vmap."""
    function = functools.partial(jnp.vander, N=N, increasing=True)
    for _ in x.shape[:-1]:
        function = jax.vmap(function)
    return function(x)


LINALG = {
    "addbmm": addbmm,
    "addmm": addmm,
    "addmv": addmv,
    "baddbmm": baddbmm,
    "bmm": jnp.matmul,
    "cholesky": cholesky,
    "cholesky_solve": cholesky_solve,
    "det": jnp.linalg.det,
    "eigh": eigh,
    "eigvalsh": eigvalsh,
    "householder_product": jax.lax.linalg.householder_product,
    "inv": jnp.linalg.inv,
    "lstsq": lstsq,
    "matmul": jnp.matmul,
    "matrix_exp": jax.scipy.linalg.expm,
    "matrix_norm": matrix_norm,
    "matrix_power": matrix_power,
    "mm": jnp.matmul,
    "multi_dot": multi_dot,
    "mv": jnp.matmul,
    "pinv": pinv,
    "qr": qr,
    "slogdet": slogdet,
    "solve": solve,
    "solve_triangular": solve_triangular,
    "svd": svd,
    "svdvals": jnp.linalg.svdvals,
    "vander": vander,
}
