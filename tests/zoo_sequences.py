"""Wrong recurrent networks and attention, one fault each.

The first line of each docstring says what is wrong; the tuple at the end says what replay must make of it.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from zoo import wrong

from harness.implementations import numpy as right
from harness.implementations.numpy.precision import narrow, widen
from harness.implementations.numpy.recurrent_cells import State, Weights

Array: TypeAlias = npt.NDArray[Any]


# -- recurrent


def _gates(x: Array, kind: str, w: Weights) -> Array:
    y = x @ w[f"weight_{kind}"].T
    return np.asarray(y + w[f"bias_{kind}"] if f"bias_{kind}" in w else y)


class GatesInAnotherOrder(right.LstmCell):
    """It has the gates in the order i, o, f, g."""

    def step(self, x: Array, state: State, w: Weights) -> tuple[State, Any]:
        def turned(array: Array) -> Array:
            i, f, g, o = np.split(array, 4)
            return np.concatenate([i, g, o, f])

        return super().step(x, state, {n: a if n == "weight_hr" else turned(a) for n, a in w.items()})


class ForgetBias(right.LstmCell):
    """It adds 1 to the forget gate, as TensorFlow does."""

    def step(self, x: Array, state: State, w: Weights) -> tuple[State, Any]:
        _, (_, h, c, (i, f, g, o), _, _) = super().step(x, state, w)
        f = f * math.e / (1 + f * (math.e - 1))  # the sigmoid of what is 1 more
        f = f.astype(x.dtype)
        after = f * c + i * g
        out = o * np.tanh(after)
        projected = out @ w["weight_hr"].T if "weight_hr" in w else out
        return (projected, after), (x, h, c, (i, f, g, o), after, out)


class CellWithoutTanh(right.LstmCell):
    """It answers o c', without tanh."""

    def step(self, x: Array, state: State, w: Weights) -> tuple[State, Any]:
        (_, after), kept = super().step(x, state, w)
        out = kept[3][3] * after
        return (out @ w["weight_hr"].T if "weight_hr" in w else out, after), kept


class ResetBeforeProduct(right.GruCell):
    """It resets h before the product, as the paper does, not W h + b."""

    def step(self, x: Array, state: State, w: Weights) -> tuple[State, Any]:
        (h,) = state
        r, z, _ = np.split(_gates(x, "ih", w) + _gates(h, "hh", w), 3, axis=-1)
        r, z = expit(r), expit(z)
        of_x = np.split(_gates(x, "ih", w), 3, axis=-1)[2]
        of_h = np.split(_gates(r * h, "hh", w), 3, axis=-1)[2]
        n = np.tanh(of_x + of_h)
        return ((1 - z) * n + z * h,), (x, h, r, z, n, of_h)


class UpdateSwapped(right.GruCell):
    """It keeps 1 - z of the state, as the paper does."""

    def step(self, x: Array, state: State, w: Weights) -> tuple[State, Any]:
        _, kept = super().step(x, state, w)
        _, h, _, z, n, _ = kept
        return (z * n + (1 - z) * h,), kept


class OneBias(right.RnnCell):
    """It has no bias_hh."""

    def step(self, x: Array, state: State, w: Weights) -> tuple[State, Any]:
        return super().step(x, state, {name: array for name, array in w.items() if name != "bias_hh"})


class TanhAlways(right.RnnCell):
    """It ignores nonlinearity."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "nonlinearity": "tanh"})


class ReversedOutput(right.Rnn):
    """The output of the reverse direction comes in the order in which it is computed."""

    def forward(self, *args: Any, **given: Any) -> tuple[Array, ...]:
        y, *states = super().forward(*args, **given)
        if len(self.suffixes) == 1:
            return y, *states
        half = y.shape[-1] // 2
        turned = np.flip(y[..., half:], axis=1 if self.batch_first and not self.unbatched else 0)
        return np.concatenate([y[..., :half], turned], axis=-1), *states


class LastRowIsTheState(right.Gru):
    """Its last state is the last row of the output, of the reverse direction too."""

    def forward(self, *args: Any, **given: Any) -> tuple[Array, ...]:
        y, h = super().forward(*args, **given)
        if len(self.suffixes) == 2 and len(y):
            width = h.shape[-1]
            last = y[:, -1, width:] if self.batch_first and not self.unbatched else y[-1, ..., width:]
            h = h.copy()
            h[-1] = last
        return y, h


class OneStepBack(right.Rnn):
    """Its backward is truncated to one step."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**params)
        cell = self.cell

        class Truncated(type(cell)):  # type: ignore[misc]
            def back(self, dstate: State, kept: Any, w: Weights, dw: dict[str, Array]) -> tuple[Array, State]:
                dx, (dh,) = super().back(dstate, kept, w, dw)
                return dx, (np.zeros_like(dh),)

        self.cell.__class__ = Truncated


