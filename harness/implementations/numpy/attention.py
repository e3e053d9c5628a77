"""Attention in NumPy: softmax of scaled dot products, with and without dropout."""

from __future__ import annotations

import math

import numpy as np

from harness.implementations.numpy.pointwise import unbroadcast
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["ScaledDotProductAttention", "SdpaDropout"]


class Attention:
    """y = P v with P = softmax(scale q k^T + bias), over the last axis. arXiv 1706.03762.

        dv = P^T dy,   dP = dy v^T,   dS = P (dP - sum of P dP over the last axis)
        dq = scale dS k,   dk = scale dS^T q,   dbias = dS

    With `kept`, an array of 0 and 1 / (1 - p), P kept stands for P. q: (..., L, E), k: (..., S, E), v: (..., S, Ev),
    bias: what broadcasts to P, (..., L, S). A row in which all is masked, -inf, is 0 if `safe`, else nan.
    """

    def __init__(self, scale: float, *, safe: bool) -> None:
        """Take the factor, and what a row without anything to attend to gives."""
        self.scale, self.safe = scale, safe

    def run(self, q: Array, k: Array, v: Array, bias: Array | None = None, kept: Array | None = None) -> Array:
        """Return y; P is kept in `self.p`."""
        self.q, self.k, self.v, self.kept = q, k, v, kept
        s = self.scale * (q @ np.swapaxes(k, -1, -2))
        s = s if bias is None else s + bias
        e = np.exp(s - s.max(axis=-1, keepdims=True, initial=-np.inf))  # the largest is 1: nothing overflows
        self.p = e / e.sum(axis=-1, keepdims=True)
        if self.safe:
            self.p = np.where(np.all(s == -np.inf, axis=-1, keepdims=True), 0, self.p)
        return np.asarray(self._weights() @ v)

    def _weights(self) -> Array:
        return self.p if self.kept is None else np.asarray(self.p * self.kept)

    def back(self, dy: Array, dp: Array | float = 0.0) -> tuple[Array, Array, Array, Array]:
        """Return the gradients of q, k, v and of the bias, each in the batch shape of P; dp: what else comes to P."""
        through = dy @ np.swapaxes(self.v, -1, -2)
        dp = dp + (through if self.kept is None else through * self.kept)
        ds = self.p * (dp - (self.p * dp).sum(axis=-1, keepdims=True))
        dq = self.scale * (ds @ self.k)
        dk = self.scale * (np.swapaxes(ds, -1, -2) @ self.q)
        return dq, dk, np.swapaxes(self._weights(), -1, -2) @ dy, ds


def additive(mask: Array, like: Array, *, allowed: bool) -> Array:
    """Return a mask as what is added: booleans are 0 where they are `allowed`, else -inf; numbers are as they are."""
    if mask.dtype != np.bool_:
        return widen(mask)
    return np.where(mask == allowed, 0, -np.inf).astype(like.dtype)


class ScaledDotProductAttention:
    """softmax(q k^T scale + mask) v, see `Attention`. torch.nn.functional.scaled_dot_product_attention.

    scale: 1 / sqrt(E) when left out. attn_mask: True where a key may be attended to, or numbers that are added; it
    broadcasts to (..., L, S). is_causal: key j for query i if j <= i. enable_gqa: each head of key and value serves
    several of the query's, one after the other (arXiv 2305.13245). A query without any key gives 0.
    """

    def __init__(
        self,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> None:
        """Take the factor, and which keys and heads go with which queries; dropout is `SdpaDropout`."""
        self.p, self.is_causal, self.scale, self.enable_gqa = dropout_p, is_causal, scale, enable_gqa

    def forward(self, query: Array, key: Array, value: Array, attn_mask: Array | None = None) -> Array:
        """Return y: (..., L, Ev)."""
        return self._run(query, key, value, attn_mask, None)

    @nan_is_meant
    def _run(self, query: Array, key: Array, value: Array, attn_mask: Array | None, kept: Array | None) -> Array:
        self.inputs, self.attn_mask = (query, key, value), attn_mask
        q, k, v = (widen(array) for array in self.inputs)
        self.groups = query.shape[-3] // key.shape[-3] if self.enable_gqa else 1
        if self.groups > 1:
            k, v = np.repeat(k, self.groups, axis=-3), np.repeat(v, self.groups, axis=-3)
        bias = additive(attn_mask, q, allowed=True) if attn_mask is not None else None
        if self.is_causal:
            bias = additive(np.tri(q.shape[-2], k.shape[-2], dtype=np.bool_), q, allowed=True)
        scale = 1 / math.sqrt(q.shape[-1]) if self.scale is None else self.scale
        self.attention = Attention(scale, safe=True)
        return narrow(self.attention.run(q, k, v, bias, kept), like=query)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of query, key, value and, where it is numbers, of the mask."""
        dq, dk, dv, dbias = self.attention.back(widen(grad_output))
        if self.groups > 1:
            dk, dv = (d.reshape(*d.shape[:-3], -1, self.groups, *d.shape[-2:]).sum(axis=-3) for d in (dk, dv))
        gradients = [narrow(unbroadcast(d, x.shape), like=x) for d, x in zip((dq, dk, dv), self.inputs, strict=True)]
        if self.attn_mask is not None and self.attn_mask.dtype != np.bool_:
            gradients.append(narrow(unbroadcast(dbias, self.attn_mask.shape), like=self.attn_mask))
        return tuple(gradients)


class SdpaDropout(ScaledDotProductAttention):
    """Scaled dot products with dropout of the attention weights: P dropout_mask / (1 - p) stands for P.

    dropout_mask: (..., L, S), 1 where a weight is kept; what is left of a row is not rescaled to 1. eval drops nothing.
    """

    def __init__(
        self,
        dropout_p: float,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
        seed: int | None = None,
    ) -> None:
        """Drop with probability `dropout_p`; without a seed every instance draws another mask."""
        super().__init__(dropout_p, is_causal, scale, enable_gqa)
        self.rng = np.random.default_rng(seed)

    def forward(
        self,
        query: Array,
        key: Array,
        value: Array,
        attn_mask: Array | None = None,
        dropout_mask: Array | None = None,
    ) -> Array:
        """Drop under `dropout_mask`, or under one drawn here; either way it is kept in `self.dropout_mask`."""
        shape = (*np.broadcast_shapes(query.shape[:-2], *self._batch(key)), query.shape[-2], key.shape[-2])
        self.dropout_mask = self.rng.random(shape) >= self.p if dropout_mask is None else dropout_mask
        scale = 0.0 if self.p == 1 else 1 / (1 - self.p)
        return self._run(query, key, value, attn_mask, self.dropout_mask.astype(widen(query).dtype) * scale)

    def _batch(self, key: Array) -> list[tuple[int, ...]]:
        """Return the batch shape of the keys, without heads that serve several of the query's."""
        return [] if self.enable_gqa else [key.shape[:-2]]

    def eval(self, query: Array, key: Array, value: Array, attn_mask: Array | None = None) -> Array:
        """Return y with nothing dropped."""
        return self._run(query, key, value, attn_mask, None)
