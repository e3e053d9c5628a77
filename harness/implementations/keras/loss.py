"""The losses of keras.losses, element by element: what Keras averages over a last axis gets one of length 1."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from harness.errors import Unsupported
from harness.implementations.keras.shared import channels_last, dtype_of, no

_IGNORED = -100


def _elements(loss: Any, input: Any, target: Any, reduction: str, weight: Any = None) -> Any:
    """Return a loss class of Keras on single elements."""
    del reduction
    scalar = not input.shape and not target.shape
    shape = input.shape if len(input.shape) >= len(target.shape) else target.shape
    if tuple(input.shape) != tuple(target.shape):
        raise Unsupported("Keras broadcasts no loss over elements")
    x, y = (ops.reshape(each, (*shape, 1) if shape else (1, 1)) for each in (input, target))
    answer = loss(y, x, sample_weight=weight)
    return ops.reshape(answer, ()) if scalar else answer


def _options(input: Any, reduction: str) -> dict[str, Any]:
    return {"reduction": None if reduction == "none" else reduction, "dtype": dtype_of(input)}


def _weighted(reduction: str) -> str:
    """Return Keras's word for torch's mean by the weights, where mse_loss and l1_loss have them."""
    return "mean_with_sample_weight" if reduction == "mean" else reduction


def mse_loss(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """keras.losses.MeanSquaredError."""
    how = reduction if weight is None else _weighted(reduction)
    return _elements(keras.losses.MeanSquaredError(**_options(input, how)), input, target, reduction, weight)


def l1_loss(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """keras.losses.MeanAbsoluteError."""
    how = reduction if weight is None else _weighted(reduction)
    return _elements(keras.losses.MeanAbsoluteError(**_options(input, how)), input, target, reduction, weight)


def huber_loss(input: Any, target: Any, weight: Any = None, reduction: str = "mean", delta: float = 1.0) -> Any:
    """keras.losses.Huber; torch's mean of a weighted one is a plain mean."""
    return _elements(keras.losses.Huber(delta=delta, **_options(input, reduction)), input, target, reduction, weight)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """keras.losses.Huber over beta; MeanAbsoluteError where beta is 0."""
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    return ops.divide(huber_loss(input, target, reduction=reduction, delta=beta), beta)


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """keras.losses.BinaryCrossentropy."""
    return _elements(keras.losses.BinaryCrossentropy(**_options(input, reduction)), input, target, reduction, weight)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, pos_weight: Any = None, reduction: str = "mean"
) -> Any:
    """keras.losses.BinaryCrossentropy from logits."""
    no(pos_weight is not None, "weight of the positive examples")
    loss = keras.losses.BinaryCrossentropy(from_logits=True, **_options(input, reduction))
    return _elements(loss, input, target, reduction, weight)


def poisson_nll_loss(
    input: Any, target: Any, reduction: str = "mean", log_input: bool = True, full: bool = False
) -> Any:
    """keras.losses.Poisson, of rates."""
    no(log_input, "Poisson loss of the logarithm of rates")
    no(full, "Stirling term")
    return _elements(keras.losses.Poisson(**_options(input, reduction)), input, target, reduction)


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """keras.losses.KLDivergence, of the probabilities behind the logarithms."""
    no(reduction == "batchmean", "mean over the batch alone")
    truth = ops.exp(target) if log_target else target
    return _elements(keras.losses.KLDivergence(**_options(input, reduction)), ops.exp(input), truth, reduction)


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    ignore_index: int = _IGNORED,
    label_smoothing: float = 0.0,
) -> Any:
    """keras.losses.SparseCategoricalCrossentropy, or CategoricalCrossentropy for probabilities, from logits."""
    no(weight is not None, "weight of a class")
    single = len(input.shape) == 1
    logits = ops.expand_dims(input, 0) if single else channels_last(input)
    options: dict[str, Any] = {"from_logits": True, **_options(input, reduction)}
    by_index = "int" in dtype_of(target)
    if by_index and not label_smoothing:
        loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=ignore_index, **options)
        answer = loss(ops.expand_dims(target, 0) if single else target, logits)
    elif by_index:
        raise Unsupported("Keras smooths no labels that are indices")
    else:
        truth = ops.expand_dims(target, 0) if single else channels_last(target)
        answer = keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing, **options)(truth, logits)
    return ops.squeeze(answer, 0) if single and reduction == "none" else answer


LOSSES = {
    "binary_cross_entropy": binary_cross_entropy,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "cross_entropy": cross_entropy,
    "huber_loss": huber_loss,
    "kl_div": kl_div,
    "l1_loss": l1_loss,
    "mse_loss": mse_loss,
    "poisson_nll_loss": poisson_nll_loss,
    "smooth_l1_loss": smooth_l1_loss,
}
