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
    if query.ndim < _DIMS:  # torch's without heads
        lead = (None,) * (_DIMS - query.ndim)
        mask = attn_mask if attn_mask is None else attn_mask[lead]
        options: Any = {"is_causal": is_causal, "scale": scale, "enable_gqa": enable_gqa}
        answer = scaled_dot_product_attention(query[lead], key[lead], value[lead], mask, **options)
        return answer[(0,) * len(lead)]
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
