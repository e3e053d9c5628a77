"""The adapter of tinygrad: arrays there and back, gradients, refusals, noise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

pytest.importorskip("tinygrad")

from harness.errors import Unsupported
from harness.implementations.tinygrad.adapter import TinygradImplementation
from harness.model import Array, Call, NoiseMode, Stage

pytestmark = pytest.mark.frameworks


def ask(operator: str, inputs: dict[str, Array], params: dict[str, Any] | None = None, **changes: Any) -> Call:
    """Return a call for forward and backward."""
    call = Call(
        operator=operator,
        reference="",
        dtype="float32",
        params=params or {},
        inputs=inputs,
        noise={},
        noise_names=(),
        noise_seed=7,
        grad_outputs={},
        stages=(Stage.FORWARD,),
        outputs=("output",),
    )
    return replace(call, **changes)


@pytest.fixture(scope="module")
def tinygrad() -> TinygradImplementation:
    return TinygradImplementation()


@pytest.mark.parametrize(
    "dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64, np.int32, np.int64, np.uint8, np.bool_]
)
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 2)])
def test_an_array_comes_back_as_it_went(tinygrad: TinygradImplementation, dtype: Any, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.float64).reshape(shape).astype(dtype)
    back = tinygrad.to_numpy(tinygrad.to_own(array))
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_the_gradient_is_tinygrads_own(tinygrad: TinygradImplementation) -> None:
    x = np.array([-2.0, 0.5, 3.0], dtype=np.float32)
    upstream = np.array([1.0, 2.0, 4.0], dtype=np.float32)
    call = ask("square", {"input": x}, grad_outputs={"output": upstream}, stages=(Stage.FORWARD, Stage.BACKWARD))
    outputs = tinygrad.run(call)
    np.testing.assert_array_equal(outputs.stages[Stage.FORWARD]["output"], x * x)
    np.testing.assert_array_equal(outputs.stages[Stage.BACKWARD]["grad_input"], 2 * x * upstream)


def test_an_operator_a_param_and_an_input_that_it_lacks(tinygrad: TinygradImplementation) -> None:
    x = np.ones((2, 2), dtype=np.float32)
    with pytest.raises(Unsupported, match="no such operator"):
        tinygrad.run(ask("digamma", {"input": x}))
    with pytest.raises(Unsupported, match="rounds to integers"):
        tinygrad.run(ask("round", {"input": x}, {"decimals": 2}))
    with pytest.raises(Unsupported, match="no input 'weight'"):
        tinygrad.run(ask("mse_loss", {"input": x, "target": x, "weight": x}))
    with pytest.raises(Unsupported, match="not supported"):
        tinygrad.run(ask("pad", {"input": x}, {"pad": [1, 1], "mode": "symmetric"}))


def test_dropout_hides_its_mask_and_takes_a_seed(tinygrad: TinygradImplementation) -> None:
    x = np.ones(64, dtype=np.float32)
    stages = (Stage.FORWARD, Stage.EVAL)
    call = ask("dropout", {"input": x}, {"p": 0.5}, noise_names=("mask",), stages=stages)
    outputs = tinygrad.run(call)
    assert tinygrad.takes_seed("dropout")
    assert outputs.noise_mode is NoiseMode.DERIVED
    forward = outputs.stages[Stage.FORWARD]["output"]
    assert set(np.unique(forward)) == {0.0, 2.0}
    np.testing.assert_array_equal(outputs.stages[Stage.EVAL]["output"], x)
    np.testing.assert_array_equal(tinygrad.run(call).stages[Stage.FORWARD]["output"], forward)
    other = tinygrad.run(replace(call, noise_seed=8)).stages[Stage.FORWARD]["output"]
    assert (other != forward).any()


def test_the_state_of_batch_norm_is_not_written_into(tinygrad: TinygradImplementation) -> None:
    inputs = {
        "input": np.arange(6, dtype=np.float32).reshape(3, 2),
        "running_mean": np.zeros(2, dtype=np.float32),
        "running_var": np.ones(2, dtype=np.float32),
    }
    outputs = tinygrad.run(ask("batch_norm", inputs, outputs=("output",), stages=(Stage.FORWARD, Stage.EVAL)))
    np.testing.assert_allclose(outputs.stages[Stage.EVAL]["output"], inputs["input"], rtol=1e-4)


def test_it_offers_most_of_what_tinygrad_has(tinygrad: TinygradImplementation) -> None:
    assert len(tinygrad.operators) >= 190
    assert tinygrad.version.count(".") == 2
