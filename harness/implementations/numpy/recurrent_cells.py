"""Recurrent cells in NumPy: one step in time, and its gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from scipy.special import expit

from harness.errors import Unsupported
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["GruCell", "LstmCell", "RnnCell"]

#: (h), or of an LSTM (h, c): each (N, H)
State: TypeAlias = tuple[Array, ...]
#: by torch's names: weight_ih (gates H, F), weight_hh (gates H, H), bias_ih and bias_hh (gates H) or absent
Weights: TypeAlias = Mapping[str, Array]


class Cell(ABC):
    """A recurrent cell; `step` and `back` are its equations, shared with the networks of many steps."""

    #: how many blocks of rows the weights have
    gates: int

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None:
        """Take the sizes as torch does; those of the weights are what counts."""
        self.sizes, self.bias = (input_size, hidden_size), bias

    @abstractmethod
    def step(self, x: Array, state: State, w: Weights) -> tuple[State, Any]:
        """Return the state after input x (N, F), and what `back` needs to be kept."""

    @abstractmethod
    def back(self, dstate: State, kept: Any, w: Weights, dw: dict[str, Array]) -> tuple[Array, State]:
        """Return the gradients of the input and of the state before; those of the weights are added to `dw`."""

    def start(self, rows: int, w: Weights) -> State:
        """Return the state of a sequence's start, zeros."""
        return (np.zeros((rows, w["weight_hh"].shape[-1]), dtype=w["weight_hh"].dtype),)

    @nan_is_meant
    def forward(self, input: Array, hx: Array | tuple[Array, ...] | None = None, **weights: Array) -> tuple[Array, ...]:
        """Return the next state. input: (N, F) or (F)."""
        self.input, self.given, self.weights = input, states_of(hx), weights
        self.w = {name: widen(array) for name, array in weights.items()}
        x = np.atleast_2d(widen(input))
        before = tuple(np.atleast_2d(widen(part)) for part in self.given) or self.start(len(x), self.w)
        after, self.kept = self.step(x, before, self.w)
        return tuple(narrow(part.reshape(*input.shape[:-1], part.shape[-1]), like=input) for part in after)

    @nan_is_meant
    def backward(self, *grads: Array) -> dict[str, Array]:
        """Return the gradients of all inputs by name. grads: one for each part of the state."""
        dw = {name: np.zeros_like(array) for name, array in self.w.items()}
        dstate = tuple(np.atleast_2d(widen(grad)) for grad in grads)
        dx, dbefore = self.back(dstate, self.kept, self.w, dw)
        answer = {"input": narrow(dx.reshape(self.input.shape), like=self.input)}
        dparts = [narrow(d.reshape(part.shape), like=part) for d, part in zip(dbefore, self.given, strict=False)]
        return answer | named_states(dparts) | {name: narrow(dw[name], like=self.weights[name]) for name in dw}


def states_of(hx: Array | tuple[Array, ...] | None) -> tuple[Array, ...]:
    """Return the parts of a given state: none, h, or h and c."""
    return () if hx is None else hx if isinstance(hx, tuple) else (hx,)


def named_states(parts: Sequence[Array]) -> dict[str, Array]:
    """Return what stands for `hx` by the names of its arrays."""
    return {"hx": parts[0]} if len(parts) == 1 else {f"hx_{number}": part for number, part in enumerate(parts)}


def _linear(x: Array, w: Weights, kind: str) -> Array:
    y: Array = x @ w[f"weight_{kind}"].T
    return y + w[f"bias_{kind}"] if f"bias_{kind}" in w else y


def _linear_back(dy: Array, x: Array, w: Weights, kind: str, dw: dict[str, Array]) -> Array:
    """Return the gradient of x; those of weight and bias are added to `dw`."""
    dw[f"weight_{kind}"] += dy.T @ x
    if f"bias_{kind}" in w:
        dw[f"bias_{kind}"] += dy.sum(axis=0)
    dx: Array = dy @ w[f"weight_{kind}"]
    return dx


class RnnCell(Cell):
    """h' = f(W_ih x + b_ih + W_hh h + b_hh), f is tanh or relu. torch.nn.RNNCell; Elman, Cognitive Science 14 (1990).

    da = dh' (1 - h'^2) for tanh, dh' where h' > 0 for relu;   dx = W_ih^T da,   dh = W_hh^T da
    dW_ih = da x^T,   dW_hh = da h^T,   db_ih = db_hh = da     (summed over the batch)
    """

    gates = 1

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh") -> None:
        """Take the sizes and f."""
        super().__init__(input_size, hidden_size, bias)
        if nonlinearity not in ("tanh", "relu"):
            raise Unsupported(f"nonlinearity {nonlinearity!r}")
        self.nonlinearity = nonlinearity

    def step(self, x: Array, state: State, w: Weights) -> tuple[State, Any]:
        """Return h'."""
        (h,) = state
        a = _linear(x, w, "ih") + _linear(h, w, "hh")
        after = np.tanh(a) if self.nonlinearity == "tanh" else np.maximum(a, 0)
        return (after,), (x, h, after)

    def back(self, dstate: State, kept: Any, w: Weights, dw: dict[str, Array]) -> tuple[Array, State]:
        """Return dx and dh."""
        x, h, after = kept
        (dafter,) = dstate
        da = dafter * (1 - after * after) if self.nonlinearity == "tanh" else np.where(after <= 0, 0, dafter)
        return _linear_back(da, x, w, "ih", dw), (_linear_back(da, h, w, "hh", dw),)


