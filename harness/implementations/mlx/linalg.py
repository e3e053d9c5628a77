"""Products of matrices, decompositions and attention: mlx.core, its linalg and its fast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import mlx.core as mx
from mlx import nn

from harness.errors import Unsupported
from harness.implementations.framework import Operator


def addmm(input: Any, mat1: Any, mat2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """mx.addmm."""
    return mx.addmm(input, mat1, mat2, alpha, beta)


def addmv(input: Any, mat: Any, vec: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """mx.addmm with a vector."""
    return mx.addmm(input, mat, vec, alpha, beta)


def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """mx.addmm of batches."""
    return mx.addmm(input, batch1, batch2, alpha, beta)


def matmul(input: Any, other: Any) -> Any:
    """mx.matmul."""
    return mx.matmul(input, other)


def mm(input: Any, mat2: Any) -> Any:
    """mx.matmul of matrices, also of batches of them."""
    return mx.matmul(input, mat2)


def mv(input: Any, vec: Any) -> Any:
    """mx.matmul of a matrix and a vector."""
    return mx.matmul(input, vec)


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """nn.Linear."""
    if weight.ndim == 1:
        raise Unsupported("nn.Linear has a matrix as its weight")
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    layer.weight = weight
    if bias is not None:
        layer.bias = bias
    return layer(input)


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """nn.Bilinear."""
    layer = nn.Bilinear(weight.shape[1], weight.shape[2], weight.shape[0], bias=bias is not None)
    layer.weight = mx.swapaxes(weight, 1, 2)
    if bias is not None:
        layer.bias = bias
    return layer(input1, input2)


def cholesky(input: Any, *, upper: bool = False) -> Any:
    """mx.linalg.cholesky."""
    return mx.linalg.cholesky(input, upper)


def cosine_similarity(x1: Any, x2: Any, *, dim: int = 1, eps: float = 1e-8) -> Any:
    """nn.losses.cosine_similarity_loss, which is the similarity."""
    return nn.losses.cosine_similarity_loss(x1, x2, dim, eps)


def det(A: Any) -> Any:  # noqa: N803 - torch's names, here and below
    """mx.linalg.det."""
    return mx.linalg.det(A)


def eigh(input: Any, *, UPLO: str = "L") -> Any:  # noqa: N803
    """mx.linalg.eigh."""
    return mx.linalg.eigh(input, UPLO)


def eigvalsh(input: Any, *, UPLO: str = "L") -> Any:  # noqa: N803
    """mx.linalg.eigvalsh."""
    return mx.linalg.eigvalsh(input, UPLO)


def inv(A: Any) -> Any:  # noqa: N803
    """mx.linalg.inv."""
    return mx.linalg.inv(A)


def matrix_norm(input: Any, *, ord: Any = "fro", dim: Sequence[int] = (-2, -1), keepdim: bool = False) -> Any:
    """mx.linalg.norm of two dimensions."""
    return mx.linalg.norm(input, ord, list(dim), keepdim)


def pinv(input: Any) -> Any:
    """mx.linalg.pinv."""
    return mx.linalg.pinv(input)


def qr(A: Any, *, mode: str = "reduced") -> Any:  # noqa: N803
    """mx.linalg.qr, which is the reduced one."""
    if mode == "complete":
        raise Unsupported("mx.linalg.qr is the reduced one")
    q, r = mx.linalg.qr(A)
    return {"R": r} if mode == "r" else (q, r)


def slogdet(A: Any) -> Any:  # noqa: N803
    """mx.linalg.slogdet."""
    return mx.linalg.slogdet(A)


def solve(A: Any, B: Any, *, left: bool = True) -> Any:  # noqa: N803
    """mx.linalg.solve."""
    if not left:
        raise Unsupported("mx.linalg.solve solves from the left")
    return mx.linalg.solve(A, B)


def solve_triangular(
    input: Any,
    B: Any,  # noqa: N803
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
) -> Any:
    """mx.linalg.solve_triangular."""
    if not left or unitriangular:
        raise Unsupported("mx.linalg.solve_triangular solves from the left, with the diagonal that is there")
    return mx.linalg.solve_triangular(input, B, upper=upper)


def svd(A: Any, *, full_matrices: bool = True) -> Any:  # noqa: N803
    """mx.linalg.svd, which is the full one: the reduced one is a part of it."""
    u, s, vt = mx.linalg.svd(A)
    if full_matrices:
        return u, s, vt
    return u[..., : s.shape[-1]], s, vt[..., : s.shape[-1], :]


def svdvals(A: Any) -> Any:  # noqa: N803
    """mx.linalg.svd, the values alone."""
    return mx.linalg.svd(A, compute_uv=False)


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    *,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """mx.fast.scaled_dot_product_attention; it takes grouped heads as they are."""
    del enable_gqa
    side = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    mask = "causal" if is_causal else attn_mask
    if query.ndim == 3:  # noqa: PLR2004 - torch's heads may be its batch
        query, key, value = (mx.expand_dims(each, 0) for each in (query, key, value))
        return mx.squeeze(mx.fast.scaled_dot_product_attention(query, key, value, scale=side, mask=mask), 0)
    return mx.fast.scaled_dot_product_attention(query, key, value, scale=side, mask=mask)


LINALG: dict[str, Operator] = {
    "addmm": addmm,
    "addmv": addmv,
    "baddbmm": baddbmm,
    "bilinear": bilinear,
    "bmm": mm,
    "cholesky": cholesky,
    "cosine_similarity": cosine_similarity,
    "det": det,
    "eigh": eigh,
    "eigvalsh": eigvalsh,
    "inv": inv,
    "linear": linear,
    "matmul": matmul,
    "matrix_norm": matrix_norm,
    "mm": mm,
    "mv": mv,
    "pinv": pinv,
    "qr": qr,
    "scaled_dot_product_attention": scaled_dot_product_attention,
    "slogdet": slogdet,
    "solve": solve,
    "solve_triangular": solve_triangular,
    "svd": svd,
    "svdvals": svdvals,
}
