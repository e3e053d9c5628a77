"""Images: jnp.pad, jax.image.resize where it means the same, and reshaping of channels."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.image
import jax.numpy as jnp

from harness.errors import Unsupported

_PAD = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
#: modes of torch that jax.image.resize has: its "nearest" is at half pixels
_RESIZE = {"nearest-exact": "nearest", "linear": "linear", "bilinear": "linear", "trilinear": "linear"}


def pad(input: Any, *, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """jnp.pad; with a constant jax.lax.pad, which may take away as well."""
    pairs = [(0, 0)] * (input.ndim - len(pad) // 2)
    pairs += [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    if mode == "constant":
        return jax.lax.pad(input, jnp.asarray(value or 0, input.dtype), [(*pair, 0) for pair in pairs])
    if min(pad) < 0:
        raise Unsupported("jnp.pad takes nothing away")
    return jnp.pad(input, pairs, mode=_PAD[mode])


def interpolate(
    input: Any,
    *,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """jax.image.resize, which is given the new size and has no corners to align."""
    if align_corners:
        raise Unsupported("jax.image.resize does not align corners")
    if size is None and not recompute_scale_factor:
        raise Unsupported("jax.image.resize takes the scale from the sizes")
    spatial = input.ndim - 2
    if size is None:
        factors = scale_factor if isinstance(scale_factor, tuple) else (scale_factor,) * spatial
        size = tuple(int(n * factor) for n, factor in zip(input.shape[2:], factors, strict=True))
    sizes = size if isinstance(size, tuple) else (size,) * spatial
    method = "cubic" if mode == "bicubic" and antialias else _RESIZE.get(mode)  # torch's other cubic has a = -0.75
    if method is None:
        raise Unsupported(f"jax.image.resize has no {mode!r} of torch's kind")
    return jax.image.resize(input, (*input.shape[:2], *sizes), method, antialias=antialias)


def channel_shuffle(input: Any, *, groups: int) -> Any:
    """jnp.reshape and jnp.swapaxes."""
    parts = input.reshape(input.shape[0], groups, input.shape[1] // groups, *input.shape[2:])
    return jnp.swapaxes(parts, 1, 2).reshape(input.shape)


def pixel_shuffle(input: Any, *, upscale_factor: int) -> Any:
    """jnp.reshape and jnp.moveaxis."""
    r, (*batch, channels, height, width) = upscale_factor, input.shape
    parts = jnp.moveaxis(input.reshape(math.prod(batch), channels // r**2, r, r, height, width), (2, 3), (3, 5))
    return parts.reshape(*batch, channels // r**2, height * r, width * r)


def pixel_unshuffle(input: Any, *, downscale_factor: int) -> Any:
    """jnp.reshape and jnp.moveaxis."""
    r, (*batch, channels, height, width) = downscale_factor, input.shape
    parts = jnp.moveaxis(input.reshape(math.prod(batch), channels, height // r, r, width // r, r), (3, 5), (2, 3))
    return parts.reshape(*batch, channels * r**2, height // r, width // r)


VISION = {
    "channel_shuffle": channel_shuffle,
    "interpolate": interpolate,
    "pad": pad,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
}
