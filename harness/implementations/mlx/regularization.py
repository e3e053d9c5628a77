"""Dropout of mlx.nn and the clipping of gradients of mlx.optimizers."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import mlx.optimizers as optim
from mlx import nn

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.mlx.layout import channels_last


def _layer(layer: type[Any], p: float, training: bool, seed: int) -> Any:
    if p == 1:
        raise Unsupported(f"nn.{layer.__name__} keeps some: its p is below 1")
    mx.random.seed(seed)
    own = layer(p)
    own.train(training)
    return own


def dropout(input: Any, *, p: float = 0.5, training: bool = True, seed: int = 0) -> Any:
    """nn.Dropout."""
    return _layer(nn.Dropout, p, training, seed)(input)


def _channels(rank: int, layer: type[Any]) -> Operator:
    def operator(input: Any, *, p: float = 0.5, training: bool = True, seed: int = 0) -> Any:
        return channels_last(rank, input, _layer(layer, p, training, seed))

    return operator


def clip_grad_norm(*, max_norm: float, norm_type: float = 2.0, **grads: Any) -> Any:
    """optim.clip_grad_norm, of the 2-norm."""
    if norm_type != 2.0:  # noqa: PLR2004 - the norm that it has
        raise Unsupported("optim.clip_grad_norm has the 2-norm alone")
    clipped, total = optim.clip_grad_norm(grads, max_norm)
    return {"total_norm": total, **clipped}


REGULARIZATIONS: dict[str, Operator] = {
    "clip_grad_norm": clip_grad_norm,
    "dropout": dropout,
    "dropout2d": _channels(2, nn.Dropout2d),
    "dropout3d": _channels(3, nn.Dropout3d),
}