class LstmCell(Cell):
    """Long short-term memory. torch.nn.LSTMCell; Hochreiter and Schmidhuber 1997, arXiv 1402.1128 for the projection.

        i, f, g, o = the four blocks of W_ih x + b_ih + W_hh h + b_hh, through sigmoid, but g through tanh
        c' = f c + i g
        h' = o tanh(c'), or W_hr (o tanh(c')) with a projection

        do = dh' tanh(c'),   dc' += dh' o (1 - tanh(c')^2)     (dh' here is W_hr^T dh' with a projection)
        di = dc' g,   df = dc' c,   dg = dc' i,   dc = dc' f
        da = d(sigmoid) * s (1 - s), or d(tanh) * (1 - t^2), then as in `RnnCell`

    weight_hr: (P, H); h is then (N, P), weight_hh (4 H, P).
    """

    gates = 4

    def start(self, rows: int, w: Weights) -> State:
        """Return h and c of zeros."""
        hidden = len(w["weight_hh"]) // self.gates
        return (*super().start(rows, w), np.zeros((rows, hidden), dtype=w["weight_hh"].dtype))

    def step(self, x: Array, state: State, w: Weights) -> tuple[State, Any]:
        """Return h' and c'."""
        h, c = state
        blocks = np.split(_linear(x, w, "ih") + _linear(h, w, "hh"), self.gates, axis=-1)
        i, f, o = (expit(blocks[number]) for number in (0, 1, 3))
        g = np.tanh(blocks[2])
        after = f * c + i * g
        out = o * np.tanh(after)
        projected = out @ w["weight_hr"].T if "weight_hr" in w else out
        return (projected, after), (x, h, c, (i, f, g, o), after, out)

    def back(self, dstate: State, kept: Any, w: Weights, dw: dict[str, Array]) -> tuple[Array, State]:
        """Return dx, and dh and dc."""
        x, h, c, (i, f, g, o), after, out = kept
        dout, dc = dstate
        if "weight_hr" in w:
            dw["weight_hr"] += dout.T @ out
            dout = dout @ w["weight_hr"]
        t = np.tanh(after)
        dc = dc + dout * o * (1 - t * t)
        di, df, dg, do = dc * g, dc * c, dc * i, dout * t
        gates = [di * i * (1 - i), df * f * (1 - f), dg * (1 - g * g), do * o * (1 - o)]
        da = np.concatenate(gates, axis=-1)
        return _linear_back(da, x, w, "ih", dw), (_linear_back(da, h, w, "hh", dw), dc * f)


class GruCell(Cell):
    """Gated recurrent unit. torch.nn.GRUCell; arXiv 1406.1078, with the reset gate behind W_hn h + b_hn.

    r, z = sigmoid of the first two blocks of W_ih x + b_ih + W_hh h + b_hh
    n = tanh(W_in x + b_in + r (W_hn h + b_hn)), the third blocks
    h' = (1 - z) n + z h

    dn = dh' (1 - z) (1 - n^2),   dz = dh' (h - n) z (1 - z),   dr = dn (W_hn h + b_hn) r (1 - r)
    the blocks of the x side get (dr, dz, dn), those of the h side (dr, dz, dn r); dh = dh' z + W_hh^T of the latter
    """

    gates = 3

    def step(self, x: Array, state: State, w: Weights) -> tuple[State, Any]:
        """Return h'."""
        (h,) = state
        of_x, of_h = (np.split(a, self.gates, axis=-1) for a in (_linear(x, w, "ih"), _linear(h, w, "hh")))
        r, z = expit(of_x[0] + of_h[0]), expit(of_x[1] + of_h[1])
        n = np.tanh(of_x[2] + r * of_h[2])
        return ((1 - z) * n + z * h,), (x, h, r, z, n, of_h[2])

    def back(self, dstate: State, kept: Any, w: Weights, dw: dict[str, Array]) -> tuple[Array, State]:
        """Return dx and dh."""
        x, h, r, z, n, of_h = kept
        (dafter,) = dstate
        dn = dafter * (1 - z) * (1 - n * n)
        dz = dafter * (h - n) * z * (1 - z)
        dr = dn * of_h * r * (1 - r)
        dx = _linear_back(np.concatenate([dr, dz, dn], axis=-1), x, w, "ih", dw)
        dh = _linear_back(np.concatenate([dr, dz, dn * r], axis=-1), h, w, "hh", dw)
        return dx, (dh + dafter * z,)
