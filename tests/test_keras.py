"""Keras as an implementation: a backend a process, its dtypes, gradients, layers with given weights, dropout."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
from collections import Counter
from typing import Any

import ml_dtypes
import numpy as np
import pytest

pytest.importorskip("jax")
os.environ.setdefault("KERAS_BACKEND", "jax")  # before Keras is imported: its own default is TensorFlow
pytest.importorskip("keras")

from harness.casefile import read_case_file
from harness.errors import Unsupported
from harness.goldens import open_goldens
from harness.implementations.keras.adapter import KerasImplementation, KerasTorchImplementation
from harness.locations import default_cases, default_goldens
from harness.model import Array, Call, NoiseMode, Stage, Verdict
from harness.replay import replay_file
from harness.selection import selected
from harness.session import make_judge

pytestmark = pytest.mark.frameworks

#: gelu of a backend, and its gradient, in a process of its own
PROBE = """
import json, sys
import numpy as np
from harness.implementations.keras import adapter
from harness.model import Call, Stage
keras = getattr(adapter, sys.argv[1])()
one = np.ones(2, dtype=np.float32)
call = Call(operator="softsign", reference="", dtype="float32", params={}, inputs={"input": one}, noise={},
            noise_names=(), noise_seed=0, grad_outputs={"output": one},
            stages=(Stage.FORWARD, Stage.BACKWARD), outputs=("output",))
found = keras.run(call).stages
print(json.dumps([keras.name, found["forward"]["output"].tolist(), found["backward"]["grad_input"].tolist()]))
"""


@pytest.fixture(scope="module")
def keras() -> KerasImplementation:
    return KerasImplementation()


def call_of(operator: str, *stages: Stage, dtype: str = "float32", **given: Any) -> Call:
    return Call(
        operator=operator,
        reference="",
        dtype=dtype,
        params=given.pop("params", {}),
        inputs=given.pop("inputs"),
        noise={},
        noise_names=given.pop("noise_names", ()),
        noise_seed=given.pop("noise_seed", 2**32 - 1),
        grad_outputs=given.pop("grad_outputs", {}),
        stages=stages or (Stage.FORWARD,),
        outputs=("output",),
    )


def forward(keras: KerasImplementation, call: Call) -> Array:
    return keras.run(call).stages[Stage.FORWARD]["output"]


def test_it_tells_the_version_of_keras_and_its_backend_by_name(keras: KerasImplementation) -> None:
    assert (keras.name, keras.version) == ("keras", importlib.metadata.version("keras"))


def test_at_least_a_hundred_and_fifty_operators(keras: KerasImplementation) -> None:
    assert len(keras.operators) >= 150


def test_a_process_has_one_backend(keras: KerasImplementation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")  # restored after the class has set its own
    with pytest.raises(RuntimeError, match="this process has Keras on jax; torch needs one of its own"):
        KerasTorchImplementation()
    assert keras.operators


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int64", "int8", "bool"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_arrays_come_back_as_they_went(keras: KerasImplementation, dtype: str, shape: tuple[int, ...]) -> None:
    kind = ml_dtypes.bfloat16 if dtype == "bfloat16" else np.dtype(dtype)
    array = np.ones(shape, dtype=kind)
    back = forward(keras, call_of("unsqueeze", dtype=dtype, inputs={"input": array}, params={"dim": 0}))
    assert (back.dtype, back.shape) == (array.dtype, (1, *shape))
    assert np.array_equal(back[0], array)


def test_gradients_are_those_of_the_backend(keras: KerasImplementation) -> None:
    weight = np.array([-2.0, 3.0], dtype=np.float32)
    call = call_of(
        "l2_penalty",
        Stage.FORWARD,
        Stage.BACKWARD,
        inputs={"weight": weight},
        params={"lambd": 0.5},
        grad_outputs={"output": np.array(2.0, dtype=np.float32)},
    )
    np.testing.assert_allclose(keras.run(call).stages[Stage.BACKWARD]["grad_weight"], weight)


def test_layers_compute_in_the_dtype_of_the_case_with_the_weights_of_the_case(keras: KerasImplementation) -> None:
    x = np.array([[1.0, 2.0]], dtype=np.float16)
    call = call_of("linear", dtype="float16", inputs={"input": x, "weight": x, "bias": x[0, :1]})
    answer = forward(keras, call)
    assert answer.dtype.name == "float16"
    assert answer.tolist() == [[6.0]]
    assert keras.keras.config.floatx() == "float32"


def test_dropout_draws_its_own_mask_from_the_seed(keras: KerasImplementation) -> None:
    call = call_of("dropout", inputs={"input": np.ones(64, np.float32)}, params={"p": 0.5}, noise_names=("mask",))
    outputs = keras.run(call)
    assert outputs.noise_mode is NoiseMode.DERIVED
    assert keras.takes_seed("dropout")
    answer = outputs.stages[Stage.FORWARD]["output"]
    assert set(answer.tolist()) == {0.0, 2.0}
    assert np.array_equal(answer, forward(keras, call))


@pytest.mark.parametrize(
    ("operator", "params", "words"),
    [
        ("softplus", {"threshold": 2.0}, "threshold of softplus"),
        ("std", {"correction": 1}, "divides by n"),
        ("kthvalue", {"k": 1}, "no such operator"),
        ("round", {"digits": 1}, "no param 'digits'"),
    ],
)
def test_what_keras_cannot_express_is_unsupported(
    keras: KerasImplementation, operator: str, params: dict[str, Any], words: str
) -> None:
    with pytest.raises(Unsupported, match=words):
        keras.run(call_of(operator, inputs={"input": np.ones(3, dtype=np.float32)}, params=params))


def test_a_dtype_that_the_backend_refuses_is_unsupported(keras: KerasImplementation) -> None:
    with pytest.raises(Unsupported, match="does not accept dtype"):
        keras.run(call_of("sigmoid", inputs={"input": np.ones(3, dtype=np.int64)}))


@pytest.mark.parametrize(
    "pattern",
    ["activation/gelu/matrix-*", "recurrent/lstm/one-layer-float32", "regularization/dropout/shapes-float32-*"],
)
def test_operators_that_conform(keras: KerasImplementation, pattern: str) -> None:
    root, goldens, judge = default_cases(), open_goldens(default_goldens()), make_judge(keras)
    file = root / f"{pattern.rpartition('/')[0]}.yaml"
    cases = [case for case in read_case_file(file, root) if selected(case.id, [pattern])]
    verdicts = Counter(r.verdict for r in replay_file(judge, file, cases, root=root, goldens=goldens))
    assert set(verdicts) == {Verdict.PASS}


@pytest.mark.parametrize(
    ("package", "kind", "name"),
    [
        ("torch", "KerasTorchImplementation", "keras-torch"),
        ("tensorflow", "KerasTensorflowImplementation", "keras-tensorflow"),
    ],
)
def test_another_backend_in_a_process_of_its_own(package: str, kind: str, name: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"no {package}")
    env = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"} | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([sys.executable, "-c", PROBE, kind], capture_output=True, text=True, check=True, env=env)
    assert json.loads(done.stdout) == [name, [0.5, 0.5], [0.25, 0.25]]
