"""References in torch of the recurrent family: dropout between the layers, its masks as data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from harness.reference.noisy import Noisy

if TYPE_CHECKING:
    State = Any  #: a tensor, or of an LSTM a pair of them: (layers * directions, N, H)


def _layers(
    kernel: Callable[..., Any],
    input: Tensor,
    hx: State,
    masks: Tensor | None,
    *,
    num_layers: int,
    p: float,
    training: bool,
    bidirectional: bool = False,
    **weights: Tensor,
) -> tuple[Tensor, ...]:
    """Run layer after layer, with its output between two of them dropped: by torch, or under the given masks.

    Weights are named as in torch's modules; (L, N, F) comes in and (L, N, directions * H) goes out.
    """
    flat = [_weights(layer, bidirectional, weights) for layer in range(num_layers)]
    biased = "bias_ih_l0" in weights
    if masks is None:
        everything = [weight for of_layer in flat for weight in of_layer]
        return tuple(kernel(input, hx, everything, biased, num_layers, p, training, bidirectional, False))
    directions = 2 if bidirectional else 1
    states: list[tuple[Tensor, ...]] = []
    output = input
    for layer in range(num_layers):
        rows = slice(layer * directions, (layer + 1) * directions)
        state = tuple(part[rows] for part in hx) if isinstance(hx, tuple) else hx[rows]
        output, *ends = kernel(output, state, flat[layer], biased, 1, 0.0, True, bidirectional, False)
        states.append(tuple(ends))
        if layer < num_layers - 1 and p > 0:
            mask = masks[layer].to(output.dtype)
            output = output * (mask.div(1 - p) if p < 1 else torch.zeros_like(mask))
    return output, *(torch.cat(parts) for parts in zip(*states))


def _weights(layer: int, bidirectional: bool, weights: dict[str, Tensor]) -> list[Tensor]:
    """Return the weights of a layer in the order in which torch's kernels take them, the reverse direction last."""
    found = []
    for suffix in ("", "_reverse") if bidirectional else ("",):
        names = [f"{kind}_l{layer}{suffix}" for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")]
        found += [weights[name] for name in names if name in weights]
    return found


def _draw(
    input: Tensor, hx: State, *, num_layers: int, p: float, bidirectional: bool = False, **_: Tensor
) -> dict[str, Tensor]:
    """Return the mask of every layer but the last, (layers - 1, L, N, directions * H): one draw after the other."""
    hidden = (hx[0] if isinstance(hx, tuple) else hx).shape[-1]
    ones = torch.ones(*input.shape[:2], hidden * (2 if bidirectional else 1), dtype=input.dtype)
    return {"mask": torch.stack([torch.dropout(ones, p, True) > 0 for _ in range(num_layers - 1)])}


def _noisy(kernel: Callable[..., Any]) -> Noisy:
    """Return a recurrent network with dropout between its layers."""

    def native(input: Tensor, hx: State, training: bool = True, **arguments: Any) -> tuple[Tensor, ...]:
        return _layers(kernel, input, hx, None, training=training, **arguments)

    def law(input: Tensor, hx: State, mask: Tensor, **arguments: Any) -> tuple[Tensor, ...]:
        return _layers(kernel, input, hx, mask, training=True, **arguments)

    return Noisy(native=native, draw=_draw, law=law)


rnn_dropout = _noisy(torch.rnn_tanh)
lstm_dropout = _noisy(torch.lstm)
gru_dropout = _noisy(torch.gru)
