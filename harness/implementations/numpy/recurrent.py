"""Recurrent networks in NumPy: layers of cells, forward in time, backpropagation through time unrolled."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen
from harness.implementations.numpy.recurrent_cells import Cell, GruCell, LstmCell, RnnCell, named_states, states_of

__all__ = ["Gru", "GruDropout", "Lstm", "LstmDropout", "Rnn", "RnnDropout"]


class _Network:
    """Layers of a cell, each over the whole output of the one below, in one direction or in both.

        h[t] = cell(x[t], h[t - 1]),   in reverse h[t] = cell(x[t], h[t + 1])
        the output of a layer is h, or both directions side by side; it is the x of the next layer
        h_n: the last state of each direction of each layer, in this order: l0, l0_reverse, l1, ...

    Backward runs each direction from its last step to its first, adding up dh of the output and of the step after.

    input: (L, N, F), (N, L, F) with batch_first, or (L, F); hx and h_n: (layers directions, N, H), for an LSTM with c
    beside h; output: (L, N, directions H). Weights by torch's names, `weight_ih_l0_reverse` and so on.
    """

    cell: Cell

    def __init__(
        self, num_layers: int = 1, batch_first: bool = False, bidirectional: bool = False, p: float = 0.0
    ) -> None:
        self.layers, self.batch_first, self.p = num_layers, batch_first, p
        self.suffixes = ("", "_reverse") if bidirectional else ("",)

    def _times_first(self, x: Array) -> Array:
        """Return (L, N, F) of an input or output."""
        return x[:, None] if x.ndim == 2 else np.swapaxes(x, 0, 1) if self.batch_first else x  # noqa: PLR2004

    def _as_given(self, x: Array) -> Array:
        """Return (L, N, F) in the layout of the input."""
        return x[:, 0] if self.unbatched else np.swapaxes(x, 0, 1) if self.batch_first else x

    def _weights(self, layer: int, suffix: str, of: dict[str, Array]) -> dict[str, Array]:
        """Return one direction's weights of one layer by the names that a cell gives them."""
        ending = f"_l{layer}{suffix}"
        return {name.removesuffix(ending): array for name, array in of.items() if name.endswith(ending)}

    @nan_is_meant
    def run(
        self, input: Array, hx: Array | tuple[Array, ...] | None, masks: Array | None, weights: dict[str, Array]
    ) -> tuple[Array, ...]:
        """Return the output and the last states. masks: of the output of each layer but the last, or None."""
        self.input, self.given, self.weights, self.masks = input, states_of(hx), weights, masks
        self.unbatched = input.ndim == 2  # noqa: PLR2004
        self.w = {name: widen(array) for name, array in weights.items()}
        x = self._times_first(widen(input))
        starts = [widen(part)[:, None] if self.unbatched else widen(part) for part in self.given]
        self.kept: dict[tuple[int, str], list[Any]] = {}
        ends: list[tuple[Array, ...]] = []
        for layer in range(self.layers):
            outputs = []
            for suffix in self.suffixes:
                w = self._weights(layer, suffix, self.w)
                state = tuple(part[len(ends)] for part in starts) or self.cell.start(x.shape[1], w)
                series: list[Array] = [state[0]] * len(x)
                self.kept[layer, suffix] = steps = []
                for t in _times(len(x), suffix):
                    state, kept = self.cell.step(x[t], state, w)
                    series[t] = state[0]
                    steps.append((t, kept))
                outputs.append(np.stack(series))
                ends.append(state)
            x = np.concatenate(outputs, axis=-1)
            x = self._dropped(x, layer)
        last = (np.stack(parts) for parts in zip(*ends, strict=True))
        states = (part[:, 0] if self.unbatched else part for part in last)
        return tuple(narrow(array, like=input) for array in (self._as_given(x), *states))

    def _dropped(self, x: Array, layer: int) -> Array:
        """Return a layer's output, or its gradient, under the layer's mask, if it has one."""
        if self.masks is None or layer == self.layers - 1:
            return x
        scale = 0.0 if self.p == 1 else 1 / (1 - self.p)
        return np.asarray(x * (self.masks[layer].astype(x.dtype) * scale))

    @nan_is_meant
    def backward(self, *grads: Array) -> dict[str, Array]:
        """Return the gradients of all inputs by name. grads: of the output, then of the last states."""
        dy = self._times_first(widen(grads[0]))
        dends = [widen(grad)[:, None] if self.unbatched else widen(grad) for grad in grads[1:]]
        dstarts = [np.zeros_like(part) for part in dends]
        dw = {name: np.zeros_like(array) for name, array in self.w.items()}
        for layer in reversed(range(self.layers)):
            dy = self._dropped(dy, layer)
            width = dy.shape[-1] // len(self.suffixes)
            dx: Any = 0
            for number, suffix in enumerate(self.suffixes):
                row = layer * len(self.suffixes) + number
                w, dw_here = self._weights(layer, suffix, self.w), self._weights(layer, suffix, dw)
                dstate = tuple(part[row] for part in dends)
                steps: list[Any] = [None] * len(dy)
                for t, kept in reversed(self.kept[layer, suffix]):
                    dh = dstate[0] + dy[t, :, number * width : (number + 1) * width]
                    steps[t], dstate = self.cell.back((dh, *dstate[1:]), kept, w, dw_here)
                dx = dx + np.stack(steps)
                for part, d in zip(dstarts, dstate, strict=True):
                    part[row] = d
            dy = dx
        answer = {"input": narrow(self._as_given(dy), like=self.input)}
        parts = [d[:, 0] if self.unbatched else d for d in dstarts]
        states = named_states([narrow(d, like=given) for d, given in zip(parts, self.given, strict=False)])
        return answer | (states if self.given else {}) | {n: narrow(dw[n], like=self.weights[n]) for n in dw}


