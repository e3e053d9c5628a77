"""Recurrent networks: one node a layer, its weights in ONNX's order of the gates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.onnxruntime.graph import Value, node, nodes

#: where each gate of ONNX stands in torch
_GATES = {"RNN": [0], "LSTM": [0, 3, 1, 2], "GRU": [1, 0, 2]}
_BATCHED = 3


def _ordered(op: str, weight: Value) -> Value:
    order = _GATES[op]
    if len(order) == 1:
        return weight
    parts = nodes("Split", weight, dtypes=[weight.dtype] * len(order), axis=0, num_outputs=len(order))
    return node("Concat", *(parts[gate] for gate in order), axis=0)


def _stacked(parts: list[Value]) -> Value:
    """Return one array of a direction each."""
    return node("Concat", *(node("Unsqueeze", part, [0]) for part in parts), axis=0)


def _layer(op: str, x: Value, states: list[Value | None], weights: list[dict[str, Value]], **how: Any) -> Any:
    """Return (frames, directions, batch, hidden), and the last states (directions, batch, hidden)."""
    w, r = (_stacked([_ordered(op, each[name]) for each in weights]) for name in ("weight_ih", "weight_hh"))
    bias = None
    if "bias_ih" in weights[0]:
        halves = [[_ordered(op, each[name]) for name in ("bias_ih", "bias_hh")] for each in weights]
        bias = _stacked([node("Concat", *pair, axis=0) for pair in halves])
    outputs = [x.dtype] * (1 + len(states))
    return nodes(op, x, w, r, bias, None, *states, dtypes=outputs, **how)


def _params(op: str, hidden_size: int, directions: int, nonlinearity: str) -> dict[str, Any]:
    how: dict[str, Any] = {
        "hidden_size": hidden_size,
        "direction": "bidirectional" if directions == 2 else "forward",  # noqa: PLR2004
    }
    if op == "GRU":
        how["linear_before_reset"] = 1
    if op == "RNN":
        how["activations"] = [nonlinearity.capitalize()] * directions
    return how


def _network(op: str) -> Callable[..., Any]:
    count = 2 if op == "LSTM" else 1

    def operator(
        input: Value,
        hx: Any = None,
        *,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        bidirectional: bool = False,
        proj_size: int = 0,
        **weights: Value,
    ) -> tuple[Value, ...]:
        del input_size, bias
        if proj_size:
            raise Unsupported(f"{op} has no projection")
        alone = input.rank < _BATCHED
        directions = 2 if bidirectional else 1
        given = [None] * count if hx is None else list(hx) if isinstance(hx, tuple) else [hx]
        x, states = input, [_by_layer(state, num_layers, directions, alone=alone) for state in given]
        if alone:
            x = node("Unsqueeze", x, [1])
        elif batch_first:
            x = node("Transpose", x, perm=[1, 0, 2])
        ends: list[list[Value]] = [[] for _ in range(count)]
        how = _params(op, hidden_size, directions, nonlinearity)
        for layer in range(num_layers):
            of_layer = [_named(weights, f"_l{layer}{suffix}") for suffix in ("", "_reverse")[:directions]]
            y, *last = _layer(op, x, [state[layer] for state in states], of_layer, **how)
            for end, state in zip(ends, last, strict=True):
                end.append(state)
            x = node("Reshape", node("Transpose", y, perm=[0, 2, 1, 3]), [0, 0, directions * hidden_size])
        finals = [node("Concat", *end, axis=0) for end in ends]
        if alone:
            return tuple(node("Squeeze", part, [1]) for part in (x, *finals))
        return (node("Transpose", x, perm=[1, 0, 2]) if batch_first else x, *finals)

    operator.__doc__ = f"{op}, a node a layer."
    return operator


def _by_layer(state: Value | None, layers: int, directions: int, *, alone: bool) -> list[Value | None]:
    if state is None:
        return [None] * layers
    whole = node("Unsqueeze", state, [1]) if alone else state
    if layers == 1:
        return [whole]
    return list(nodes("Split", whole, [directions] * layers, dtypes=[state.dtype] * layers, axis=0))


def _named(weights: dict[str, Value], suffix: str) -> dict[str, Value]:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return {name: weights[name + suffix] for name in names if name + suffix in weights}


def _cell(op: str) -> Callable[..., Any]:
    count = 2 if op == "LSTM" else 1

    def operator(
        input: Value,
        hx: Any = None,
        *,
        input_size: int,
        hidden_size: int,
        nonlinearity: str = "tanh",
        bias: bool = True,
        **weights: Value,
    ) -> Any:
        del input_size, bias
        alone = input.rank == 1
        lead = [0, 1] if alone else [0]
        given = [None] * count if hx is None else list(hx) if isinstance(hx, tuple) else [hx]
        states = [None if state is None else node("Unsqueeze", state, lead) for state in given]
        x = node("Unsqueeze", input, lead)
        _, *last = _layer(op, x, states, [_named(weights, "")], **_params(op, hidden_size, 1, nonlinearity))
        return tuple(node("Squeeze", state, lead) for state in last)

    operator.__doc__ = f"{op} of one frame."
    return operator


RECURRENT: dict[str, Operator] = {
    "gru": _network("GRU"),
    "gru_cell": _cell("GRU"),
    "lstm": _network("LSTM"),
    "lstm_cell": _cell("LSTM"),
    "rnn": _network("RNN"),
    "rnn_cell": _cell("RNN"),
}
