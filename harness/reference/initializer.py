"""References in torch of the initializer family: torch.nn.init with what it draws as noise, apart from its law.

The first argument of an initializer is the tensor to fill: only its shape and dtype count.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import init

from harness.errors import Unsupported
from harness.reference.noisy import Noisy


def _wide(noise: Tensor, tensor: Tensor) -> Tensor:
    """Return noise to compute with: half precision is widened, and rounded once at the end, as torch does."""
    return noise.to(torch.promote_types(tensor.dtype, torch.float32))


def _native(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def native(tensor: Tensor, training: bool = True, **params: Any) -> Tensor:  # noqa: ARG001 - there is no eval mode
        return function(torch.empty_like(tensor), **params)

    return native


#: how torch draws the numbers that a law is about
_DRAWS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "uniform": lambda empty: empty.uniform_(0.0, 1.0),
    "symmetric": lambda empty: empty.uniform_(-1.0, 1.0),
    "normal": lambda empty: empty.normal_(0.0, 1.0),
}


def _scaled(function: Callable[..., Tensor], kind: str, place: Callable[..., tuple[float, float]]) -> Noisy:
    """Return an initializer that draws one number an element, and whose law is number * scale + shift."""

    def draw(tensor: Tensor, **_params: Any) -> dict[str, Tensor]:
        return {kind: _DRAWS[kind](torch.empty_like(tensor))}

    def law(tensor: Tensor, **noise_and_params: Any) -> Tensor:
        noise = noise_and_params.pop(kind)
        scale, shift = place(tensor, **noise_and_params)
        return (_wide(noise, tensor) * scale + shift).to(tensor.dtype)

    return Noisy(native=_native(function), draw=draw, law=law)


def _fans(tensor: Tensor) -> tuple[int, int]:
    field = tensor[0, 0].numel()
    return tensor.shape[1] * field, tensor.shape[0] * field


def _xavier(tensor: Tensor, gain: float = 1.0) -> float:
    return gain * math.sqrt(2.0 / sum(_fans(tensor)))


def _kaiming(tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> float:
    return float(init.calculate_gain(nonlinearity, a)) / math.sqrt(_fans(tensor)[mode == "fan_out"])


def _only_scaled(std: Callable[..., float], factor: float = 1.0) -> Callable[..., tuple[float, float]]:
    return lambda tensor, **params: (factor * std(tensor, **params), 0.0)


uniform_ = _scaled(init.uniform_, "uniform", lambda _, a=0.0, b=1.0: (b - a, a))
normal_ = _scaled(init.normal_, "normal", lambda _, mean=0.0, std=1.0: (std, mean))
xavier_uniform_ = _scaled(init.xavier_uniform_, "symmetric", _only_scaled(_xavier, math.sqrt(3.0)))
xavier_normal_ = _scaled(init.xavier_normal_, "normal", _only_scaled(_xavier))
kaiming_uniform_ = _scaled(init.kaiming_uniform_, "symmetric", _only_scaled(_kaiming, math.sqrt(3.0)))
kaiming_normal_ = _scaled(init.kaiming_normal_, "normal", _only_scaled(_kaiming))


# -- what is more than scale and shift


def _trunc_normal_draw(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0
) -> dict[str, Tensor]:
    """Draw whole tensors until each element has been within the bounds once; a torch before 2.13 inverts instead."""
    if "erfinv" in inspect.getsource(init):
        raise Unsupported(f"torch {torch.__version__} draws truncated normals by inversion")
    rounds: list[Tensor] = []
    accepted = torch.zeros_like(tensor, dtype=torch.bool)
    while not rounds or not accepted.all():
        rounds.append(torch.empty_like(tensor).normal_(0.0, 1.0))
        value = (_wide(rounds[-1], tensor) * std + mean).to(tensor.dtype)
        accepted |= (value >= a) & (value <= b)
    return {"normal": torch.stack(rounds)}


def _trunc_normal_law(
    tensor: Tensor, normal: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0
) -> Tensor:
    values = (_wide(normal, tensor) * std + mean).to(tensor.dtype)
    first = ((values >= a) & (values <= b)).to(torch.int64).argmax(dim=0, keepdim=True)
    return values.gather(0, first)[0]


def _orthogonal_draw(tensor: Tensor, gain: float = 1.0) -> dict[str, Tensor]:  # noqa: ARG001 - the law's, not the draw's
    return {"normal": tensor.new_empty(tensor.shape[0], tensor[0].numel()).normal_(0.0, 1.0)}


def _orthogonal_law(tensor: Tensor, normal: Tensor, gain: float = 1.0) -> Tensor:
    wide = normal.shape[0] < normal.shape[1]
    q, r = torch.linalg.qr(normal.to(tensor.dtype).t() if wide else normal.to(tensor.dtype))
    q = q * r.diagonal().sign()
    return (q.t() if wide else q).reshape(tensor.shape) * gain


trunc_normal_ = Noisy(native=_native(init.trunc_normal_), draw=_trunc_normal_draw, law=_trunc_normal_law)
orthogonal_ = Noisy(native=_native(init.orthogonal_), draw=_orthogonal_draw, law=_orthogonal_law)
