"""Arrays and differentiation of Keras on TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from harness.model import Array

#: TensorFlow's words for a dtype without a kernel, and for a combination that its kernel does not take
REFUSALS: tuple[type[Exception], ...] = (tf.errors.UnimplementedError, tf.errors.NotFoundError, LookupError)


def to_own(array: Array) -> Any:
    """Return a tensor."""
    return tf.convert_to_tensor(np.array(array))


def to_numpy(value: Any) -> Array:
    """Return a NumPy array of its own memory."""
    return np.array(tf.convert_to_tensor(value).numpy())


def vjp(
    function: Callable[..., tuple[Any, ...]], primals: Sequence[Any], upstream: Callable[[int], Any]
) -> tuple[tuple[Any, ...], Sequence[Any]]:
    """Differentiate by a GradientTape."""
    with tf.GradientTape() as tape:
        tape.watch(primals)
        values = function(*primals)
    reached = [(v, tf.cast(g, v.dtype)) for i, v in enumerate(values) if (g := upstream(i)) is not None]
    if not reached:
        return values, [None] * len(primals)
    outputs, grads = zip(*reached, strict=True)
    found = tape.gradient(list(outputs), list(primals), output_gradients=list(grads))
    return values, [None if g is None else tf.convert_to_tensor(g) for g in found]
