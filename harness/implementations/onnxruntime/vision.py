"""Resampling and padding of images, and attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.onnxruntime.graph import Value, each, node

_MODES = {
    "nearest": "nearest",
    "nearest-exact": "nearest",
    "linear": "linear",
    "bilinear": "linear",
    "trilinear": "linear",
    "bicubic": "cubic",
}
_SAMPLING = {"bilinear": "linear", "nearest": "nearest", "bicubic": "cubic"}
_PADDING = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def affine_grid(theta: Value, *, size: Sequence[int], align_corners: bool = False) -> Value:
    """AffineGrid."""
    return node("AffineGrid", theta, list(size), align_corners=int(align_corners))


def grid_sample(
    input: Value, grid: Value, *, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool = False
) -> Value:
    """GridSample."""
    how: dict[str, Any] = {"mode": _SAMPLING[mode], "padding_mode": padding_mode, "align_corners": int(align_corners)}
    return node("GridSample", input, grid, **how)


def interpolate(
    input: Value,
    *,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Value:
    """Resize of the dimensions after batch and channels."""
    if mode not in _MODES:
        raise Unsupported(f"Resize has no {mode!r}")
    spatial = input.rank - 2
    factors = _factors(scale_factor, spatial)
    if factors and recompute_scale_factor:
        size, factors = [int(n * f) for n, f in zip(input.shape[2:], factors, strict=True)], []
    scales = np.array(factors, dtype=np.float32) if factors else None
    sizes = None if factors or size is None else each("size", spatial, size)
    how: dict[str, Any] = {"mode": _MODES[mode], "axes": list(range(2, input.rank))}
    if mode == "nearest":
        how |= {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    elif mode == "nearest-exact":
        how |= {"coordinate_transformation_mode": "half_pixel", "nearest_mode": "round_prefer_ceil"}
    else:
        how |= {"coordinate_transformation_mode": "align_corners" if align_corners else "half_pixel"}
    if mode == "bicubic":
        how |= {"cubic_coeff_a": -0.5 if antialias else -0.75}
    return node("Resize", input, None, scales, sizes, antialias=int(antialias), exclude_outside=int(antialias), **how)


def _factors(scale_factor: float | Sequence[float] | None, spatial: int) -> list[float]:
    if scale_factor is None:
        return []
    return [float(scale_factor)] * spatial if isinstance(scale_factor, int | float) else list(scale_factor)


def pad(input: Value, *, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Value:
    """Pad, whose numbers go from the first axis to the last."""
    lead = [0] * (input.rank - len(pad) // 2)
    before, after = [*lead, *pad[-2::-2]], [*lead, *pad[::-2]]
    if value is not None and isinstance(value, float) and not input.floating:
        raise Unsupported(f"ONNX does not promote: {value} beside {input.dtype}")
    filling = None if value is None else np.array(value, dtype=input.dtype)
    return node("Pad", input, before + after, filling, mode=_PADDING[mode])


def scaled_dot_product_attention(
    query: Value,
    key: Value,
    value: Value,
    attn_mask: Value | None = None,
    *,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Value:
    """Attention of four dimensions, in which the counts of heads say whether they are grouped."""
    del enable_gqa
    alone = query.rank == 3  # noqa: PLR2004
    given = [node("Unsqueeze", x, [1]) if alone else x for x in (query, key, value)]
    if attn_mask is not None and attn_mask.shape[-1:] == (1,):  # Attention would fill it up with what is masked
        attn_mask = node("Expand", attn_mask, [1] * (attn_mask.rank - 1) + [key.shape[-2]])
    attended = node("Attention", *given, attn_mask, is_causal=int(is_causal), scale=scale)
    return node("Squeeze", attended, [1]) if alone else attended


VISION: dict[str, Operator] = {
    "affine_grid": affine_grid,
    "grid_sample": grid_sample,
    "interpolate": interpolate,
    "pad": pad,
    "scaled_dot_product_attention": scaled_dot_product_attention,
}
