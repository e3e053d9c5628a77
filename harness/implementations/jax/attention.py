"""Attention by jax.nn.dot_product_attention."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from harness.errors import Unsupported

_DIMS = 4


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
    """jax.nn.dot_product_attention, whose heads stand behind the sequence."""
    if query.ndim > _DIMS:
        raise Unsupported("jax.nn.dot_product_attention has one batch axis")
    if value.shape[-1] != key.shape[-1]:
        raise Unsupported("jax.nn.dot_product_attention takes values of the keys' size only")
    if query.ndim < _DIMS:  # torch's without heads, and without a batch
        wide = (slice(None), None) if query.ndim == _DIMS - 1 else (None, None)
        mask = attn_mask[wide] if attn_mask is not None and attn_mask.ndim == query.ndim else attn_mask
        options: Any = {"is_causal": is_causal, "scale": scale, "enable_gqa": enable_gqa}
        answer = scaled_dot_product_attention(query[wide], key[wide], value[wide], mask, **options)
        return answer[:, 0] if query.ndim == _DIMS - 1 else answer[0, 0]
    if attn_mask is not None:
        attn_mask = attn_mask[(None,) * (_DIMS - attn_mask.ndim)]
    boolean = attn_mask is not None and attn_mask.dtype == bool
    q, k, v = (jnp.swapaxes(array, 1, 2) for array in (query, key, value))
    answer = jax.nn.dot_product_attention(
        q,
        k,
        v,
        bias=None if boolean else attn_mask,
        mask=attn_mask if boolean else None,
        scale=scale,
        is_causal=is_causal,
    )
    return jnp.swapaxes(answer, 1, 2)


ATTENTION = {"scaled_dot_product_attention": scaled_dot_product_attention}
