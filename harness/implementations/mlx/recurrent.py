"""Recurrent networks of mlx.nn: one layer, one direction."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
from mlx import nn

from harness.errors import Unsupported
from harness.implementations.framework import Operator


def rnn(
    input: Any,
    weight_ih_l0: Any,
    weight_hh_l0: Any,
    bias_ih_l0: Any = None,
    bias_hh_l0: Any = None,
    hx: Any = None,
    *,
    nonlinearity: str = "tanh",
    **params: Any,
) -> Any:
    """nn.RNN, with the sum of torch's two biases as its one."""
    batch_first = _simple(params)
    own = nn.RNN(weight_ih_l0.shape[1], weight_hh_l0.shape[1], bias_ih_l0 is not None, _nonlinearity(nonlinearity))
    own.Wxh, own.Whh = weight_ih_l0, weight_hh_l0
    if bias_ih_l0 is not None:
        own.bias = bias_ih_l0 + bias_hh_l0
    hidden = own(_time_last(input, batch_first), _first(hx))
    return _time_last(hidden, batch_first), mx.expand_dims(hidden[..., -1, :], 0)


def lstm(
    input: Any,
    weight_ih_l0: Any,
    weight_hh_l0: Any,
    bias_ih_l0: Any = None,
    bias_hh_l0: Any = None,
    hx: Any = None,
    **params: Any,
) -> Any:
    """nn.LSTM, with the sum of torch's two biases as its one."""
    batch_first = _simple(params)
    own = nn.LSTM(weight_ih_l0.shape[1], weight_hh_l0.shape[1], bias_ih_l0 is not None)
    own.Wx, own.Wh = weight_ih_l0, weight_hh_l0
    if bias_ih_l0 is not None:
        own.bias = bias_ih_l0 + bias_hh_l0
    h, c = (None, None) if hx is None else hx
    hidden, cell = own(_time_last(input, batch_first), _first(h), _first(c))
    ends = tuple(mx.expand_dims(state[..., -1, :], 0) for state in (hidden, cell))
    return _time_last(hidden, batch_first), *ends


def gru(
    input: Any,
    weight_ih_l0: Any,
    weight_hh_l0: Any,
    bias_ih_l0: Any = None,
    bias_hh_l0: Any = None,
    hx: Any = None,
    **params: Any,
) -> Any:
    """nn.GRU, whose one bias is the sum of torch's two, but for the new gate's."""
    batch_first = _simple(params)
    size = weight_hh_l0.shape[1]
    own = nn.GRU(weight_ih_l0.shape[1], size, bias_ih_l0 is not None)
    own.Wx, own.Wh = weight_ih_l0, weight_hh_l0
    if bias_ih_l0 is not None:
        own.b = mx.concatenate([bias_ih_l0[: 2 * size] + bias_hh_l0[: 2 * size], bias_ih_l0[2 * size :]])
        own.bhn = bias_hh_l0[2 * size :]
    hidden = own(_time_last(input, batch_first), _first(hx))
    return _time_last(hidden, batch_first), mx.expand_dims(hidden[..., -1, :], 0)


def _simple(params: dict[str, Any]) -> bool:
    """Return whether the batch comes first. Raises `Unsupported` for what is more than one layer one way."""
    more = ("bidirectional", "proj_size", "dropout")
    if params.get("num_layers", 1) > 1 or any(params.get(name) for name in more):
        raise Unsupported("mlx.nn has one layer in one direction")
    return bool(params.get("batch_first", False))


def _nonlinearity(name: str) -> Any:
    return mx.tanh if name == "tanh" else nn.relu


def _time_last(sequence: Any, batch_first: bool) -> Any:
    """Return (N, L, F) of torch's (L, N, F), and back; a sequence without a batch is (L, F) in both."""
    return sequence if batch_first or sequence.ndim == 2 else mx.swapaxes(sequence, 0, 1)  # noqa: PLR2004


def _first(state: Any) -> Any:
    return None if state is None else state[0]


RECURRENT: dict[str, Operator] = {"gru": gru, "lstm": lstm, "rnn": rnn}
