"""Dropout layers, which draw their own masks, and keras.regularizers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from harness.implementations.keras.shared import dtype_of, run_layer


def _seed(seed: int | None) -> int | None:
    """Return a seed that every backend takes: on torch it is an int32."""
    return None if seed is None else seed % 2**31


def dropout(input: Any, p: float = 0.5, seed: int | None = None, training: bool = True) -> Any:
    """keras.layers.Dropout."""
    return keras.layers.Dropout(p, seed=_seed(seed), dtype=dtype_of(input))(input, training=training)


def alpha_dropout(input: Any, p: float = 0.5, seed: int | None = None, training: bool = True) -> Any:
    """keras.layers.AlphaDropout."""
    return keras.layers.AlphaDropout(p, seed=_seed(seed), dtype=dtype_of(input))(input, training=training)


def _features(input: Any, layer: Any, rank: int, training: bool) -> Any:
    """Return what a SpatialDropout answers for (N, C, ...) or, unbatched, (C, ...)."""
    batch = input if len(input.shape) == rank + 2 else ops.expand_dims(input, 0)
    answer = ops.moveaxis(layer(ops.moveaxis(batch, 1, -1), training=training), -1, 1)
    return answer if len(input.shape) == rank + 2 else ops.squeeze(answer, 0)


def dropout1d(input: Any, p: float = 0.5, seed: int | None = None, training: bool = True) -> Any:
    """keras.layers.SpatialDropout1D."""
    return _features(input, keras.layers.SpatialDropout1D(p, seed=_seed(seed), dtype=dtype_of(input)), 1, training)


def _spatial(kind: Callable[..., Any], rank: int) -> Callable[..., Any]:
    def operator(input: Any, p: float = 0.5, seed: int | None = None, training: bool = True) -> Any:
        layer = kind(p, data_format="channels_last", seed=_seed(seed), dtype=dtype_of(input))
        return _features(input, layer, rank, training)

    return operator


def feature_alpha_dropout(input: Any, p: float = 0.5, seed: int | None = None, training: bool = True) -> Any:
    """keras.layers.AlphaDropout with a noise_shape."""
    shape = tuple(input.shape[:2]) + (1,) * (len(input.shape) - 2)
    layer = keras.layers.AlphaDropout(p, noise_shape=shape, seed=_seed(seed), dtype=dtype_of(input))
    return layer(input, training=training)


def clip_grad_value(*, clip_value: float, **grads: Any) -> dict[str, Any]:
    """keras.ops.clip of every gradient, which is an optimizer's `clipvalue`."""
    return {name: ops.clip(grad, -clip_value, clip_value) for name, grad in grads.items()}


# -- penalties; Keras's factor of the squares is half of torch's weight_decay


def l1_penalty(weight: Any, lambd: float) -> Any:
    """keras.regularizers.L1."""
    return keras.regularizers.L1(lambd)(weight)


def l2_penalty(weight: Any, lambd: float) -> Any:
    """keras.regularizers.L2."""
    return keras.regularizers.L2(lambd / 2)(weight)


def elastic_net_penalty(weight: Any, lambd1: float, lambd2: float) -> Any:
    """keras.regularizers.L1L2."""
    return keras.regularizers.L1L2(lambd1, lambd2 / 2)(weight)


def _linear_mse(input: Any, weight: Any, bias: Any, target: Any, regularizer: Any) -> Any:
    """Return what a Dense layer with a regularizer on its kernel is trained on: MeanSquaredError and its own loss."""
    single = len(input.shape) == 1
    rows = ops.expand_dims(input, 0) if single else input
    layer = keras.layers.Dense(weight.shape[0], kernel_regularizer=regularizer, dtype=dtype_of(input))
    layer.build(tuple(rows.shape))
    answer, _, losses = run_layer(layer, rows, weights=[ops.transpose(weight), bias], return_losses=True)
    truth = ops.expand_dims(target, 0) if single else target
    loss = keras.losses.MeanSquaredError(dtype=dtype_of(input))(truth, answer)
    return ops.add(loss, losses[0])


def linear_mse_l1(input: Any, weight: Any, bias: Any, target: Any, lambd: float) -> Any:
    """Dense with kernel_regularizer L1."""
    return _linear_mse(input, weight, bias, target, keras.regularizers.L1(lambd))


def linear_mse_l2(input: Any, weight: Any, bias: Any, target: Any, lambd: float) -> Any:
    """Dense with kernel_regularizer L2."""
    return _linear_mse(input, weight, bias, target, keras.regularizers.L2(lambd / 2))


def linear_mse_elastic_net(input: Any, weight: Any, bias: Any, target: Any, lambd1: float, lambd2: float) -> Any:
    """Dense with kernel_regularizer L1L2."""
    return _linear_mse(input, weight, bias, target, keras.regularizers.L1L2(lambd1, lambd2 / 2))


REGULARIZATION = {
    "alpha_dropout": alpha_dropout,
    "clip_grad_value": clip_grad_value,
    "dropout": dropout,
    "dropout1d": dropout1d,
    "dropout2d": _spatial(keras.layers.SpatialDropout2D, 2),
    "dropout3d": _spatial(keras.layers.SpatialDropout3D, 3),
    "elastic_net_penalty": elastic_net_penalty,
    "feature_alpha_dropout": feature_alpha_dropout,
    "l1_penalty": l1_penalty,
    "l2_penalty": l2_penalty,
    "linear_mse_elastic_net": linear_mse_elastic_net,
    "linear_mse_l1": linear_mse_l1,
    "linear_mse_l2": linear_mse_l2,
}
