"""What a reference with noise is made of: torch's own function, the noise that it draws, its law under given noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor


class Noisy(NamedTuple):
    """A random operator, taken apart so that its noise can be recorded and given back.

    Under one state of torch's generator, `native(training=True)` and `law` with the noise that `draw` returns give the
    same bits. So `native` must not draw anything else, such as the first weights of a module.
    """

    #: `native(**inputs, training, **params)`: draws for itself; with `training=False` it is the operator in eval mode
    native: Callable[..., Any]
    #: `draw(**inputs, **params)`: the noise that `native` would draw in the present state of the generator
    draw: Callable[..., Mapping[str, Tensor]]
    #: `law(**inputs, **noise, **params)`: `native` in training mode, with the noise given by name
    law: Callable[..., Any]
