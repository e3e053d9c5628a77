"""The JAX adapter: its mechanics, and a handful of operators judged by the goldens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from harness.errors import Unsupported
from harness.goldens import REFERENCE
from harness.locations import default_cases, default_goldens
from harness.model import Array, Call, Form, NoiseMode, Outputs, Stage, Verdict, read_only
from harness.session import Session

pytest.importorskip("jax")

from harness.implementations.jax.adapter import JaxImplementation

pytestmark = pytest.mark.frameworks

JAX = JaxImplementation()


def run(
    operator: str,
    inputs: Mapping[str, Any],
    *,
    params: Mapping[str, Any] | None = None,
    grad: Any = None,
    noise: Mapping[str, Any] | None = None,
    noise_names: tuple[str, ...] = (),
    stages: tuple[Stage, ...] = (Stage.FORWARD,),
    form: Form | None = None,
) -> Outputs:
    arrays = {name: read_only(np.array(value)) for name, value in inputs.items()}
    call = Call(
        operator=operator,
        reference="",
        dtype="float32",
        params=params or {},
        inputs=arrays,
        noise={name: np.asarray(value) for name, value in (noise or {}).items()},
        noise_names=noise_names,
        noise_seed=7,
        grad_outputs={} if grad is None else {"output": np.asarray(grad)},
        stages=stages,
        outputs=("output",),
        form=form or Form(),
    )
    return JAX.run(call)


def forward(outputs: Outputs) -> Array:
    return outputs.stages[Stage.FORWARD]["output"]


@pytest.mark.parametrize("dtype", ["float16", ml_dtypes.bfloat16, "float32", "float64", "int8", "uint8", "int64"])
def test_dtypes_go_there_and_back(dtype: Any) -> None:
    answer = forward(run("square", {"input": np.asarray([1, 2, 3], dtype=dtype)}))
    assert answer.dtype == np.dtype(dtype)
    assert answer.astype(np.float64).tolist() == [1, 4, 9]


def test_gradients_are_those_of_vjp_in_the_dtype_of_the_input() -> None:
    x = np.asarray([1.0, 2.0], dtype=np.float32)
    outputs = run("square", {"input": x}, grad=np.asarray([1, 10], np.float32), stages=(Stage.FORWARD, Stage.BACKWARD))
    gradient = outputs.stages[Stage.BACKWARD]["grad_input"]
    assert gradient.dtype == np.float32
    assert gradient.tolist() == [2, 40]


def test_an_upstream_gradient_of_another_dtype_is_no_error() -> None:
    outputs = run(
        "add",
        {"input": np.asarray([1], np.float32), "other": np.asarray([1], np.float64)},
        grad=np.asarray([3], np.float32),
        stages=(Stage.FORWARD, Stage.BACKWARD),
    )
    assert forward(outputs).dtype == np.float64
    assert outputs.stages[Stage.BACKWARD]["grad_input"].tolist() == [3]


def test_complex_numbers_are_pairs() -> None:
    outputs = run("fft", {"input": np.asarray([[1, 0], [0, 1]], np.float32)}, form=Form(complex=("input", "output")))
    assert forward(outputs).tolist() == [[1, 1], [1, -1]]


def test_lists_of_params_are_axes() -> None:
    assert forward(run("sum", {"input": np.ones((2, 3), np.float32)}, params={"dim": [0, 1]})).tolist() == 6


def test_what_hangs_on_values_is_not_compiled() -> None:
    inputs = {"input": np.asarray([1, 2, 3], np.float32), "mask": np.asarray([True, False, True])}
    assert forward(run("masked_select", inputs)).tolist() == [1, 3]


@pytest.mark.parametrize(
    ("operator", "value", "params", "words"),
    [
        ("rsqrt", [1], {}, "does not accept dtype int64"),
        ("softmax", np.float32(1), {"dim": 0}, "axis 0 is out of bounds"),
        ("interpolate", np.ones((1, 1, 2), np.float32), {"scale_factor": 2.0, "mode": "linear"}, "from the sizes"),
        ("no_such", [1.0], {}, "no such operator"),
        ("relu", [1.0], {"inplace": True}, "no param 'inplace'"),
    ],
)
def test_refusals(operator: str, value: Any, params: Mapping[str, Any], words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        run(operator, {"input": value}, params=params)


def test_dropout_takes_a_mask_and_draws_its_own() -> None:
    x, mask = np.ones(100, np.float32), np.arange(100) % 2 == 0
    given = run("dropout", {"input": x}, params={"p": 0.5}, noise={"mask": mask}, noise_names=("mask",))
    assert given.noise_mode is NoiseMode.INJECT
    assert forward(given).tolist() == (mask * 2.0).tolist()
    drawn = run("dropout", {"input": x}, params={"p": 0.5}, noise_names=("mask",))
    assert drawn.noise_mode is NoiseMode.READ_BACK
    assert forward(drawn).tolist() == (drawn.noise["mask"] * 2.0).tolist()
    assert JAX.takes_seed("dropout")


def test_evaluation_is_another_stage() -> None:
    outputs = run("dropout", {"input": np.asarray([1, 2], np.float32)}, params={"p": 0.5}, stages=(Stage.EVAL,))
    assert outputs.stages[Stage.EVAL]["output"].tolist() == [1, 2]


def test_the_version_is_that_of_the_package() -> None:
    import jax  # noqa: PLC0415 - only where there is JAX

    assert JAX.version == jax.__version__


def test_it_offers_many_operators() -> None:
    assert len(JAX.operators) >= 290


@pytest.mark.parametrize(
    "pattern",
    [
        "activation/softmax/small",
        "attention/scaled_dot_product_attention/small",
        "convolution/conv2d/small",
        "elementwise/add/small",
        "fft/rfft/small",
        "linalg/solve/small",
        "loss/cross_entropy/small",
        "normalization/batch_norm/small",
        "pooling/avg_pool2d/small",
        "reduction/var/small",
        "regularization/dropout/small",
        "shape/gather/small",
    ],
)
def test_small_cases_pass(pattern: str) -> None:
    session = Session(
        implementation="harness.implementations.jax.adapter:JaxImplementation",
        cases=default_cases(),
        goldens=default_goldens(),
        version=REFERENCE,
        patterns=(pattern,),
    )
    verdicts = [result.verdict for _, results in session.results(session.files()) for result in results]
    assert verdicts == [Verdict.PASS]
