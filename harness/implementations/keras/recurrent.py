"""Recurrent layers and cells: SimpleRNN, LSTM and GRU of keras.layers, one Keras layer a direction of a torch layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops

from harness.implementations.keras.shared import dtype_of, no, run_layer

_OPTIONS = {"rnn": {"nonlinearity": "tanh"}, "lstm": {}, "gru": {}}
_LAYERS = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
_CELLS = {"rnn": keras.layers.SimpleRNNCell, "lstm": keras.layers.LSTMCell, "gru": keras.layers.GRUCell}


def _gates(kind: str, weight: Any) -> Any:
    """Return a weight with its gates in Keras's order: z before r in a GRU; an LSTM has torch's order."""
    if kind != "gru":
        return weight
    reset, update, new = ops.split(weight, 3, axis=0)
    return ops.concatenate([update, reset, new], axis=0)


def _weights(kind: str, ih: Any, hh: Any, bias_ih: Any, bias_hh: Any) -> list[Any]:
    """Return kernel, recurrent kernel and bias; torch's two biases are one but in a GRU."""
    found = [ops.transpose(_gates(kind, ih)), ops.transpose(_gates(kind, hh))]
    if bias_ih is None:
        return found
    biases = _gates(kind, bias_ih), _gates(kind, bias_hh)
    return [*found, ops.stack(biases) if kind == "gru" else ops.add(*biases)]


def _options(kind: str, input: Any, biased: bool, nonlinearity: str) -> dict[str, Any]:
    options: dict[str, Any] = {"use_bias": biased, "dtype": dtype_of(input)}
    options["recurrent_initializer"] = "zeros"  # the weights are given; the default needs a QR, in half precision too
    return {**options, "activation": nonlinearity} if kind == "rnn" else options


def _states(hx: Any) -> list[Any]:
    return list(hx) if isinstance(hx, tuple) else [hx]


def _direction(
    kind: str, input: Any, states: list[Any], weights: Mapping[str, Any], suffix: str, nonlinearity: str
) -> list[Any]:
    """Return the outputs of one direction, (N, L, H), and its last states."""
    names = [f"{name}_{suffix}" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    given: list[Any] = [weights.get(name) for name in names]
    backwards = suffix.endswith("reverse")
    layer = _LAYERS[kind](
        given[1].shape[1],
        return_sequences=True,
        return_state=True,
        go_backwards=backwards,
        **_options(kind, input, given[2] is not None, nonlinearity),
    )
    layer.build(tuple(input.shape))
    own = [variable.value for variable in layer.non_trainable_variables]
    (output, *ends), _ = run_layer(
        layer, input, initial_state=states, weights=_weights(kind, *given), state=own, training=False
    )
    return [ops.flip(output, axis=1) if backwards else output, *ends]


def _network(kind: str) -> Callable[..., Any]:
    def operator(
        input: Any,
        hx: Any = None,
        *,
        input_size: int = 0,
        hidden_size: int = 0,
        num_layers: int = 1,
        bidirectional: bool = False,
        batch_first: bool = False,
        bias: bool = True,
        nonlinearity: str = "tanh",
        proj_size: int = 0,
        **weights: Any,
    ) -> Any:
        del input_size, bias
        no(proj_size, "projection of an LSTM")
        single = len(input.shape) == 2  # noqa: PLR2004
        x = ops.expand_dims(input, 0) if single else input if batch_first else ops.swapaxes(input, 0, 1)
        directions = 2 if bidirectional else 1
        count = 2 if kind == "lstm" else 1
        zeros = ops.zeros((num_layers * directions, x.shape[0], hidden_size), dtype=dtype_of(input))
        states = [zeros] * count if hx is None else _states(hx)
        states = [ops.expand_dims(state, 1) if len(state.shape) == 2 else state for state in states]  # noqa: PLR2004
        ends: list[list[Any]] = []
        for layer in range(num_layers):
            outputs = []
            for side in range(directions):
                row = [state[layer * directions + side] for state in states]
                suffix = f"l{layer}{'_reverse' if side else ''}"
                output, *last = _direction(kind, x, row, weights, suffix, nonlinearity)
                outputs.append(output)
                ends.append(last)
            x = ops.concatenate(outputs, axis=-1) if bidirectional else outputs[0]
        finals = [ops.stack([end[i] for end in ends]) for i in range(count)]
        if single:
            return ops.squeeze(x, 0), *(ops.squeeze(final, 1) for final in finals)
        return x if batch_first else ops.swapaxes(x, 0, 1), *finals

    return operator


def _cell(kind: str) -> Callable[..., Any]:
    def operator(
        input: Any,
        hx: Any = None,
        weight_ih: Any = None,
        weight_hh: Any = None,
        bias_ih: Any = None,
        bias_hh: Any = None,
        *,
        input_size: int = 0,
        hidden_size: int = 0,
        bias: bool = True,
        nonlinearity: str = "tanh",
    ) -> Any:
        del input_size, bias
        single = len(input.shape) == 1
        x = ops.expand_dims(input, 0) if single else input
        zeros = ops.zeros((x.shape[0], hidden_size), dtype=dtype_of(input))
        states = [zeros] * (2 if kind == "lstm" else 1) if hx is None else _states(hx)
        states = [ops.expand_dims(state, 0) if len(state.shape) == 1 else state for state in states]
        cell = _CELLS[kind](hidden_size, **_options(kind, input, bias_ih is not None, nonlinearity))
        cell.build(tuple(x.shape))
        weights = _weights(kind, weight_ih, weight_hh, bias_ih, bias_hh)
        own = [variable.value for variable in cell.non_trainable_variables]
        (_, ends), _ = run_layer(cell, x, states, weights=weights, state=own, training=False)
        found = [
            ops.squeeze(end, 0) if single else end for end in _states(tuple(ends) if isinstance(ends, list) else ends)
        ]
        return tuple(found) if kind == "lstm" else found[0]

    return operator


RECURRENT = {
    **{kind: _network(kind) for kind in _LAYERS},
    **{f"{kind}_cell": _cell(kind) for kind in _CELLS},
}
