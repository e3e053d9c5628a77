"""How the NumPy operators compute: half precision in float32, rounded once at the end, as torch does."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
P = ParamSpec("P")
R = TypeVar("R")


def nan_is_meant(function: Callable[P, R]) -> Callable[P, R]:
    """Let overflow give inf, and inf * 0 and 0 / 0 nan in `function`, as in torch, without a warning."""

    @functools.wraps(function)
    def quiet(*args: P.args, **kwargs: P.kwargs) -> R:
        with np.errstate(all="ignore"):
            return function(*args, **kwargs)

    return quiet


def widen(array: Array) -> Array:
    """Return the array to compute with: half precision widened to float32, the others as they are."""
    return array.astype(np.float32) if array.dtype.itemsize < np.dtype(np.float32).itemsize else array


def narrow(result: Array, like: Array) -> Array:
    """Return `result` rounded to the dtype of `like`."""
    return np.asarray(result, dtype=like.dtype)
