"""Fourier transforms: DFT and STFT, which scale as torch does by default."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.onnxruntime.graph import Pairs, Value, node

_PAIR = 2


def _complex(input: Value) -> tuple[Value, int]:
    """Return an input with a last axis of 1 or 2, and its number of dimensions without it."""
    if isinstance(input, Pairs):
        return input, input.rank - 1
    return node("Unsqueeze", input, [-1]), input.rank


def _dft(x: Value, rank: int, dim: int, n: int | None, *, inverse: bool = False, onesided: bool = False) -> Value:
    axis = np.array(dim % rank, dtype=np.int64)
    length = None if n is None else np.array(n, dtype=np.int64)
    return node("DFT", x, length, axis, inverse=int(inverse), onesided=int(onesided))


def _default(norm: str | None) -> None:
    if norm not in {None, "backward"}:
        raise Unsupported(f"DFT has no norm {norm!r}")


def _one(*, inverse: bool = False, onesided: bool = False) -> Callable[..., Value]:
    def operator(input: Value, *, n: int | None = None, dim: int = -1, norm: str | None = None) -> Value:
        _default(norm)
        x, rank = _complex(input)
        if onesided and inverse:
            back = _dft(x, rank, dim, n, inverse=True, onesided=True)
            return node("Squeeze", back, [-1])
        return _dft(x, rank, dim, n, inverse=inverse, onesided=onesided)

    operator.__doc__ = "DFT."
    return operator


def _many(axes: Callable[[int], list[int]], *, inverse: bool = False) -> Callable[..., Value]:
    def operator(
        input: Value, *, s: Sequence[int] | None = None, dim: Sequence[int] | None = None, norm: str | None = None
    ) -> Value:
        _default(norm)
        x, rank = _complex(input)
        dims = list(range(rank))[-len(s) :] if s is not None and dim is None else dim
        over = axes(rank) if dims is None else list(dims)
        sizes = [None] * len(over) if s is None else [None if n == -1 else n for n in s]
        for axis, n in zip(over, sizes, strict=True):
            x = _dft(x, rank, axis, n, inverse=inverse)
        return x

    operator.__doc__ = "DFT after DFT."
    return operator


def stft(
    input: Value,
    window: Value | None = None,
    *,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool,
) -> Value:
    """STFT, with a Pad before it where it is centred; frames and frequencies change places."""
    del return_complex
    if normalized or (win_length not in {None, n_fft}):
        raise Unsupported("STFT takes windows of the length of a frame, and does not normalize")
    x = input if input.rank == _PAIR else node("Unsqueeze", input, [0])
    if center:
        modes = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
        x = node("Pad", x, [0, n_fft // 2] * 2, mode=modes[pad_mode])
    step = np.array(n_fft // 4 if hop_length is None else hop_length, dtype=np.int64)
    frame = np.array(n_fft, dtype=np.int64)
    signal = node("Unsqueeze", x, [-1])
    frames = node("STFT", signal, step, window, frame, onesided=int(onesided is not False))
    turned = node("Transpose", frames, perm=[0, 2, 1, 3])
    return turned if input.rank == _PAIR else node("Squeeze", turned, [0])


FOURIER: dict[str, Operator] = {
    "fft": _one(),
    "fft2": _many(lambda _: [-2, -1]),
    "fftn": _many(lambda rank: list(range(rank))),
    "ifft": _one(inverse=True),
    "ifft2": _many(lambda _: [-2, -1], inverse=True),
    "ifftn": _many(lambda rank: list(range(rank)), inverse=True),
    "irfft": _one(inverse=True, onesided=True),
    "rfft": _one(onesided=True),
    "stft": stft,
}
