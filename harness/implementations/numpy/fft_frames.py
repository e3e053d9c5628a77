"""The short-time Fourier transform in NumPy, and its inverse.

Both work on frames of n_fft samples that begin every hop_length ones. The window is as long as win_length and stands in
the middle of a frame, zeros on both sides; without one it is all ones.
"""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.fft import Fft, Irfft, Rfft
from harness.implementations.numpy.precision import Array

__all__ = ["Istft", "Stft"]

#: NumPy's names of torch's ways to pad
_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


class _Frames:
    """What both transforms share: where the samples of a frame are, and the window."""

    def __init__(self, n_fft: int, hop_length: int | None, win_length: int | None) -> None:
        self.n_fft = n_fft
        self.hop = n_fft // 4 if hop_length is None else hop_length
        self.win_length = n_fft if win_length is None else win_length

    def samples(self, count: int) -> Array:
        """Return for each of `count` frames the indices of its samples, (count, n_fft)."""
        return self.hop * np.arange(count)[:, np.newaxis] + np.arange(self.n_fft)

    def whole(self, window: Array | None, like: Array) -> Array:
        """Return the window with the zeros on both sides, (n_fft)."""
        given = np.ones(self.win_length) if window is None else window
        left = (self.n_fft - self.win_length) // 2
        return np.pad(given, (left, self.n_fft - self.win_length - left)).astype(like.real.dtype)

    def added(self, frames: Array) -> Array:
        """Return the samples to which the frames (..., count, n_fft) add up where they overlap."""
        count = frames.shape[-2]
        total = np.zeros((*frames.shape[:-2], self.n_fft + self.hop * (count - 1)), dtype=frames.dtype)
        for i, where in enumerate(self.samples(count)):
            total[..., where] += frames[..., i, :]
        return total


class Stft(_Frames):
    """The Fourier transforms of windowed frames. torch.stft.

        y[..., k, m] = sum over j of window[j] x[m hop + j] exp(-2 pi i j k / n_fft)

    center: x is padded first by n_fft // 2 on both sides, as pad_mode says, so that frame m is around sample m hop.
    normalized: times 1 / sqrt(n_fft). onesided (the default): only k up to n_fft // 2.
    x: (L) or (B, L), real; y: (..., frequencies, frames), complex. The window gets no gradient here.
    """

    def __init__(
        self,
        n_fft: int,
        hop_length: int | None = None,
        win_length: int | None = None,
        center: bool = True,
        pad_mode: str = "reflect",
        normalized: bool = False,
        onesided: bool | None = None,
        return_complex: bool = True,  # noqa: ARG002 - the only answer there is
    ) -> None:
        """Take the frames, how the ends are padded, and what is kept."""
        super().__init__(n_fft, hop_length, win_length)
        self.pad, self.pad_mode = n_fft // 2 if center else 0, pad_mode
        norm = "ortho" if normalized else "backward"
        self.transform = Fft(norm=norm) if onesided is False else Rfft(norm=norm)

    def forward(self, input: Array, window: Array | None = None) -> Array:
        """Return the transforms."""
        self.input, self.window = input, self.whole(window, like=input)
        if self.pad_mode == "constant":
            self.source = np.pad(np.arange(input.shape[-1]), self.pad, constant_values=-1)
        else:
            self.source = np.pad(np.arange(input.shape[-1]), self.pad, mode=_MODES[self.pad_mode])  # type: ignore[call-overload]
        padded = np.where(self.source < 0, 0, input[..., self.source])
        self.count = 1 + (padded.shape[-1] - self.n_fft) // self.hop
        frames = padded[..., self.samples(self.count)] * self.window
        return np.swapaxes(self.transform.forward(frames), -1, -2)

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input: each sample collects from its frames and from its copies in the padding."""
        frames = self.transform.backward(np.swapaxes(grad_output, -1, -2)).real * self.window
        gradient = np.zeros_like(self.input)
        for padded, source in zip(np.moveaxis(self.added(frames), -1, 0), self.source, strict=False):
            if source >= 0:
                gradient[..., source] += padded
        return gradient


class Istft(_Frames):
    """The signal whose windowed frames come nearest to these transforms. torch.istft; Griffin and Lim, 1984.

        y[t] = sum over the frames of window * frame / sum over the frames of window^2, at t

    where the frames are the inverse transforms, made of the n_fft // 2 + 1 first frequencies. center: n_fft // 2
    samples on both sides are left out. length cuts the end, or fills it up with zeros.
    x: (..., frequencies, frames), complex; y: (..., L), real. The window gets no gradient here.
    """

    def __init__(
        self,
        n_fft: int,
        hop_length: int | None = None,
        win_length: int | None = None,
        center: bool = True,
        normalized: bool = False,
        onesided: bool | None = None,  # noqa: ARG002 - of both sides the second is not looked at
        length: int | None = None,
    ) -> None:
        """Take the frames and what is kept."""
        super().__init__(n_fft, hop_length, win_length)
        self.pad, self.length = n_fft // 2 if center else 0, length
        self.transform = Irfft(n_fft, norm="ortho" if normalized else "backward")

    def forward(self, input: Array, window: Array | None = None) -> Array:
        """Return the signal."""
        self.window = self.whole(window, like=input)
        frames = self.transform.forward(np.swapaxes(input, -1, -2))
        self.count = frames.shape[-2]
        total = self.added(frames * self.window)
        weight = self.added(np.broadcast_to(self.window**2, frames.shape[-2:]))
        end = total.shape[-1] - self.pad if self.length is None else min(self.pad + self.length, total.shape[-1])
        self.kept, self.weight, self.size = slice(self.pad, end), weight[self.pad : end], total.shape[-1]
        signal = total[..., self.kept] / self.weight
        missing = 0 if self.length is None else self.length - signal.shape[-1]
        return np.concatenate([signal, np.zeros((*signal.shape[:-1], missing), dtype=signal.dtype)], axis=-1)

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        total = np.zeros((*grad_output.shape[:-1], self.size), dtype=grad_output.dtype)
        total[..., self.kept] = grad_output[..., : len(self.weight)] / self.weight
        frames = total[..., self.samples(self.count)] * self.window
        return np.swapaxes(self.transform.backward(frames), -1, -2)
