"""The operators of Keras by the catalogue's names."""

from __future__ import annotations

from harness.implementations.keras.activation import ACTIVATIONS
from harness.implementations.keras.attention import ATTENTION
from harness.implementations.keras.convolution import CONVOLUTIONS
from harness.implementations.keras.elementwise import ELEMENTWISE
from harness.implementations.keras.initializer import INITIALIZERS
from harness.implementations.keras.linalg import LINALG
from harness.implementations.keras.loss import LOSSES
from harness.implementations.keras.normalization import NORMALIZATION
from harness.implementations.keras.optimizer import OPTIMIZERS
from harness.implementations.keras.recurrent import RECURRENT
from harness.implementations.keras.reduction import REDUCTIONS
from harness.implementations.keras.regularization import REGULARIZATION
from harness.implementations.keras.schedule import SCHEDULES
from harness.implementations.keras.shape import SHAPES
from harness.implementations.keras.vision import VISION

OPERATORS = {
    **ACTIVATIONS,
    **ATTENTION,
    **CONVOLUTIONS,
    **ELEMENTWISE,
    **INITIALIZERS,
    **LINALG,
    **LOSSES,
    **NORMALIZATION,
    **OPTIMIZERS,
    **RECURRENT,
    **REDUCTIONS,
    **REGULARIZATION,
    **SCHEDULES,
    **SHAPES,
    **VISION,
}
