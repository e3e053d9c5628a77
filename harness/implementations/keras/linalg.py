"""Linear algebra and Fourier transforms of keras.ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from harness.errors import Unsupported
from harness.implementations.keras.shared import axis_of, dtype_of, no

_EUCLIDEAN = 2


def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: str = "") -> Any:
    """keras.ops.cdist, which is Euclidean."""
    del compute_mode
    no(p != _EUCLIDEAN, "distance but the Euclidean one")
    return ops.cdist(x1, x2)


def cholesky(input: Any, upper: bool = False) -> Any:
    """keras.ops.cholesky."""
    return ops.cholesky(input, upper=upper)


def eigh(input: Any, UPLO: str = "L") -> Any:  # noqa: N803 - torch's own name, here and below
    """keras.ops.eigh, which reads the lower triangle."""
    no(UPLO == "U", "eigh of the upper triangle")
    return tuple(ops.eigh(input))


def eigvalsh(input: Any, UPLO: str = "L") -> Any:  # noqa: N803
    """keras.ops.eigh, the values alone."""
    return eigh(input, UPLO)[0]


def lstsq(A: Any, B: Any, driver: str = "") -> Any:  # noqa: N803
    """keras.ops.lstsq, of one matrix."""
    del driver
    return ops.lstsq(A, B)


def matrix_norm(input: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False) -> Any:
    """keras.ops.norm of two axes."""
    return ops.norm(input, ord=ord, axis=axis_of(dim), keepdims=keepdim)


def pinv(input: Any, hermitian: bool = False) -> Any:
    """keras.ops.pinv."""
    no(hermitian, "pinv of a Hermitian matrix")
    return ops.pinv(input)


def qr(A: Any, mode: str = "reduced") -> Any:  # noqa: N803
    """keras.ops.qr."""
    no(mode == "r", "qr without q")
    return tuple(ops.qr(A, mode=mode))


def slogdet(A: Any) -> Any:  # noqa: N803
    """keras.ops.slogdet."""
    return tuple(ops.slogdet(A))


def solve(A: Any, B: Any, left: bool = True) -> Any:  # noqa: N803
    """keras.ops.solve."""
    no(not left, "solve from the right")
    return ops.solve(A, B)


def solve_triangular(input: Any, B: Any, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:  # noqa: N803
    """keras.ops.solve_triangular."""
    no(not left, "solve from the right")
    no(unitriangular, "solve with a diagonal of ones")
    return ops.solve_triangular(input, B, lower=not upper)


def svd(A: Any, full_matrices: bool = True) -> Any:  # noqa: N803
    """keras.ops.svd."""
    return tuple(ops.svd(A, full_matrices=full_matrices))


def svdvals(A: Any) -> Any:  # noqa: N803
    """keras.ops.svd, the values alone."""
    return ops.svd(A, compute_uv=False)


def vander(x: Any, N: int | None = None) -> Any:  # noqa: N803
    """keras.ops.vander, in torch's order of powers."""
    return ops.vander(x, N=N, increasing=True)


# -- Fourier transforms: pairs of real and imaginary parts, along the last axes, with the norm "backward"


def _plain(norm: str | None) -> None:
    no(norm not in (None, "backward"), f"norm {norm!r} of a Fourier transform")


def _pair(transform: Callable[..., Any], *, real: bool = False) -> Callable[..., Any]:
    def operator(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
        _plain(norm)
        if real:
            parts = transform(ops.moveaxis(input, dim, -1), fft_length=n)
        else:
            no(n, "length of a complex Fourier transform")
            parts = transform(tuple(ops.moveaxis(part, dim, -1) for part in input))
        return ops.stack([ops.moveaxis(part, -1, dim) for part in parts], axis=-1)

    return operator


def _pair2(transform: Callable[..., Any]) -> Callable[..., Any]:
    def operator(input: Any, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Any:
        _plain(norm)
        no(s, "lengths of a Fourier transform over two axes")
        moved = tuple(ops.moveaxis(part, tuple(dim), (-2, -1)) for part in input)
        return ops.stack([ops.moveaxis(part, (-2, -1), tuple(dim)) for part in transform(moved)], axis=-1)

    return operator


def irfft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Any:
    """keras.ops.irfft."""
    _plain(norm)
    found = ops.irfft(tuple(ops.moveaxis(part, dim, -1) for part in input), fft_length=n)
    return ops.moveaxis(found, -1, dim)


def _window(window: Any, length: int, like: Any) -> Any:
    """Return torch's default window, which is one of ones; None is none at all to Keras."""
    return ops.ones((length,), dtype=dtype_of(like)) if window is None else window


def stft(
    input: Any,
    window: Any = None,
    *,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool = True,
    return_complex: bool = True,
) -> Any:
    """keras.ops.stft, its frames and frequencies swapped."""
    del return_complex
    no(normalized or not onesided or pad_mode != "reflect", "stft but one-sided, reflected and not normalized")
    length = win_length or n_fft
    frame = _window(window, length, input)
    parts = ops.stft(input, length, hop_length or n_fft // 4, n_fft, window=frame, center=center)
    return ops.stack([ops.swapaxes(part, -1, -2) for part in parts], axis=-1)


def istft(
    input: Any,
    window: Any = None,
    *,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool = True,
    length: int | None = None,
) -> Any:
    """keras.ops.istft."""
    no(normalized or not onesided, "istft but one-sided and not normalized")
    parts = tuple(ops.swapaxes(part, -1, -2) for part in input)
    step, size = hop_length or n_fft // 4, win_length or n_fft
    frame = _window(window, size, parts[0])
    return ops.istft(parts, size, step, n_fft, length=length, window=frame, center=center)


def matmul(input: Any, other: Any) -> Any:
    """keras.ops.matmul."""
    if not input.shape or not other.shape:
        raise Unsupported("a product of matrices takes no scalar")
    return ops.matmul(input, other)


LINALG = {
    "bmm": matmul,
    "cdist": cdist,
    "cholesky": cholesky,
    "det": ops.det,
    "eigh": eigh,
    "eigvalsh": eigvalsh,
    "inv": ops.inv,
    "lstsq": lstsq,
    "matmul": matmul,
    "matrix_norm": matrix_norm,
    "mm": matmul,
    "mv": matmul,
    "pinv": pinv,
    "qr": qr,
    "slogdet": slogdet,
    "solve": solve,
    "solve_triangular": solve_triangular,
    "svd": svd,
    "svdvals": svdvals,
    "vander": vander,
    "fft": _pair(ops.fft),
    "fft2": _pair2(ops.fft2),
    "ifft2": _pair2(ops.ifft2),
    "irfft": irfft,
    "istft": istft,
    "rfft": _pair(ops.rfft, real=True),
    "stft": stft,
}
