"""Input specs and a seed -> arrays, the same on every machine.

The stream is `numpy.random.RandomState`, which NumPy promises never to change (NEP 19). A raw draw is followed by exact
operations only: scaling by a power of two, a correctly rounded shift, a cast.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from harness.model import Array, Case, Draw, read_only

_EXTENDED = {"bfloat16": np.dtype(ml_dtypes.bfloat16)}


def dtype_of(name: str) -> np.dtype[Any]:
    """Return the NumPy dtype of that name; bfloat16 comes from ml_dtypes."""
    return _EXTENDED.get(name) or np.dtype(name)


def finfo(dtype: np.dtype[Any]) -> Any:
    """Return the limits of a floating dtype, bfloat16 included."""
    return ml_dtypes.finfo(dtype) if dtype.name == "bfloat16" else np.finfo(dtype)


class Drawer:
    """Draws the arrays of one case after another from one generator, seeded anew for each."""

    def __init__(self) -> None:
        """Make the generator once: making one costs fifty times as much as seeding it."""
        self._stream = np.random.RandomState(0)

    def draw(self, case: Case) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return the inputs and the grad_outputs of `case`, read-only, in the order of the file."""
        self._stream.seed(case.seed)
        inputs = {name: draw_array(draw, self._stream) for name, draw in case.inputs.items()}
        grads = {name: draw_array(draw, self._stream) for name, draw in case.grad_outputs.items()}
        return inputs, grads

    def draw_noise(self, case: Case) -> dict[str, Array]:
        """Return the noise that the case itself gives, read-only; it has a stream of its own."""
        given = {name: draw for name, draw in case.noise.items() if draw is not None}
        if given:
            self._stream.seed(case.noise_seed)
        return {name: draw_array(draw, self._stream) for name, draw in given.items()}


def draw_array(draw: Draw, stream: np.random.RandomState) -> Array:
    """Return one read-only array; see docs/case-files.md for the kinds."""
    dtype = dtype_of(draw.dtype)
    with np.errstate(over="ignore"):  # what overflows to inf is what the case asks for
        wide = _KINDS[draw.kind](draw, stream, dtype)
        if draw.scale != 1.0:
            wide = wide * draw.scale
        if draw.shift != 0.0:
            wide = wide + draw.shift
        array = np.array(wide, dtype=dtype, order="C")
    if draw.edges:
        flat = array.reshape(-1)
        values = [_edge_value(edge, dtype) for edge in draw.edges]
        for position, index in enumerate(range(0, flat.size, 2)):
            flat[index] = values[position % len(values)]
    return read_only(array)


def _alternating(magnitudes: Array, shape: tuple[int, ...]) -> Array:
    signs = np.where(np.arange(magnitudes.size) % 2 == 0, 1.0, -1.0)
    return (magnitudes * signs).reshape(shape)


def _denormals(draw: Draw, dtype: np.dtype[Any]) -> Array:
    count = int(np.prod(draw.shape, dtype=np.int64))
    smallest = float(finfo(dtype).smallest_subnormal)
    return _alternating(np.arange(1, count + 1) * smallest, draw.shape)


def _constant(value: float) -> Callable[[Draw, np.random.RandomState, np.dtype[Any]], Array]:
    return lambda draw, _stream, _dtype: np.full(draw.shape, value)


def _signed(value: Callable[[np.dtype[Any]], float]) -> Callable[[Draw, np.random.RandomState, np.dtype[Any]], Array]:
    return lambda draw, _stream, dtype: _alternating(
        np.full(int(np.prod(draw.shape, dtype=np.int64)), value(dtype)), draw.shape
    )


#: kind -> the raw draw, in float64 or int64
_KINDS: Mapping[str, Callable[[Draw, np.random.RandomState, np.dtype[Any]], Array]] = {
    "random": lambda draw, stream, _: np.asarray(stream.random_sample(draw.shape)),
    "randn": lambda draw, stream, _: np.asarray(stream.standard_normal(draw.shape)),
    "uniform": lambda draw, stream, _: draw.low + (draw.high - draw.low) * np.asarray(stream.random_sample(draw.shape)),
    "integers": lambda draw, stream, _: np.asarray(
        stream.randint(int(draw.low), int(draw.high), size=draw.shape, dtype=np.int64)
    ),
    "permutation": lambda draw, stream, _: stream.permutation(draw.shape[0]),
    "value": lambda draw, _stream, dtype: np.array(draw.value, dtype=dtype),
    "zeros": _constant(0.0),
    "negative_zeros": _constant(-0.0),
    "nans": _constant(np.nan),
    "infs": _signed(lambda _: np.inf),
    "largest": _signed(lambda dtype: float(finfo(dtype).max)),
    "denormals": lambda draw, _stream, dtype: _denormals(draw, dtype),
    "ties": lambda draw, stream, _: np.asarray(stream.randint(-2, 3, size=draw.shape, dtype=np.int64)),
}


def _edge_value(edge: str, dtype: np.dtype[Any]) -> float:
    limits = finfo(dtype)
    values = {
        "zero": 0.0,
        "negative_zero": -0.0,
        "denormal": float(limits.smallest_subnormal),
        "largest": float(limits.max),
        "negative_largest": -float(limits.max),
        "inf": np.inf,
        "negative_inf": -np.inf,
        "nan": np.nan,
    }
    return values[edge]


def digest(array: Array, *more: Array) -> str:
    """Return the sha256 of an array's bytes in C order, those of more arrays behind them."""
    return hashlib.sha256(b"".join([array.tobytes(), *(other.tobytes() for other in more)])).hexdigest()
