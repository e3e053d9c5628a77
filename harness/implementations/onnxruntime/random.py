"""Operators that draw; a session that draws is used once, so that its seed repeats."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.errors import Unsupported
from harness.implementations.framework import Drawn, Operator
from harness.implementations.onnxruntime.graph import Value, node, nodes


def dropout(input: Value, *, p: float = 0.5, training: bool = True, seed: int | None = None) -> Any:
    """Dropout, with its mask."""
    if p == 1:
        raise Unsupported("the ratio of Dropout is below 1")
    ratio = np.array(p, dtype=np.float64 if input.dtype == np.float64 else np.float32)
    mode = np.array(training)
    output, mask = nodes("Dropout", input, ratio, mode, dtypes=[input.dtype, np.bool_], seed=seed)
    return Drawn(answer=output, noise={"mask": mask}) if training else output


def eye_(tensor: Value) -> Value:
    """EyeLike."""
    return node("EyeLike", tensor)


RANDOM: dict[str, Operator] = {"dropout": dropout, "eye_": eye_}