def _times(length: int, suffix: str) -> range:
    return range(length - 1, -1, -1) if suffix else range(length)


class Rnn(_Network):
    """Layers of `RnnCell`. torch.nn.RNN."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        bidirectional: bool = False,
    ) -> None:
        """Take the layers, the nonlinearity, and how the input lies."""
        super().__init__(num_layers, batch_first, bidirectional)
        self.cell = RnnCell(input_size, hidden_size, bias, nonlinearity)

    def forward(self, input: Array, hx: Array | None = None, **weights: Array) -> tuple[Array, ...]:
        """Return output and h_n."""
        return self.run(input, hx, None, weights)


class Lstm(_Network):
    """Layers of `LstmCell`. torch.nn.LSTM."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        bidirectional: bool = False,
        proj_size: int = 0,
    ) -> None:
        """Take the layers and how the input lies; a projection is in the weights as well."""
        super().__init__(num_layers, batch_first, bidirectional)
        self.cell, self.proj_size = LstmCell(input_size, hidden_size, bias), proj_size

    def forward(self, input: Array, hx: tuple[Array, Array] | None = None, **weights: Array) -> tuple[Array, ...]:
        """Return output, h_n and c_n."""
        return self.run(input, hx, None, weights)


class Gru(_Network):
    """Layers of `GruCell`. torch.nn.GRU."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        bidirectional: bool = False,
    ) -> None:
        """Take the layers and how the input lies."""
        super().__init__(num_layers, batch_first, bidirectional)
        self.cell = GruCell(input_size, hidden_size, bias)

    def forward(self, input: Array, hx: Array | None = None, **weights: Array) -> tuple[Array, ...]:
        """Return output and h_n."""
        return self.run(input, hx, None, weights)


class _DropoutNetwork(_Network):
    """A network whose layers' outputs, but for the last layer's, are dropped elementwise: x mask / (1 - p)."""

    def __init__(self, num_layers: int, p: float, bidirectional: bool = False, seed: int | None = None) -> None:
        """Drop with probability `p`; without a seed every instance draws other masks."""
        super().__init__(num_layers, bidirectional=bidirectional, p=p)
        self.rng = np.random.default_rng(seed)

    def forward(
        self, input: Array, hx: Array | tuple[Array, ...], mask: Array | None = None, **weights: Array
    ) -> tuple[Array, ...]:
        """Return output and last states, in training; the masks are kept in `self.mask`: (layers - 1, *output)."""
        width = states_of(hx)[0].shape[-1] * len(self.suffixes)
        shape = (self.layers - 1, *input.shape[:2], width)
        self.mask = self.rng.random(shape) >= self.p if mask is None else mask
        return self.run(input, hx, self.mask, weights)

    def eval(self, input: Array, hx: Array | tuple[Array, ...], **weights: Array) -> tuple[Array, ...]:
        """Return output and last states with nothing dropped."""
        return self.run(input, hx, None, weights)


class RnnDropout(_DropoutNetwork):
    """Layers of `RnnCell` with tanh and dropout between them. torch.rnn_tanh."""

    cell = RnnCell(0, 0)


class LstmDropout(_DropoutNetwork):
    """Layers of `LstmCell` with dropout between them. torch.lstm."""

    cell = LstmCell(0, 0)


class GruDropout(_DropoutNetwork):
    """Layers of `GruCell` with dropout between them. torch.gru."""

    cell = GruCell(0, 0)
