"""tinygrad's arrays and its reverse-mode differentiation."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np
from tinygrad import Tensor, dtypes
from tinygrad.device import Device
from tinygrad.helpers import DEV

from harness.errors import Unsupported
from harness.implementations.framework import Framework
from harness.implementations.tinygrad.activation import ACTIVATIONS
from harness.implementations.tinygrad.convolution import CONVOLUTIONS
from harness.implementations.tinygrad.elementwise import ELEMENTWISE
from harness.implementations.tinygrad.linalg import LINALG
from harness.implementations.tinygrad.loss import LOSSES
from harness.implementations.tinygrad.normalization import NORMALIZATIONS
from harness.implementations.tinygrad.reduction import REDUCTIONS
from harness.implementations.tinygrad.regularization import REGULARIZATIONS
from harness.implementations.tinygrad.shape import SHAPES
from harness.model import Array


class TinygradImplementation(Framework):
    """Operators of tinygrad on the device that DEV names, PYTHON where it names none."""

    name = "tinygrad"
    package = "tinygrad"

    def __init__(self) -> None:
        """Choose the device: CPU compiles with clang, which is not on PyPI; PYTHON interprets, and needs nothing."""
        if not os.environ.get("DEV"):
            DEV.value = "PYTHON"
        if Device.DEFAULT.startswith("CPU") and not shutil.which(os.environ.get("CC", "clang")):
            raise Unsupported("tinygrad's device CPU compiles with clang, which is not on the PATH")
        super().__init__(
            {
                **ACTIVATIONS,
                **CONVOLUTIONS,
                **ELEMENTWISE,
                **LINALG,
                **LOSSES,
                **NORMALIZATIONS,
                **REDUCTIONS,
                **REGULARIZATIONS,
                **SHAPES,
            }
        )

    def to_own(self, array: Array) -> Any:
        """Return a Tensor with memory of its own: made of a NumPy scalar, it would be a constant without any."""
        if array.dtype.kind == "c":
            raise Unsupported("tinygrad has no complex numbers")
        flat = np.ascontiguousarray(array).reshape(-1)
        if array.dtype == ml_dtypes.bfloat16:
            return Tensor(flat.view(np.uint16)).bitcast(dtypes.bfloat16).realize().reshape(array.shape)
        return Tensor(flat.copy()).realize().reshape(array.shape)  # a clone of one not realized would be itself

    def to_numpy(self, value: Any) -> Array:
        """Return a NumPy array of its own memory."""
        if value.device is None:  # a constant: tinygrad would compute it on CPU, whatever the default is
            value = value.clone(device=Device.DEFAULT)
        if value.dtype == dtypes.bfloat16:
            return np.array(value.contiguous().bitcast(dtypes.uint16).numpy()).view(ml_dtypes.bfloat16)
        return np.array(value.numpy())

    def vjp(
        self, function: Callable[..., tuple[Any, ...]], primals: Sequence[Any], upstream: Callable[[int], Any]
    ) -> tuple[tuple[Any, ...], Sequence[Any]]:
        """Differentiate by `Tensor.gradient`: it takes one output, so the gradients of several are added."""
        values = function(*primals)
        sums: list[Any] = [None] * len(primals)
        for i, value in enumerate(values):
            gradient = upstream(i)
            if gradient is None:
                continue
            for place, each in enumerate(value.gradient(*primals, gradient=gradient)):
                sums[place] = each if sums[place] is None else sums[place] + each
        return values, sums

    def refused(self, error: Exception) -> str:
        """Return why tinygrad refuses a call: NotImplementedError, or an error that says it has no such thing."""
        text = str(error)
        if isinstance(error, NotImplementedError) or "not supported" in text or "only supports" in text:
            return f"{type(error).__name__}: {text}"
        return ""
