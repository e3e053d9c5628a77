"""References in torch of the attention family: dropout of the attention weights, its mask as data."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own convention
from torch import Tensor

from harness.reference.noisy import Noisy


def _native(query: Tensor, key: Tensor, value: Tensor, dropout_p: float, training: bool = True, **rest: Any) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value, dropout_p=dropout_p if training else 0.0, **rest)


def _wide(tensor: Tensor) -> Tensor:
    """Return half precision as float32, in which torch's math path computes it."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def _weights(
    query: Tensor,
    key: Tensor,
    attn_mask: Tensor | None = None,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """Return the attention weights, the steps in the order of _scaled_dot_product_attention_math of ATen."""
    side = math.sqrt(1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    logits = (query * side) @ (key.transpose(-2, -1) * side)
    if is_causal:
        attn_mask = torch.ones(logits.shape[-2:], dtype=torch.bool).tril()
    if attn_mask is not None and attn_mask.dtype is torch.bool:
        attn_mask = torch.zeros(attn_mask.shape, dtype=logits.dtype).masked_fill(~attn_mask, -torch.inf)
    return torch.softmax(logits if attn_mask is None else logits + attn_mask, dim=-1)


def _heads(query: Tensor, key: Tensor, enable_gqa: bool) -> Tensor:
    """Return keys or values with a head for each of the query's."""
    return key.repeat_interleave(query.shape[-3] // key.shape[-3], -3) if enable_gqa else key


def _draw(
    query: Tensor,
    key: Tensor,
    value: Tensor,  # noqa: ARG001 - the mask lies on the weights
    dropout_p: float,
    enable_gqa: bool = False,
    **rest: Any,
) -> dict[str, Tensor]:
    weights = _weights(_wide(query), _wide(_heads(query, key, enable_gqa)), **rest)
    return {"dropout_mask": torch.dropout(torch.ones_like(weights), dropout_p, True) > 0}


def _law(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    dropout_mask: Tensor,
    dropout_p: float,
    enable_gqa: bool = False,
    **rest: Any,
) -> Tensor:
    """Drop the weights by the given mask before they meet the values."""
    q, k, v = _wide(query), _wide(_heads(query, key, enable_gqa)), _wide(_heads(query, value, enable_gqa))
    weights = _weights(q, k, **rest)
    kept = dropout_mask.to(weights.dtype)
    kept = kept.div(1 - dropout_p) if dropout_p < 1 else torch.zeros_like(kept)
    return ((weights * kept) @ v).to(query.dtype)


sdpa_dropout = Noisy(native=_native, draw=_draw, law=_law)
