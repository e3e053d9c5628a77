"""Attention: keras.ops.dot_product_attention and the layer MultiHeadAttention."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from harness.implementations.keras.shared import dtype_of, no, run_layer

_MATRIX, _BATCH, _HEADS = 2, 3, 4  #: ranks


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """keras.ops.dot_product_attention, with the heads behind the time."""
    no(enable_gqa, "grouped heads in dot_product_attention")
    heads = len(query.shape) == _HEADS
    parts = [ops.swapaxes(x, 1, 2) if heads else ops.expand_dims(x, 2) for x in (query, key, value)]
    masks: dict[str, Any] = {}
    if attn_mask is not None:
        rank = len(attn_mask.shape)
        shape = (1,) * (4 - rank) + tuple(attn_mask.shape)
        masks = {"mask" if dtype_of(attn_mask) == "bool" else "bias": ops.reshape(attn_mask, shape)}
    answer = ops.dot_product_attention(*parts, scale=scale, is_causal=is_causal, **masks)
    return ops.swapaxes(answer, 1, 2) if heads else ops.squeeze(answer, 2)


def multi_head_attention_forward(
    query: Any,
    key: Any,
    value: Any,
    in_proj_weight: Any = None,
    out_proj_weight: Any = None,
    out_proj_bias: Any = None,
    in_proj_bias: Any = None,
    bias_k: Any = None,
    bias_v: Any = None,
    attn_mask: Any = None,
    key_padding_mask: Any = None,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    *,
    embed_dim_to_check: int,
    num_heads: int,
    add_zero_attn: bool = False,
    dropout_p: float = 0.0,
    need_weights: bool = True,
    average_attn_weights: bool = True,
    use_separate_proj_weight: bool = False,
) -> Any:
    """keras.layers.MultiHeadAttention; its masks are booleans, True where torch's are False."""
    del dropout_p, use_separate_proj_weight
    no(bias_k is not None or bias_v is not None or add_zero_attn, "further keys of an attention")
    masks = [mask for mask in (attn_mask, key_padding_mask) if mask is not None]
    no(any(dtype_of(mask) != "bool" for mask in masks), "mask of an attention that is added")
    no((in_proj_bias is None) != (out_proj_bias is None), "bias on one of the projections alone")
    biased, size = in_proj_bias is not None, embed_dim_to_check // num_heads
    projections = (q_proj_weight, k_proj_weight, v_proj_weight)
    if in_proj_weight is not None:
        projections = tuple(ops.split(in_proj_weight, 3, axis=0))
    biases = ops.split(in_proj_bias, 3, axis=0) if biased else (None,) * 3

    def kernel(weight: Any) -> Any:
        return ops.reshape(ops.transpose(weight), (weight.shape[1], num_heads, size))

    batch = [ops.swapaxes(x, 0, 1) if len(x.shape) == _BATCH else ops.expand_dims(x, 0) for x in (query, key, value)]
    layer = keras.layers.MultiHeadAttention(
        num_heads, size, use_bias=biased, output_shape=embed_dim_to_check, dtype=dtype_of(query)
    )
    layer.build(batch[0].shape, batch[2].shape, batch[1].shape)
    weights: dict[str, list[Any]] = {
        name: [kernel(weight), *([ops.reshape(bias, (num_heads, size))] if biased else [])]
        for name, weight, bias in zip(("query", "key", "value"), projections, biases, strict=True)
    }
    out = ops.reshape(ops.transpose(out_proj_weight), (num_heads, size, embed_dim_to_check))
    weights["attention_output"] = [out, *([out_proj_bias] if biased else [])]
    seen = None
    if attn_mask is not None:
        hidden = (
            attn_mask
            if len(attn_mask.shape) == _MATRIX
            else ops.reshape(attn_mask, (-1, num_heads, *attn_mask.shape[1:]))
        )
        seen = ops.logical_not(ops.expand_dims(hidden, 0) if len(hidden.shape) == _MATRIX else hidden)
    padding = None
    if key_padding_mask is not None:
        rows = key_padding_mask if len(key_padding_mask.shape) == _MATRIX else ops.expand_dims(key_padding_mask, 0)
        padding = ops.logical_not(rows)
    (output, scores), _ = run_layer(
        layer,
        batch[0],
        batch[2],
        key=batch[1],
        attention_mask=seen,
        key_mask=padding,
        return_attention_scores=True,
        training=False,
        weights=[_weight(variable, weights) for variable in layer.trainable_variables],
        state=[variable.value for variable in layer.non_trainable_variables],
    )
    single = len(query.shape) == _MATRIX
    output = ops.squeeze(output, 0) if single else ops.swapaxes(output, 0, 1)
    if not need_weights:
        return output
    scores = ops.mean(scores, axis=1) if average_attn_weights else scores
    return output, ops.squeeze(scores, 0) if single else scores


def _weight(variable: Any, weights: dict[str, list[Any]]) -> Any:
    owner, kind = variable.path.split("/")[-2:]
    return weights[owner][kind == "bias"]


ATTENTION = {
    "multi_head_attention_forward": multi_head_attention_forward,
    "scaled_dot_product_attention": scaled_dot_product_attention,
}