class LayersShareTheState(right.Lstm):
    """Each layer starts from the first layer's state."""

    def forward(self, *args: Any, **given: Any) -> tuple[Array, ...]:
        hx = given.get("hx")
        shared = None if hx is None else tuple(np.broadcast_to(part[:1], part.shape).copy() for part in hx)
        return super().forward(**({**given, "hx": shared} if hx is not None else given))


class UnscaledBetweenLayers(right.GruDropout):
    """It drops between the layers and does not rescale."""

    def _dropped(self, x: Array, layer: int) -> Array:
        if self.masks is None or layer == self.layers - 1:
            return x
        return np.asarray(x * self.masks[layer].astype(x.dtype))


class DropsTheLastToo(right.RnnDropout):
    """It drops the output of the last layer too, where a mask is left for it."""

    def forward(self, *args: Any, **given: Any) -> tuple[Array, ...]:
        y, *states = super().forward(*args, **given)
        if not len(self.mask):
            return y, *states
        scale = 0.0 if self.p == 1 else 1 / (1 - self.p)
        return narrow(widen(y) * (self.mask[-1].astype(np.float32) * scale), like=y), *states


class DropsInEvalToo(right.LstmDropout):
    """It drops in eval under the mask of the training."""

    def eval(self, *args: Any, **given: Any) -> tuple[Array, ...]:
        return super().forward(*args, **{**given, "mask": self.mask})


RECURRENT = (
    *wrong(
        "recurrent/lstm_cell",
        (GatesInAnotherOrder, "*", "forward/h_1: "),
        (ForgetBias, "*", "forward/c_1: "),
        (CellWithoutTanh, "*", "forward/h_1: "),
    ),
    *wrong(
        "recurrent/gru_cell",
        (ResetBeforeProduct, "*", "forward/output: "),
        (UpdateSwapped, "*", "forward/output: "),
    ),
    *wrong(
        "recurrent/rnn_cell",
        (OneBias, "*", "forward/output: "),
        (TanhAlways, "*", "forward/output: "),
    ),
    *wrong(
        "recurrent/rnn",
        (ReversedOutput, "*", "forward/output: "),
        (OneStepBack, "*", "backward/grad_input: "),
    ),
    *wrong("recurrent/gru", (LastRowIsTheState, "*", "forward/h_n: ")),
    *wrong("recurrent/lstm", (LayersShareTheState, "*", "forward/output: ")),
    *wrong("recurrent/gru_dropout", (UnscaledBetweenLayers, "*", "forward/output: ")),
    *wrong("recurrent/rnn_dropout", (DropsTheLastToo, "*", "forward/output: ")),
    *wrong("recurrent/lstm_dropout", (DropsInEvalToo, "*", "eval/output: ")),
)


# -- attention

Sdpa = right.ScaledDotProductAttention


class ScaledByTheWidth(Sdpa):
    """It divides by the width, not by its root."""

    def forward(self, *args: Any, **given: Any) -> Array:
        self.scale = 1 / given["query"].shape[-1] if self.scale is None else self.scale
        return super().forward(*args, **given)


class ScaleIgnored(Sdpa):
    """It ignores scale."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "scale": None})


class _Causal(Sdpa):
    """Makes the causal mask by `diagonal`, which is what its kinds get wrong."""

    def diagonal(self, queries: int, keys: int) -> int:
        return 0

    def forward(self, *args: Any, **given: Any) -> Array:
        if self.is_causal:
            shape = given["query"].shape[-2], given["key"].shape[-2]
            given = {**given, "attn_mask": np.tri(*shape, k=self.diagonal(*shape), dtype=np.bool_)}
        causal, self.is_causal = self.is_causal, False
        answer = super().forward(**given)
        self.is_causal = causal
        return answer


class CausalSeesTheNext(_Causal):
    """Its causal mask lets a query see the next key."""

    def diagonal(self, queries: int, keys: int) -> int:
        return 1


class CausalHidesItself(_Causal):
    """Its causal mask hides a query's own key."""

    def diagonal(self, queries: int, keys: int) -> int:
        return -1


class CausalFromTheEnd(_Causal):
    """Its causal mask is aligned at the last key, as in a cache."""

    def diagonal(self, queries: int, keys: int) -> int:
        return keys - queries


class MaskInverted(Sdpa):
    """It takes True for what may not be attended to."""

    def forward(self, *args: Any, **given: Any) -> Array:
        mask = given.get("attn_mask")
        return super().forward(**({**given, "attn_mask": ~mask} if mask is not None and mask.dtype == bool else given))


