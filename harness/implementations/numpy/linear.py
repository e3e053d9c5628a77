"""Linear and bilinear layers and embeddings in NumPy."""

from __future__ import annotations

import numpy as np

from harness.errors import Unsupported
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["Bilinear", "Embedding", "EmbeddingBag", "Linear"]


class Linear:
    """y = x W^T + b. torch.nn.functional.linear.

        dx = dy W,   dW = dy^T x,   db = dy        (the latter two summed over all leading axes)

    input x: (..., in), weight W: (out, in), bias b: (out) or None, y: (..., out). A weight (in), with a bias (), is one
    row, and y is then (...).
    """

    @nan_is_meant
    def forward(self, input: Array, weight: Array, bias: Array | None = None) -> Array:
        """Return y; the inputs are kept for `backward`."""
        self.input, self.weight, self.bias = input, weight, bias
        y = widen(input) @ widen(weight).T
        return narrow(y if bias is None else y + widen(bias), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of input, weight and, where there is one, bias."""
        rows, columns = np.atleast_2d(self.weight).shape
        dy = widen(grad_output).reshape(-1, rows) if rows else widen(grad_output).reshape(0, 0)
        x = widen(self.input).reshape(len(dy), columns)
        gradients = [
            narrow((dy @ np.atleast_2d(widen(self.weight))).reshape(self.input.shape), like=self.input),
            narrow((dy.T @ x).reshape(self.weight.shape), like=self.weight),
        ]
        if self.bias is not None:
            gradients.append(narrow(dy.sum(axis=0).reshape(self.bias.shape), like=self.bias))
        return tuple(gradients)


class Bilinear:
    """y[k] = x1 A[k] x2 + b[k]. torch.nn.functional.bilinear.

        dx1 = sum over k of dy[k] A[k] x2,   dx2 = sum over k of dy[k] x1 A[k],   dA[k] = sum over rows of dy[k] x1 x2^T

    input1 x1: (..., in1), input2 x2: (..., in2), weight A: (out, in1, in2), bias b: (out) or None, y: (..., out).
    """

    @nan_is_meant
    def forward(self, input1: Array, input2: Array, weight: Array, bias: Array | None = None) -> Array:
        """Return y; the inputs are kept for `backward`."""
        self.inputs, self.bias = (input1, input2, weight), bias
        self.x1, self.x2, self.a = widen(input1), widen(input2), widen(weight)
        y = np.einsum("...i,kij,...j->...k", self.x1, self.a, self.x2)
        return narrow(y if bias is None else y + widen(bias), like=input1)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of input1, input2, weight and, where there is one, bias."""
        dy, x1, x2 = (x.reshape(-1, x.shape[-1]) for x in (widen(grad_output), self.x1, self.x2))
        gradients = [
            np.einsum("nk,kij,nj->ni", dy, self.a, x2),
            np.einsum("nk,ni,kij->nj", dy, x1, self.a),
            np.einsum("nk,ni,nj->kij", dy, x1, x2),
        ]
        answer = [narrow(d.reshape(x.shape), like=x) for d, x in zip(gradients, self.inputs, strict=True)]
        if self.bias is not None:
            answer.append(narrow(dy.sum(axis=0), like=self.bias))
        return tuple(answer)


class Embedding:
    """Rows of a table. torch.nn.functional.embedding.

        y = W[ids],   dW[id] = sum of dy where ids == id

    input: integer ids of any shape, weight W: (V, D), y: (*ids.shape, D). The row padding_idx gets no gradient. With
    scale_grad_by_freq a row's gradient is divided by how often its id occurs. The ids are no differentiable input.
    """

    def __init__(self, padding_idx: int | None = None, scale_grad_by_freq: bool = False) -> None:
        """Take the row without gradient (a negative one counts from the end) and whether to divide by frequency."""
        self.padding_idx, self.scale_grad_by_freq = padding_idx, scale_grad_by_freq

    def forward(self, input: Array, weight: Array) -> Array:
        """Return the rows."""
        self.ids, self.weight = input, weight
        return weight[input]

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the weight."""
        ids = self.ids.ravel()
        dw = np.zeros(self.weight.shape, dtype=widen(self.weight).dtype)
        np.add.at(dw, ids, widen(grad_output).reshape(len(ids), self.weight.shape[1]))
        if self.scale_grad_by_freq:
            count = np.bincount(ids, minlength=len(dw))
            dw /= np.maximum(count, 1)[:, None].astype(dw.dtype)
        if self.padding_idx is not None:
            dw[self.padding_idx] = 0
        return narrow(dw, like=self.weight)


class EmbeddingBag:
    """The sum, mean or maximum of the rows of a table over each bag of ids. torch.nn.functional.embedding_bag.

        sum    y[bag] = sum of w[i] W[ids[i]]                 (w: per_sample_weights, 1 when left out)
        mean   y[bag] = sum of W[ids[i]] / len(bag)
        max    y[bag] = max of W[ids[i]], column by column    (the first of equals gets the gradient)

    ids: (bags, n), or (n) with offsets, where bag b is ids[offsets[b] : offsets[b + 1]], the last one to the end (with
    include_last_offset the last offset is that end). weight W: (V, D), y: (bags, D). Ids that are padding_idx are left
    out of their bag, and of len(bag); an empty bag gives 0. With scale_grad_by_freq the gradient of a row is divided by
    how often its id occurs.
    """

    def __init__(
        self,
        mode: str = "mean",
        scale_grad_by_freq: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> None:
        """Take how a bag is reduced, how offsets are meant, and which id is padding."""
        if mode not in ("sum", "mean", "max"):
            raise Unsupported(f"mode {mode!r}")
        self.mode, self.scale_grad_by_freq = mode, scale_grad_by_freq
        self.include_last_offset, self.padding_idx = include_last_offset, padding_idx

    def _bags(self, ids: Array, offsets: Array | None, rows: int) -> list[Array]:
        """Return for each bag the positions of its ids, without padding."""
        if offsets is None:
            bags = list(np.arange(ids.size).reshape(ids.shape))
        else:
            ends = offsets[1:] if self.include_last_offset else [*offsets[1:], len(ids)]
            bags = [np.arange(start, end) for start, end in zip(offsets, ends, strict=False)]
        if self.padding_idx is None:
            return bags
        kept = ids.ravel() != self.padding_idx % rows
        return [bag[kept[bag]] for bag in bags]

    @nan_is_meant
    def forward(
        self, input: Array, weight: Array, offsets: Array | None = None, per_sample_weights: Array | None = None
    ) -> Array:
        """Return one row a bag."""
        self.weight, self.per_sample_weights = weight, per_sample_weights
        self.ids, self.bags = input.ravel(), self._bags(input, offsets, len(weight))
        rows = widen(weight)[self.ids]
        if per_sample_weights is not None:
            rows = rows * widen(per_sample_weights).reshape(-1, 1)
        self.rows = rows
        y = np.zeros((len(self.bags), weight.shape[1]), dtype=rows.dtype)
        for b, bag in enumerate(self.bags):
            if len(bag):
                y[b] = rows[bag].max(axis=0) if self.mode == "max" else rows[bag].sum(axis=0)
                y[b] /= len(bag) if self.mode == "mean" else 1
        return narrow(y, like=weight)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of the weight and, where there are some, of per_sample_weights."""
        dy = widen(grad_output)
        drows = np.zeros_like(self.rows)
        for bag, d in zip(self.bags, dy, strict=True):
            if self.mode == "max" and len(bag):
                drows[bag[self.rows[bag].argmax(axis=0)], np.arange(d.size)] = d
            elif len(bag):
                drows[bag] = d / len(bag) if self.mode == "mean" else d
        dw = np.zeros(self.weight.shape, dtype=dy.dtype)
        psw = self.per_sample_weights
        np.add.at(dw, self.ids, drows if psw is None else drows * widen(psw).reshape(-1, 1))
        if self.scale_grad_by_freq:
            count = np.bincount(self.ids, minlength=len(dw))
            dw /= np.maximum(count, 1)[:, None].astype(dw.dtype)
        answer = [narrow(dw, like=self.weight)]
        if psw is not None:
            dpsw = (drows * widen(self.weight)[self.ids]).sum(axis=1)
            answer.append(narrow(dpsw.reshape(psw.shape), like=psw))
        return tuple(answer)
