"""Fourier transforms of mlx.core.fft."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mlx.core as mx

from harness.implementations.framework import Operator


def _one(function: Callable[..., Any]) -> Operator:
    def operator(input: Any, *, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
        return function(input, n, dim, norm or "backward")

    return operator


def _two(function: Callable[..., Any]) -> Operator:
    def operator(
        input: Any, *, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None
    ) -> Any:
        return function(input, _sizes(input, s, dim), dim, norm or "backward")

    return operator


def _all(function: Callable[..., Any]) -> Operator:
    def operator(
        input: Any, *, s: Sequence[int] | None = None, dim: Sequence[int] | None = None, norm: str | None = None
    ) -> Any:
        axes = tuple(range(-len(s), 0)) if s is not None and dim is None else dim  # torch: the last len(s) ones
        return function(input, _sizes(input, s, axes), axes, norm or "backward")

    return operator


def _sizes(input: Any, s: Sequence[int] | None, axes: Sequence[int] | None) -> list[int] | None:
    """Return the sizes, where torch writes -1 for one that stays."""
    if s is None or axes is None:
        return None
    return [input.shape[axis] if size == -1 else size for size, axis in zip(s, axes, strict=True)]


def _shift(function: Callable[..., Any]) -> Operator:
    def operator(input: Any, *, dim: int | Sequence[int] | None = None) -> Any:
        return function(input, dim)

    return operator


FFT: dict[str, Operator] = {
    "fft": _one(mx.fft.fft),
    "fft2": _two(mx.fft.fft2),
    "fftn": _all(mx.fft.fftn),
    "fftshift": _shift(mx.fft.fftshift),
    "ifft": _one(mx.fft.ifft),
    "ifft2": _two(mx.fft.ifft2),
    "ifftn": _all(mx.fft.ifftn),
    "ifftshift": _shift(mx.fft.ifftshift),
    "irfft": _one(mx.fft.irfft),
    "irfft2": _two(mx.fft.irfft2),
    "irfftn": _all(mx.fft.irfftn),
    "rfft": _one(mx.fft.rfft),
    "rfft2": _two(mx.fft.rfft2),
    "rfftn": _all(mx.fft.rfftn),
}
