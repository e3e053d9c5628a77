"""Products of matrices, decompositions and attention: methods of Tensor."""

from __future__ import annotations

from typing import Any

from harness.errors import Unsupported
from harness.implementations.framework import Operator


def matmul(input: Any, other: Any) -> Any:
    """Tensor.matmul."""
    return input.matmul(other)


def mm(input: Any, mat2: Any) -> Any:
    """Tensor.matmul of matrices, also of batches of them."""
    return input.matmul(mat2)


def mv(input: Any, vec: Any) -> Any:
    """Tensor.matmul of a matrix and a vector."""
    return input.matmul(vec)


def qr(A: Any, *, mode: str = "reduced") -> Any:  # noqa: N803 - torch's name, as below
    """Tensor.qr, which is the complete one: what is asked for is a part of it."""
    q, r = A.qr()
    if mode == "complete":
        return q, r
    size = min(A.shape[-2:])
    if mode == "r":
        return {"R": r[..., :size, :]}
    return q[..., :size], r[..., :size, :]


def svd(A: Any, *, full_matrices: bool = True) -> Any:  # noqa: N803
    """Tensor.svd."""
    return A.svd(full_matrices)


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
    """Tensor.scaled_dot_product_attention."""
    if scale is not None:
        raise Unsupported("Tensor.scaled_dot_product_attention has no scale")
    return query.scaled_dot_product_attention(key, value, attn_mask, is_causal=is_causal, enable_gqa=enable_gqa)


LINALG: dict[str, Operator] = {
    "bmm": mm,
    "matmul": matmul,
    "mm": mm,
    "mv": mv,
    "qr": qr,
    "scaled_dot_product_attention": scaled_dot_product_attention,
    "svd": svd,
}
