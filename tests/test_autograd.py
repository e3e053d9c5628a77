"""The autograd adapter: its mechanics, and a handful of operators judged by the goldens."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from harness.errors import Unsupported
from harness.goldens import REFERENCE
from harness.locations import default_cases, default_goldens
from harness.model import Call, Form, Outputs, Stage, Verdict, read_only
from harness.session import Session

pytest.importorskip("autograd")

from harness.implementations.autograd.adapter import AutogradImplementation

pytestmark = pytest.mark.frameworks

AUTOGRAD = AutogradImplementation()
BOTH = (Stage.FORWARD, Stage.BACKWARD)


def run(
    operator: str,
    inputs: Mapping[str, Any],
    *,
    params: Mapping[str, Any] | None = None,
    grads: Mapping[str, Any] | None = None,
    stages: tuple[Stage, ...] = BOTH,
    outputs: tuple[str, ...] = ("output",),
    form: Form | None = None,
) -> Outputs:
    call = Call(
        operator=operator,
        reference="",
        dtype="float32",
        params=params or {},
        inputs={name: read_only(np.array(value)) for name, value in inputs.items()},
        noise={},
        noise_names=(),
        noise_seed=7,
        grad_outputs=grads or {},
        stages=stages,
        outputs=outputs,
        form=form or Form(),
    )
    return AUTOGRAD.run(call)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes_go_there_and_back(dtype: str) -> None:
    x = np.asarray([1, 3], dtype=dtype)
    outputs = run("square", {"input": x}, grads={"output": np.asarray([1, 10], dtype=dtype)})
    answer, gradient = outputs.stages[Stage.FORWARD]["output"], outputs.stages[Stage.BACKWARD]["grad_input"]
    assert (answer.dtype, gradient.dtype) == (x.dtype, x.dtype)
    assert (answer.tolist(), gradient.tolist()) == ([1, 9], [2, 60])


def test_several_outputs_are_differentiated_together() -> None:
    matrix = np.diag([2.0, 3.0])
    outputs = run("slogdet", {"A": matrix}, grads={"logabsdet": np.float64(1)}, outputs=("sign", "logabsdet"))
    assert outputs.stages[Stage.BACKWARD]["grad_A"] == pytest.approx(np.diag([1 / 2, 1 / 3]))


def test_complex_numbers_are_pairs() -> None:
    form = Form(complex=("input", "output"))
    grads = {"output": np.asarray([[1.0, 0], [0, 0]])}
    outputs = run("fft", {"input": np.asarray([[1.0, 0], [0, 1]])}, grads=grads, form=form)
    assert outputs.stages[Stage.FORWARD]["output"].tolist() == [[1, 1], [1, -1]]
    assert outputs.stages[Stage.BACKWARD]["grad_input"].tolist() == [[1, 0], [1, 0]]


def test_what_has_no_gradient_is_forward_only() -> None:
    outputs = run("rfft", {"input": [1.0, 2, 3]}, grads={"output": np.ones((2, 2))}, form=Form(complex=("output",)))
    assert outputs.stages[Stage.FORWARD]["output"][0].tolist() == [6, 0]
    assert "odd lengthed" in outputs.unsupported[Stage.BACKWARD]


def test_a_gradient_of_zero_is_no_warning() -> None:
    outputs = run("trunc", {"input": [1.5]}, grads={"output": np.ones(1)})
    assert outputs.stages[Stage.BACKWARD]["grad_input"].tolist() == [0]


@pytest.mark.parametrize(
    ("operator", "value", "params", "words"),
    [
        ("exp", np.ones(2, ml_dtypes.bfloat16), {}, "NumPy has no bfloat16"),
        ("cholesky", np.eye(2), {"upper": True}, "lower one only"),
        ("no_such", [1.0], {}, "no such operator"),
        ("relu", [1.0], {"inplace": True}, "no param 'inplace'"),
    ],
)
def test_refusals(operator: str, value: Any, params: Mapping[str, Any], words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        run(operator, {"input": value}, params=params, stages=(Stage.FORWARD,))


def test_it_draws_no_noise() -> None:
    assert AUTOGRAD.takes_seed("relu") is False


def test_the_version_is_that_of_the_package() -> None:
    assert AUTOGRAD.version == metadata.version("autograd")


def test_it_offers_many_operators() -> None:
    assert len(AUTOGRAD.operators) >= 130


@pytest.mark.parametrize(
    "pattern",
    [
        "activation/gelu/small",
        "elementwise/add/small",
        "fft/rfft/small",
        "linalg/solve/small",
        "loss/mse_loss/small",
        "reduction/var/small",
        "regularization/l2_penalty/small",
        "shape/einsum/small",
        "special/lgamma/small",
    ],
)
def test_small_cases_pass(pattern: str) -> None:
    session = Session(
        implementation="harness.implementations.autograd.adapter:AutogradImplementation",
        cases=default_cases(),
        goldens=default_goldens(),
        version=REFERENCE,
        patterns=(pattern,),
    )
    verdicts = [result.verdict for _, results in session.results(session.files()) for result in results]
    assert verdicts == [Verdict.PASS]
