"""Transformer layers in NumPy: attention and a feed-forward network, each with a residual and a norm."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from harness.errors import Unsupported
from harness.implementations.numpy.activations_piecewise import Relu
from harness.implementations.numpy.activations_smooth import Gelu
from harness.implementations.numpy.attention_heads import Masks, MultiHead, unpacked
from harness.implementations.numpy.linear import Linear
from harness.implementations.numpy.normalization import LayerNorm
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["TransformerDecoderLayer", "TransformerEncoderLayer"]


class _Function(Protocol):
    """What a block is made around; `back` leaves the gradients of the weights, by name, in `dw`."""

    dw: dict[str, Array]

    def run(self, x: Array) -> Array: ...

    def back(self, dy: Array) -> Array: ...


class _Residual:
    """x + f(norm(x)) with norm_first, else norm(x + f(x)): one block of a transformer layer. arXiv 2002.04745."""

    def __init__(self, function: _Function, norm_first: bool, eps: float, w: dict[str, Array]) -> None:
        self.function, self.norm_first = function, norm_first
        self.weights = [w[name] for name in ("weight", "bias") if name in w]
        self.norm = LayerNorm([len(w["weight"])], eps)

    def run(self, x: Array) -> Array:
        if self.norm_first:
            return np.asarray(x + self.function.run(self.norm.forward(x, *self.weights)))
        return self.norm.forward(x + self.function.run(x), *self.weights)

    def back(self, dy: Array) -> tuple[Array, list[Array]]:
        """Return the gradients of x and of the weights of the norm."""
        if self.norm_first:
            dx, *dw = self.norm.backward(self.function.back(dy))
            return dy + dx, dw
        dx, *dw = self.norm.backward(dy)
        return dx + self.function.back(dx), dw


class _FeedForward:
    """W2 f(W1 x + b1) + b2."""

    def __init__(self, activation: str, w: dict[str, Array]) -> None:
        if activation not in ("relu", "gelu"):
            raise Unsupported(f"activation {activation!r}")
        self.activation = Relu() if activation == "relu" else Gelu()
        self.layers = [Linear(), Linear()]
        self.names = [[f"linear{number}_{kind}" for kind in ("weight", "bias")] for number in (1, 2)]
        self.w = w
        self.dw: dict[str, Array] = {}

    def run(self, x: Array) -> Array:
        one, two = ([self.w[name] for name in names if name in self.w] for names in self.names)
        return self.layers[1].forward(self.activation.forward(self.layers[0].forward(x, *one)), *two)

    def back(self, dy: Array) -> Array:
        d = self._layer_back(1, dy)
        return self._layer_back(0, self.activation.backward(d))

    def _layer_back(self, number: int, dy: Array) -> Array:
        dx, *dw = self.layers[number].backward(dy)
        self.dw |= dict(zip(self.names[number], dw, strict=False))
        return dx


class _Attending:
    """Multi-head attention of x to itself, or to a memory."""

    def __init__(self, prefix: str, heads: int, masks: Masks, memory: Array | None, w: dict[str, Array]) -> None:
        self.prefix, self.masks, self.memory = prefix, masks, memory
        own = {name.removeprefix(prefix): array for name, array in w.items() if name.startswith(prefix)}
        self.w = unpacked(own["in_proj_weight"], own.get("in_proj_bias")) | {"out": own["out_proj_weight"]}
        self.w |= {"out_bias": own["out_proj_bias"]} if "out_proj_bias" in own else {}
        self.multihead = MultiHead(heads, safe=True)
        self.dw: dict[str, Array] = {}
        self.dmemory: Array | float = 0.0

    def run(self, x: Array) -> Array:
        source = x if self.memory is None else self.memory
        return self.multihead.run((x, source, source), self.w, self.masks.bias)[0]

    def back(self, dy: Array) -> Array:
        (dq, dk, dv), dw, self.dbias = self.multihead.back(dy)
        self.dw = {"in_proj_weight": np.concatenate([dw[name] for name in "qkv"]), "out_proj_weight": dw["out"]}
        if "q_bias" in dw:
            self.dw["in_proj_bias"] = np.concatenate([dw[f"{name}_bias"] for name in "qkv"])
            self.dw["out_proj_bias"] = dw["out_bias"]
        self.dw = {f"{self.prefix}{name}": array for name, array in self.dw.items()}
        if self.memory is None:
            return dq + dk + dv
        self.dmemory = dk + dv
        return dq


class _TransformerLayer:
    """Attention blocks and a feed-forward block, each around a `_Residual`.

    x: (L, N, E), (N, L, E) with batch_first, or (L, E). Weights by torch's names. Without dropout.
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
    ) -> None:
        """Take the heads, the activation, and where the norms stand; the sizes are those of the weights."""
        if dropout:
            raise Unsupported("dropout")
        self.sizes, self.heads, self.activation, self.eps = (
            (d_model, dim_feedforward),
            nhead,
            activation,
            layer_norm_eps,
        )
        self.batch_first, self.norm_first, self.bias = batch_first, norm_first, bias

    def _inner(self, x: Array) -> Array:
        """Return (L, N, E)."""
        return x[:, None] if self.unbatched else np.swapaxes(x, 0, 1) if self.batch_first else x

    def _outer(self, x: Array) -> Array:
        """Return the layout of the input."""
        return x[:, 0] if self.unbatched else np.swapaxes(x, 0, 1) if self.batch_first else x

    def _run(self, x: Array, memory: Array | None, masks: dict[str, Array], weights: dict[str, Array]) -> Array:
        """Return the output; `masks` by torch's names."""
        self.x, self.memory, self.weights, self.unbatched = x, memory, weights, x.ndim == 2  # noqa: PLR2004
        w = {name: widen(array) for name, array in weights.items()}
        inner = self._inner(widen(x))
        source = None if memory is None else self._inner(widen(memory))
        kinds = (
            [("src", "self_attn_", None)]
            if memory is None
            else [("tgt", "self_attn_", None), ("memory", "multihead_attn_", source)]
        )
        self.attending = []
        for kind, prefix, to in kinds:
            found = Masks(masks.get(f"{kind}_mask"), masks.get(f"{kind}_key_padding_mask"), self.heads, inner)
            self.attending.append((kind, _Attending(prefix, self.heads, found, to, w)))
        self.functions: list[_Function] = [
            *(function for _, function in self.attending),
            _FeedForward(self.activation, w),
        ]
        self.blocks = []
        for number, function in enumerate(self.functions, start=1):
            of_norm = {
                name.removeprefix(f"norm{number}_"): array
                for name, array in w.items()
                if name.startswith(f"norm{number}_")
            }
            self.blocks.append(_Residual(function, self.norm_first, self.eps, of_norm))
            inner = self.blocks[-1].run(inner)
        return narrow(self._outer(inner), like=x)

    @nan_is_meant
    def backward(self, grad_output: Array) -> dict[str, Array]:
        """Return the gradients of all inputs that are numbers, by name."""
        d = self._inner(widen(grad_output))
        dw: dict[str, Array] = {}
        for number, block in reversed(list(enumerate(self.blocks, start=1))):
            d, of_norm = block.back(d)
            dw |= dict(zip((f"norm{number}_weight", f"norm{number}_bias"), of_norm, strict=False))
        for function in self.functions:
            dw |= function.dw
        answer = {self.attending[0][0]: narrow(self._outer(d), like=self.x)}
        for kind, function in self.attending:
            if kind == "memory" and self.memory is not None:
                answer[kind] = narrow(self._outer(np.asarray(function.dmemory)), like=self.memory)
            of_masks = function.masks.gradients(function.dbias)
            names = {"attn": f"{kind}_mask", "padding": f"{kind}_key_padding_mask"}
            answer |= {name: of_masks[key] for key, name in names.items() if key in of_masks}
        return answer | {name: narrow(dw[name], like=array) for name, array in self.weights.items()}


