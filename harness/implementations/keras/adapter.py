"""Keras on one of its backends; a process has one, chosen when Keras is first imported."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable, Sequence
from typing import Any

from harness.errors import Unsupported
from harness.implementations.framework import Framework
from harness.model import Array, Call, Outputs

if (
    importlib.util.find_spec("keras") is None
):  # said here, where an entry point is loaded; its import waits for a backend
    raise ModuleNotFoundError("No module named 'keras'", name="keras")

#: words by which Keras, JAX, PyTorch and TensorFlow say that a call is not offered
_REFUSALS = (
    "does not accept dtype",
    "is not in the list of allowed values",
    "is not implemented",
    "not implemented for",
    "not supported",
    "only supports",
    "must be an integer type",
    "expected to be one of",
    "not yet support",
)


class KerasImplementation(Framework):
    """Operators of Keras on the backend of KERAS_BACKEND, JAX when it names none."""

    package = "keras"
    backend = ""  #: '': whatever KERAS_BACKEND names

    def __init__(self) -> None:
        """Import Keras on its backend. Raises `RuntimeError` when this process has it on another one."""
        backend = self.backend or os.environ.get("KERAS_BACKEND") or "jax"
        os.environ["KERAS_BACKEND"] = backend
        self.keras = importlib.import_module("keras")
        loaded = self.keras.backend.backend()
        if loaded != backend:
            raise RuntimeError(f"this process has Keras on {loaded}; {backend} needs one of its own")
        self.name = "keras" if backend == "jax" else f"keras-{backend}"
        arrays = importlib.import_module(f"harness.implementations.keras.on_{backend}")
        self._own: Callable[[Array], Any] = arrays.to_own
        self._numpy: Callable[[Any], Array] = arrays.to_numpy
        self._vjp: Callable[..., tuple[tuple[Any, ...], Sequence[Any]]] | None = arrays.vjp
        self.refusals = (NotImplementedError, *arrays.REFUSALS)
        super().__init__(importlib.import_module("harness.implementations.keras.operators").OPERATORS)

    def run(self, call: Call) -> Outputs:
        """Answer a call, in float64 with that as `floatx`: without it Keras makes float32 of Python's numbers.

        Half precision is asked for by the dtype of a layer or loss: as `floatx` Keras does not recommend it.
        """
        before = self.keras.config.floatx()
        self.keras.config.set_floatx(call.dtype if call.dtype == "float64" else before)
        try:
            return super().run(call)
        finally:
            self.keras.config.set_floatx(before)

    def to_own(self, array: Array) -> Any:
        """Return a tensor of the backend."""
        return self._own(array)

    def to_numpy(self, value: Any) -> Array:
        """Return a NumPy array of its own memory."""
        return self._numpy(value)

    def vjp(
        self, function: Callable[..., tuple[Any, ...]], primals: Sequence[Any], upstream: Callable[[int], Any]
    ) -> tuple[tuple[Any, ...], Sequence[Any]]:
        """Differentiate as the backend does."""
        if self._vjp is None:
            raise Unsupported(f"{self.name} does not differentiate")
        try:
            return self._vjp(function, primals, upstream)
        except Exception as error:
            reason = self.refused(error)
            if reason:
                raise Unsupported(f"{self.name}: {' '.join(reason.split())}") from error
            raise

    def refused(self, error: Exception) -> str:
        """Return why Keras or its backend refuses a call: most say so by the words of a ValueError or TypeError."""
        if isinstance(error, Unsupported):
            return ""
        message = str(error)
        said = any(words in message for words in _REFUSALS)
        return f"{type(error).__name__}: {message}" if said else super().refused(error)

    def as_complex(self, pairs: Any) -> Any:
        """Return the pair of real and imaginary parts, which is what complex numbers are to keras.ops.fft."""
        return pairs[..., 0], pairs[..., 1]


class KerasTorchImplementation(KerasImplementation):
    """Operators of Keras on PyTorch."""

    backend = "torch"


class KerasTensorflowImplementation(KerasImplementation):
    """Operators of Keras on TensorFlow."""

    backend = "tensorflow"
