"""Operators that draw; a session that draws is used once, so that its seed repeats."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.implementations.framework import Drawn
from harness.implementations.onnxruntime.graph import Value, node, nodes


def dropout(input: Value, *, p: float = 0.5, training: bool = True, seed: int | None = None) -> Any:
    """Dropout, with its mask."""
    ratio, mode = np.array(p, dtype=np.float32), np.array(training)
    output, mask = nodes("Dropout", input, ratio, mode, dtypes=[input.dtype, np.bool_], seed=seed)
    return Drawn(answer=output, noise={"mask": mask}) if training else output


def normal_(tensor: Value, *, mean: float = 0.0, std: float = 1.0, seed: float | None = None) -> Value:
    """RandomNormalLike."""
    return _drawn("RandomNormalLike", tensor, seed, mean=float(mean), scale=float(std))


def uniform_(tensor: Value, *, a: float = 0.0, b: float = 1.0, seed: float | None = None) -> Value:
    """RandomUniformLike."""
    return _drawn("RandomUniformLike", tensor, seed, low=float(a), high=float(b))


def _drawn(op: str, tensor: Value, seed: float | None, **params: float) -> Value:
    return node(op, tensor, dtype=tensor.dtype, seed=None if seed is None else float(seed), **params)


def eye_(tensor: Value) -> Value:
    """EyeLike."""
    return node("EyeLike", tensor)


RANDOM = {"dropout": dropout, "eye_": eye_, "normal_": normal_, "uniform_": uniform_}
