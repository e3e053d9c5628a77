"""Roundings on the way through the reference: what is rounded, and what is only moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from harness.model import Call, Stage

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from torch import Tensor

from harness.implementations.torch import TorchImplementation  # noqa: E402
from harness.reference.rounding import Rounding  # noqa: E402

UNIT = 2.0**-24


def rounded(function: Callable[..., Tensor], *tensors: Tensor, seed: int = 0, unit: float = UNIT) -> Tensor:
    with Rounding(unit, seed):
        return function(*tensors)


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.asarray(np.random.RandomState(seed).standard_normal(shape or (64,))))


def moved(function: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
    """Return by how many units each number is off."""
    right = function(*tensors)
    return (rounded(function, *tensors) / right - 1).abs() / UNIT


def test_what_an_operation_makes_is_off_by_one_unit_either_way() -> None:
    right = numbers().exp()
    off = (rounded(torch.exp, numbers()) / right - 1) / UNIT
    assert torch.allclose(off.abs(), torch.ones(64, dtype=off.dtype), atol=1e-6)
    assert 16 < int((off > 0).sum()) < 48


def test_one_seed_gives_the_same_roundings_and_another_one_others() -> None:
    once, again, other = (rounded(torch.exp, numbers(), seed=seed) for seed in (1, 1, 2))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


EXACT: dict[str, Callable[[Tensor], Tensor]] = {
    "views": lambda x: x.reshape(8, 8).t()[2:, :4].unsqueeze(0).expand(3, -1, -1),
    "copies": lambda x: torch.cat([x.clone(), x.flip(0), x.repeat(2), x.roll(3)]),
    "choices": lambda x: torch.where(x > 0, x, x.sort()[0]).clamp(-0.7, 0.7),
    "maxima": lambda x: torch.maximum(x.reshape(8, 8).amax(0), x[:8]),
    "relu": torch.relu,
    "signs": lambda x: torch.stack([-x, x.abs(), x.sign()]),
    "rounding": lambda x: torch.stack([x.floor(), (10 * x).round()])[:, :0],
    "whole numbers": lambda x: x.round() + 3,
    "powers of two": lambda x: torch.stack([x + x, x * 0.25, x / 8]),
    "masks": lambda x: x * (x > 0),
    "ones and zeros": lambda x: torch.stack([(0 * x).exp(), x - x]),
    "padding": lambda x: torch.nn.functional.pad(x, (2, 2), value=0.3),
    "pooling": lambda x: torch.nn.functional.max_pool1d(x[None], 3),
    "in place": lambda x: x.clone().clamp_(max=0.5).neg_(),
    "scatter": lambda x: torch.zeros_like(x).scatter_(0, torch.arange(32), x[32:]),
}


@pytest.mark.parametrize("name", EXACT)
def test_what_only_moves_or_chooses_numbers_is_exact(name: str) -> None:
    assert torch.equal(rounded(EXACT[name], numbers()), EXACT[name](numbers()))


ROUNDED: dict[str, Callable[[Tensor], Tensor]] = {
    "products": lambda x: x * 0.3,
    "sums": lambda x: x + x.flip(0),
    "in place": lambda x: x.clone().mul_(0.3),
    "into an array": lambda x: torch.exp(x, out=torch.empty_like(x)),
    "lists": lambda x: torch.stack(torch._foreach_exp([x, x])),  # what clip_grad_norm_ is made of
}


@pytest.mark.parametrize("name", ROUNDED)
def test_arithmetic_is_rounded_once(name: str) -> None:
    off = moved(ROUNDED[name], numbers())
    assert torch.allclose(off, torch.ones_like(off), atol=1e-6)


def test_a_large_whole_number_is_rounded_where_the_dtype_does_not_hold_it() -> None:
    assert rounded(lambda x: x + 1.0, torch.tensor([2.0**24 - 2], dtype=torch.float64)) == 2.0**24 - 1
    assert rounded(lambda x: x + 1.0, torch.tensor([2.0**25], dtype=torch.float64)) != 2.0**25 + 1


def test_complex_numbers_are_rounded_by_their_parts() -> None:
    right = torch.fft.fft(numbers())
    off = torch.view_as_real(rounded(torch.fft.fft, numbers())) / torch.view_as_real(right) - 1
    assert (off[1:32].abs() / UNIT - 1).abs().max() < 1e-6
    assert rounded(torch.fft.fft, numbers()).imag[0] == 0


def test_integers_and_what_is_no_number_stay_what_they_are() -> None:
    assert torch.equal(rounded(lambda x: x * 3, torch.arange(9)), torch.arange(9) * 3)
    odd = torch.tensor([np.inf, -np.inf, np.nan, 0.0, -0.0], dtype=torch.float64)
    answer = rounded(lambda x: x * 0.3, odd)
    assert torch.equal(answer.nan_to_num(7.0), (odd * 0.3).nan_to_num(7.0))
    assert torch.signbit(answer).tolist() == torch.signbit(odd * 0.3).tolist()


def test_gradients_are_rounded_too_and_a_run_without_unit_is_exact() -> None:
    inputs = {"input": np.random.RandomState(1).standard_normal((4, 5))}
    call = Call(
        operator="tanh", reference="torch.tanh", dtype="float64", params={}, inputs=inputs, noise={}, noise_names=(),
        noise_seed=0, grad_outputs={"output": np.ones((4, 5))}, stages=(Stage.FORWARD, Stage.BACKWARD),
        outputs=("output",),
    )  # fmt: skip
    torch_itself = TorchImplementation()
    right, exact = torch_itself.run(call).stages, torch_itself.rounded(call, unit=0.0, seed=0).stages
    for stage, name in ((Stage.FORWARD, "output"), (Stage.BACKWARD, "grad_input")):
        assert np.array_equal(exact[stage][name], right[stage][name])
        off = np.abs(torch_itself.rounded(call, unit=UNIT, seed=0).stages[stage][name] / right[stage][name] - 1) / UNIT
        assert off.max() > 0.9
        assert off.max() < 100