class NoKeyIsNan(Sdpa):
    """A query without any key gives nan."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        empty = (self.attention.p == 0).all(axis=-1, keepdims=True)
        return np.where(empty, np.asarray(np.nan, dtype=y.dtype), y)


class TiledHeads(Sdpa):
    """It repeats the heads of the keys one after the other, 0 1 0 1, not 0 0 1 1."""

    def forward(self, *args: Any, **given: Any) -> Array:
        if not self.enable_gqa:
            return super().forward(*args, **given)
        query = given["query"]
        heads, groups = given["key"].shape[-3], query.shape[-3] // given["key"].shape[-3]
        order = np.arange(heads * groups).reshape(groups, heads).T.ravel()
        y = super().forward(**{**given, "query": query[..., order, :, :]})
        return y[..., np.argsort(order), :, :]


class BiasScaled(Sdpa):
    """It scales the mask of numbers as well."""

    def forward(self, *args: Any, **given: Any) -> Array:
        mask = given.get("attn_mask")
        if mask is None or mask.dtype == bool:
            return super().forward(*args, **given)
        scale = 1 / math.sqrt(given["query"].shape[-1]) if self.scale is None else self.scale
        return super().forward(**{**given, "attn_mask": narrow(widen(mask) * scale, like=mask)})


class RescaledRows(right.SdpaDropout):
    """It brings what is left of a row to a sum of 1 again."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        weights = self.attention._weights()
        total = weights.sum(axis=-1, keepdims=True)
        return narrow(widen(y) / np.where(total == 0, 1, total), like=y)


class UnscaledWeights(right.SdpaDropout):
    """It forgets the factor 1 / (1 - p)."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        return narrow(widen(y) * (1 - self.p), like=y)


class WeightsOfOneHead(right.MultiHeadAttentionForward):
    """It answers the weights of the first head for the mean of all."""

    def forward(self, *args: Any, **given: Any) -> tuple[Array, ...]:
        average, self.average = self.average, False
        answer = super().forward(*args, **given)
        self.average = average
        if not average or len(answer) == 1:
            return answer
        return answer[0], answer[1][..., 0, :, :]


class PaddingInverted(right.MultiHeadAttentionForward):
    """It takes True of the padding mask for what may be attended to."""

    def forward(self, *args: Any, **given: Any) -> tuple[Array, ...]:
        mask = given.get("key_padding_mask")
        turned = {"key_padding_mask": ~mask} if mask is not None and mask.dtype == bool else {}
        return super().forward(**{**given, **turned})


class HeadsInterleaved(right.MultiHeadAttentionForward):
    """It deals the columns of the projection of the values to the heads in turn."""

    def _by_name(self) -> dict[str, Array]:
        w = super()._by_name()
        order = np.arange(len(w["v"])).reshape(-1, self.heads).T.ravel()
        return w | {"v": w["v"][order]}


class NormsSwapped(right.TransformerEncoderLayer):
    """It takes norm_first the other way round."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "norm_first": not params.get("norm_first", False)})


class ReluAlways(right.TransformerEncoderLayer):
    """It ignores activation."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "activation": "relu"})


class MemoryMaskIgnored(right.TransformerDecoderLayer):
    """It ignores the mask of the memory."""

    def forward(self, *args: Any, **given: Any) -> Array:
        return super().forward(**{name: array for name, array in given.items() if name != "memory_mask"})


ATTENTION = (
    *wrong(
        "attention/scaled_dot_product_attention",
        (ScaledByTheWidth, "*", "forward/output: "),
        (ScaleIgnored, "*", "forward/output: "),
        (CausalSeesTheNext, "*", "forward/output: "),
        (CausalHidesItself, "*", "forward/output: "),
        (CausalFromTheEnd, "causal-*", "forward/output: "),
        (MaskInverted, "*", "forward/output: "),
        (NoKeyIsNan, "masked-out-*", "differ in nan or inf"),
        (TiledHeads, "grouped-*", "forward/output: "),
        (BiasScaled, "*", "forward/output: "),
    ),
    *wrong(
        "attention/sdpa_dropout",
        (RescaledRows, "*", "forward/output: "),
        (UnscaledWeights, "*", "forward/output: "),
    ),
    *wrong(
        "attention/multi_head_attention_forward",
        (WeightsOfOneHead, "*", "forward/attn_weights: "),
        (PaddingInverted, "*", "forward/output: "),
        (HeadsInterleaved, "*", "forward/output: "),
    ),
    *wrong(
        "attention/transformer_encoder_layer",
        (NormsSwapped, "*", "forward/output: "),
        (ReluAlways, "*", "forward/output: "),
    ),
    *wrong("attention/transformer_decoder_layer", (MemoryMaskIgnored, "*", "forward/output: ")),
)
