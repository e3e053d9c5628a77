"""The zoo of the other families: wrong implementations with one fault each, and right ones that compute otherwise."""

from __future__ import annotations

from zoo_activations import ACTIVATIONS
from zoo_convolution import CONVOLUTION
from zoo_elementwise import ELEMENTWISE
from zoo_images import POOLING, VISION
from zoo_losses import LOSSES
from zoo_matrices import FFT, LINALG
from zoo_normalization import NORMALIZATION
from zoo_reductions import REDUCTION
from zoo_right import RIGHT_CATALOGUE
from zoo_sequences import ATTENTION, RECURRENT
from zoo_shapes import SHAPE
from zoo_special import SPECIAL
from zoo_training import INITIALIZER, OPTIMIZER, SCHEDULER

__all__ = ["RIGHT_CATALOGUE", "WRONG_CATALOGUE"]

#: one fault each
WRONG_CATALOGUE = (
    *ACTIVATIONS,
    *ATTENTION,
    *CONVOLUTION,
    *ELEMENTWISE,
    *FFT,
    *INITIALIZER,
    *LINALG,
    *LOSSES,
    *NORMALIZATION,
    *OPTIMIZER,
    *POOLING,
    *RECURRENT,
    *REDUCTION,
    *SCHEDULER,
    *SHAPE,
    *SPECIAL,
    *VISION,
)