class TransformerEncoderLayer(_TransformerLayer):
    """Self-attention, then a feed-forward network. torch.nn.TransformerEncoderLayer; arXiv 1706.03762.

    y = block2(block1(src)), block1 around attention, block2 around W2 f(W1 x + b1) + b2: see `_Residual`, `MultiHead`.
    """

    @nan_is_meant
    def forward(
        self, src: Array, src_mask: Array | None = None, src_key_padding_mask: Array | None = None, **weights: Array
    ) -> Array:
        """Return y."""
        masks = {"src_mask": src_mask, "src_key_padding_mask": src_key_padding_mask}
        return self._run(src, None, {name: m for name, m in masks.items() if m is not None}, weights)

    eval = forward  # without dropout


class TransformerDecoderLayer(_TransformerLayer):
    """Attention to itself and to a memory, then a feed-forward network. torch.nn.TransformerDecoderLayer.

    y = block3(block2(block1(tgt))), block2 around the attention of its input to the memory, which is not normalized.
    """

    @nan_is_meant
    def forward(
        self,
        tgt: Array,
        memory: Array,
        tgt_mask: Array | None = None,
        memory_mask: Array | None = None,
        tgt_key_padding_mask: Array | None = None,
        memory_key_padding_mask: Array | None = None,
        **weights: Array,
    ) -> Array:
        """Return y."""
        masks = {
            "tgt_mask": tgt_mask,
            "memory_mask": memory_mask,
            "tgt_key_padding_mask": tgt_key_padding_mask,
            "memory_key_padding_mask": memory_key_padding_mask,
        }
        return self._run(tgt, memory, {name: m for name, m in masks.items() if m is not None}, weights)

    eval = forward  # without dropout
