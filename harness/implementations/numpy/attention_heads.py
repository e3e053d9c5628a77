"""Attention in several heads in NumPy, between linear projections."""

from __future__ import annotations

import math

import numpy as np

from harness.errors import Unsupported
from harness.implementations.numpy.attention import Attention, additive
from harness.implementations.numpy.pointwise import unbroadcast
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["MultiHeadAttentionForward"]


class MultiHead:
    """Several heads of `Attention` between linear projections, in the layout (L, N, E).

        q, k, v = x W^T + b of query, key and value; each split along E into heads of E / heads
        y = (the heads' outputs side by side) Wo^T + bo

    bias_k and bias_v are one more key and value behind the others, add_zero a further one of zeros; masks do not reach
    them. Weights by name: q, k, v, out: (E, ...), and q_bias, ..., bias_k, bias_v where there are some.
    """

    def __init__(self, heads: int, *, add_zero: bool = False, safe: bool = False) -> None:
        """Take the number of heads."""
        self.heads, self.add_zero, self.safe = heads, add_zero, safe

    def run(self, xs: tuple[Array, Array, Array], w: dict[str, Array], bias: Array | None) -> tuple[Array, Array]:
        """Return y and the weights P, (N, heads, L, S). bias: what broadcasts to (N, heads, L, S before additions)."""
        self.xs, self.w = xs, w
        rows = []
        for name, x in zip("qkv", xs, strict=True):
            y = x @ w[name].T
            y = y + w[f"{name}_bias"] if f"{name}_bias" in w else y
            if f"bias_{name}" in w:
                y = np.concatenate([y, np.broadcast_to(w[f"bias_{name}"], (1, *y.shape[1:]))])
            if self.add_zero and name != "q":
                y = np.concatenate([y, np.zeros_like(y[:1])])
            rows.append(self._split(y))
        self.keys = len(xs[1])
        if bias is not None:
            bias = np.pad(bias, [(0, 0)] * (bias.ndim - 1) + [(0, rows[1].shape[-2] - self.keys)])
        self.attention = Attention(1 / math.sqrt(rows[0].shape[-1]), safe=self.safe)
        q, k, v = rows
        self.joined = self._join(self.attention.run(q, k, v, bias))
        y = self.joined @ w["out"].T
        return (y + w["out_bias"] if "out_bias" in w else y), self.attention.p

    def back(self, dy: Array, dp: Array | float = 0.0) -> tuple[list[Array], dict[str, Array], Array]:
        """Return the gradients of query, key and value, of the weights by name, and of the bias."""
        dw = _linear_gradients("out", dy, self.joined, self.w)
        *drows, dbias = self.attention.back(self._split(dy @ self.w["out"]), dp)
        dxs = []
        for name, x, d in zip("qkv", self.xs, drows, strict=True):
            joined = self._join(d)
            if f"bias_{name}" in self.w:
                dw[f"bias_{name}"] = joined[len(x)].sum(axis=0).reshape(self.w[f"bias_{name}"].shape)
            dw |= _linear_gradients(name, joined[: len(x)], x, self.w)
            dxs.append(joined[: len(x)] @ self.w[name])
        return dxs, dw, dbias[..., : self.keys]

    def _split(self, x: Array) -> Array:
        """Return (N, heads, L, E / heads) of (L, N, E)."""
        return x.reshape(*x.shape[:2], self.heads, x.shape[2] // self.heads).transpose(1, 2, 0, 3)

    def _join(self, x: Array) -> Array:
        """Return (L, N, E) of (N, heads, L, E / heads)."""
        together = x.transpose(2, 0, 1, 3)
        return together.reshape(*together.shape[:2], x.shape[1] * x.shape[3])


def _linear_gradients(name: str, dy: Array, x: Array, w: dict[str, Array]) -> dict[str, Array]:
    """Return the gradients of the weight and, where there is one, of the bias of x W^T + b."""
    found = {name: np.einsum("lni,lnj->ij", dy, x)}
    return found | {f"{name}_bias": dy.sum(axis=(0, 1))} if f"{name}_bias" in w else found


class Masks:
    """The masks of multi-head attention: True or -inf where a key is not attended to, or numbers that are added.

    attn: (L, S), or (N heads, L, S); padding: (N, S). The bias is their sum, (N, heads, L, S) but for ones.
    """

    def __init__(self, attn: Array | None, padding: Array | None, heads: int, like: Array) -> None:
        """Take the masks that there are."""
        self.given = {"attn": attn, "padding": padding}
        wide = {name: additive(m, like, allowed=False) for name, m in self.given.items() if m is not None}
        if attn is not None:
            wide["attn"] = wide["attn"].reshape(-1, heads if attn.ndim == 3 else 1, *attn.shape[-2:])  # noqa: PLR2004
        if padding is not None:
            wide["padding"] = wide["padding"].reshape(-1, 1, 1, padding.shape[-1])
        self.wide = wide

    @property
    def bias(self) -> Array | None:
        """What is added to the products of queries and keys."""
        return sum(self.wide.values()) if self.wide else None  # type: ignore[return-value]

    def gradients(self, dbias: Array) -> dict[str, Array]:
        """Return the gradients of the masks that are numbers, by name."""
        found = {}
        for name, mask in self.given.items():
            if mask is not None and mask.dtype != np.bool_:
                found[name] = narrow(unbroadcast(dbias, self.wide[name].shape).reshape(mask.shape), like=mask)
        return found


def unpacked(weight: Array, bias: Array | None) -> dict[str, Array]:
    """Return the weights of query, key and value from those of all three, one above the other."""
    found = dict(zip("qkv", np.split(weight, 3), strict=True))
    return found | (
        dict(zip(("q_bias", "k_bias", "v_bias"), np.split(bias, 3), strict=True)) if bias is not None else {}
    )


class MultiHeadAttentionForward:
    """Attention in several heads. torch.nn.functional.multi_head_attention_forward; arXiv 1706.03762. See `MultiHead`.

    query: (L, N, E), key and value: (S, N, E) or, with weights of their own, (S, N, Ek) and (S, N, Ev); or without N.
    in_proj_weight: (3 E, E), or q_proj_weight (E, E), k_proj_weight (E, Ek), v_proj_weight (E, Ev); in_proj_bias (3 E).
    Masks: see `Masks`. y: (L, N, E), and with need_weights P averaged over heads, (N, L, S), or not, (N, heads, L, S).
    A query without any key gives nan with need_weights, else 0, as in torch.
    """

    def __init__(
        self,
        embed_dim_to_check: int,
        num_heads: int,
        add_zero_attn: bool = False,
        dropout_p: float = 0.0,
        need_weights: bool = True,
        average_attn_weights: bool = True,
        use_separate_proj_weight: bool = False,
        **absent: None,
    ) -> None:
        """Take the heads, what is added to keys and values, and what is returned. absent: inputs that are null."""
        if dropout_p or any(value is not None for value in absent.values()):
            raise Unsupported("dropout, and arrays as params")
        self.embed_dim, self.heads, self.add_zero, self.separate = (
            embed_dim_to_check,
            num_heads,
            add_zero_attn,
            use_separate_proj_weight,
        )
        self.need_weights, self.average = need_weights, average_attn_weights

    @nan_is_meant
    def forward(
        self,
        query: Array,
        key: Array,
        value: Array,
        attn_mask: Array | None = None,
        key_padding_mask: Array | None = None,
        **weights: Array,
    ) -> tuple[Array, ...]:
        """Return y and, with need_weights, P."""
        self.xs, self.weights, self.batched = (query, key, value), weights, query.ndim == 3  # noqa: PLR2004
        q, k, v = (widen(x) if self.batched else widen(x)[:, None] for x in self.xs)
        self.masks = Masks(attn_mask, key_padding_mask, self.heads, q)
        self.multihead = MultiHead(self.heads, add_zero=self.add_zero, safe=not self.need_weights)
        y, p = self.multihead.run((q, k, v), self._by_name(), self.masks.bias)
        p = p.mean(axis=1) if self.average else p
        answer = (y, p) if self.batched else (y[:, 0], p[0])
        return tuple(narrow(array, like=query) for array in (answer if self.need_weights else answer[:1]))

    def _by_name(self) -> dict[str, Array]:
        """Return the weights by the names of `MultiHead`."""
        w = {name: widen(array) for name, array in self.weights.items()}
        if self.separate:
            found = {name: w[f"{name}_proj_weight"] for name in "qkv"}
            if "in_proj_bias" in w:
                found |= dict(zip(("q_bias", "k_bias", "v_bias"), np.split(w["in_proj_bias"], 3), strict=True))
        else:
            found = unpacked(w["in_proj_weight"], w.get("in_proj_bias"))
        names = {"out_proj_weight": "out", "out_proj_bias": "out_bias", "bias_k": "bias_k", "bias_v": "bias_v"}
        return found | {names[name]: array for name, array in w.items() if name in names}

    @nan_is_meant
    def backward(self, grad_output: Array, grad_attn_weights: Array | None = None) -> dict[str, Array]:
        """Return the gradients of all inputs that are numbers, by name."""
        dy = widen(grad_output) if self.batched else widen(grad_output)[:, None]
        dp: Array | float = 0.0
        if grad_attn_weights is not None:
            dp = widen(grad_attn_weights) if self.batched else widen(grad_attn_weights)[None]
            dp = dp[:, None] / self.heads if self.average else dp
        dxs, dw, dbias = self.multihead.back(dy, dp)
        named = {"out_proj_weight": dw["out"], **{f"{name}_proj_weight": dw[name] for name in "qkv"}}
        if not self.separate:
            named["in_proj_weight"] = np.concatenate([dw[name] for name in "qkv"])
        if "q_bias" in dw:
            named["in_proj_bias"] = np.concatenate([dw[f"{name}_bias"] for name in "qkv"])
        named |= {name: dw[name] for name in ("bias_k", "bias_v") if name in dw}
        named |= {"out_proj_bias": dw["out_bias"]} if "out_bias" in dw else {}
        answer = {
            name: narrow((d if self.batched else d[:, 0]), like=x)
            for name, d, x in zip(("query", "key", "value"), dxs, self.xs, strict=True)
        }
        of_masks = self.masks.gradients(dbias)
        answer |= {name: of_masks[key] for key, name in _MASK_NAMES.items() if key in of_masks}
        return answer | {name: narrow(named[name], like=array) for name, array in self.weights.items()}


_MASK_NAMES = {"attn": "attn_mask", "padding": "key_padding_mask"}
