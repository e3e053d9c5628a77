"""NumPy's arrays, as scikit-learn and SciPy take them; neither differentiates."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.errors import Unsupported
from harness.implementations.framework import Framework
from harness.implementations.sklearn.linalg import LINALG
from harness.implementations.sklearn.metrics import METRICS
from harness.implementations.sklearn.special import SPECIAL
from harness.model import Array

#: words by which SciPy, scikit-learn and NumPy say that a call is not offered
_REFUSALS = (
    "not supported for the input types",
    "is not supported",
    "does not support",
    "unsupported dtype",
    "not implemented",
    "must not contain infs or NaNs",
    "contains NaN",
    "contains infinity",
    "while a minimum of 1 is required",
)


class SklearnImplementation(Framework):
    """Operators of scikit-learn, and of SciPy below it."""

    name = "sklearn"
    package = "scikit-learn"

    def __init__(self) -> None:
        """Take what both have."""
        super().__init__({**SPECIAL, **LINALG, **METRICS})

    def to_own(self, array: Array) -> Any:
        """Return an array of its own memory."""
        if array.dtype.name == "bfloat16":
            raise Unsupported("SciPy and scikit-learn have no bfloat16")
        return np.array(array)

    def to_numpy(self, value: Any) -> Array:
        """Return a NumPy array of its own memory."""
        return np.array(value)

    def refused(self, error: Exception) -> str:
        """Return why SciPy refuses a call: it says so by the words of a TypeError or ValueError."""
        said = any(words in str(error) for words in _REFUSALS)
        return f"{type(error).__name__}: {error}" if said else super().refused(error)
