"""The adapter of MLX: arrays there and back, gradients, refusals, noise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

pytest.importorskip("mlx.core")

from harness.errors import Unsupported
from harness.implementations.mlx.adapter import MlxImplementation
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
def mlx() -> MlxImplementation:
    return MlxImplementation()


@pytest.mark.parametrize(
    "dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64, np.int32, np.int64, np.uint8, np.bool_]
)
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 2)])
def test_an_array_comes_back_as_it_went(mlx: MlxImplementation, dtype: Any, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.float64).reshape(shape).astype(dtype)
    back = mlx.to_numpy(mlx.to_own(array))
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_the_gradient_is_mlxs_own(mlx: MlxImplementation) -> None:
    x = np.array([-2.0, 0.5, 3.0], dtype=np.float32)
    upstream = np.array([1.0, 2.0, 4.0], dtype=np.float32)
    call = ask("square", {"input": x}, grad_outputs={"output": upstream}, stages=(Stage.FORWARD, Stage.BACKWARD))
    outputs = mlx.run(call)
    np.testing.assert_array_equal(outputs.stages[Stage.FORWARD]["output"], x * x)
    np.testing.assert_array_equal(outputs.stages[Stage.BACKWARD]["grad_input"], 2 * x * upstream)


def test_an_operator_a_param_and_an_input_that_it_lacks(mlx: MlxImplementation) -> None:
    x = np.ones((2, 2), dtype=np.float32)
    with pytest.raises(Unsupported, match="no such operator"):
        mlx.run(ask("digamma", {"input": x}))
    with pytest.raises(Unsupported, match="ascends"):
        mlx.run(ask("sort", {"input": x}, {"descending": True}))
    with pytest.raises(Unsupported, match="no input 'weight'"):
        mlx.run(ask("mse_loss", {"input": x, "target": x, "weight": x}))
    with pytest.raises(Unsupported, match="Does not yet support"):
        mlx.run(ask("nan_to_num", {"input": x.astype(np.float64)}))


def test_a_gradient_that_it_lacks_costs_that_stage_alone(mlx: MlxImplementation) -> None:
    x = np.eye(2, dtype=np.float32)
    stages = (Stage.FORWARD, Stage.BACKWARD)
    outputs = mlx.run(ask("svdvals", {"A": x}, grad_outputs={"output": np.ones(2, dtype=np.float32)}, stages=stages))
    assert set(outputs.stages) == {Stage.FORWARD}
    assert "svd" in outputs.unsupported[Stage.BACKWARD].lower()


def test_dropout_hides_its_mask_and_takes_a_seed(mlx: MlxImplementation) -> None:
    x = np.ones(64, dtype=np.float32)
    stages = (Stage.FORWARD, Stage.EVAL)
    call = ask("dropout", {"input": x}, {"p": 0.5}, noise_names=("mask",), stages=stages)
    outputs = mlx.run(call)
    assert mlx.takes_seed("dropout")
    assert outputs.noise_mode is NoiseMode.DERIVED
    forward = outputs.stages[Stage.FORWARD]["output"]
    assert set(np.unique(forward)) == {0.0, 2.0}
    np.testing.assert_array_equal(outputs.stages[Stage.EVAL]["output"], x)
    np.testing.assert_array_equal(mlx.run(call).stages[Stage.FORWARD]["output"], forward)
    other = mlx.run(replace(call, noise_seed=8)).stages[Stage.FORWARD]["output"]
    assert (other != forward).any()


def test_complex_numbers_are_pairs_here(mlx: MlxImplementation) -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0], dtype=np.float32)
    output = mlx.run(ask("rfft", {"input": x})).stages[Stage.FORWARD]["output"]
    np.testing.assert_allclose(output, [[10, 0], [-2, 2], [-2, 0]], atol=1e-6)


def test_it_offers_most_of_what_mlx_has(mlx: MlxImplementation) -> None:
    assert len(mlx.operators) >= 240
    assert mlx.version.count(".") == 2
