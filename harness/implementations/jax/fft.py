"""Fourier transforms: jnp.fft under torch's names."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from harness.implementations.framework import Operator


def _one(function: Operator) -> Operator:
    """Return a transform along one axis."""

    def transform(input: Any, *, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
        return function(input, n, dim, norm)

    return transform


def _several(function: Operator, axes: tuple[int, ...] | None) -> Operator:
    """Return a transform along several axes."""

    def transform(input: Any, *, s: Any = None, dim: Any = axes, norm: str | None = None) -> Any:
        if s is not None and dim is None:
            dim = tuple(range(-len(s), 0))
        if s is not None:
            s = tuple(input.shape[axis] if size == -1 else size for size, axis in zip(s, dim, strict=True))
        return function(input, s, dim, norm)

    return transform


def fftshift(input: Any, *, dim: Any = None) -> Any:
    """jnp.fft.fftshift."""
    return jnp.fft.fftshift(input, dim)


def ifftshift(input: Any, *, dim: Any = None) -> Any:
    """jnp.fft.ifftshift."""
    return jnp.fft.ifftshift(input, dim)


FFTS = {
    "fft": _one(jnp.fft.fft),
    "fft2": _several(jnp.fft.fft2, (-2, -1)),
    "fftn": _several(jnp.fft.fftn, None),
    "fftshift": fftshift,
    "hfft": _one(jnp.fft.hfft),
    "ifft": _one(jnp.fft.ifft),
    "ifft2": _several(jnp.fft.ifft2, (-2, -1)),
    "ifftn": _several(jnp.fft.ifftn, None),
    "ifftshift": ifftshift,
    "ihfft": _one(jnp.fft.ihfft),
    "irfft": _one(jnp.fft.irfft),
    "irfft2": _several(jnp.fft.irfft2, (-2, -1)),
    "irfftn": _several(jnp.fft.irfftn, None),
    "rfft": _one(jnp.fft.rfft),
    "rfft2": _several(jnp.fft.rfft2, (-2, -1)),
    "rfftn": _several(jnp.fft.rfftn, None),
}
