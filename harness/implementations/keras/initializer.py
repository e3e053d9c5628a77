"""keras.initializers, which draw for themselves."""

from __future__ import annotations

from typing import Any

import keras

from harness.implementations.keras.shared import dtype_of


def eye_(tensor: Any) -> Any:
    """keras.initializers.Identity."""
    return keras.initializers.Identity()(tuple(tensor.shape), dtype=dtype_of(tensor))


INITIALIZERS = {"eye_": eye_}
