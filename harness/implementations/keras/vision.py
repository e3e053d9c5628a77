"""Padding and images: keras.ops.pad, keras.ops.image and the pixel orders of keras.ops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from harness.errors import Unsupported
from harness.implementations.keras.shared import channels_first, channels_last, no

_PADDINGS = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
_RESIZES = {"bilinear": "bilinear", "bicubic": "bicubic", "nearest-exact": "nearest"}


def pad(input: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Any:
    """keras.ops.pad."""
    no(any(amount < 0 for amount in pad), "padding that takes away")
    rank = len(input.shape)
    widths = [(0, 0)] * (rank - len(pad) // 2) + [tuple(pad[i : i + 2]) for i in range(len(pad) - 2, -1, -2)]
    options = {} if mode != "constant" or value is None else {"constant_values": value}
    return ops.pad(input, widths, mode=_PADDINGS[mode], **options)


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """keras.ops.image.resize, whose nearest is torch's nearest-exact."""
    no(align_corners, "align_corners")
    if len(input.shape) != 4 or mode not in _RESIZES:  # noqa: PLR2004
        raise Unsupported(f"Keras resizes no {mode} of rank {len(input.shape)}")
    if size is None and not recompute_scale_factor:
        raise Unsupported("Keras resizes to a size, not by a factor")
    if size is None:
        factors = scale_factor if isinstance(scale_factor, list) else [scale_factor] * 2
        size = [int(n * factor) for n, factor in zip(input.shape[2:], factors, strict=True)]
    target = tuple(size) if isinstance(size, list) else (size, size)
    answer = ops.image.resize(
        channels_last(input), target, interpolation=_RESIZES[mode], antialias=antialias, data_format="channels_last"
    )
    return channels_first(answer)


def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """keras.ops.depth_to_space, whose blocks lie outside of the channels."""
    no(upscale_factor == 1, "depth_to_space in blocks of 1")
    no(len(input.shape) != 4, "depth_to_space without a batch")  # noqa: PLR2004
    n, c, h, w = input.shape
    blocks = ops.reshape(input, (n, c // upscale_factor**2, upscale_factor**2, h, w))
    turned = ops.reshape(ops.swapaxes(blocks, 1, 2), (n, c, h, w))
    return channels_first(ops.depth_to_space(channels_last(turned), upscale_factor, data_format="channels_last"))


def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """keras.ops.space_to_depth, whose blocks lie outside of the channels."""
    no(downscale_factor == 1, "space_to_depth in blocks of 1")
    no(len(input.shape) != 4, "space_to_depth without a batch")  # noqa: PLR2004
    found = ops.space_to_depth(channels_last(input), downscale_factor, data_format="channels_last")
    deep = channels_first(found)
    n, c, h, w = deep.shape
    blocks = ops.reshape(deep, (n, downscale_factor**2, c // downscale_factor**2, h, w))
    return ops.reshape(ops.swapaxes(blocks, 1, 2), (n, c, h, w))


VISION = {
    "interpolate": interpolate,
    "pad": pad,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
}
