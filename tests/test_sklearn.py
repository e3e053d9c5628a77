from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from harness.casefile import read_case_file
from harness.errors import Unsupported
from harness.goldens import open_goldens
from harness.locations import default_cases, default_goldens
from harness.model import Array, Call, Stage, Verdict
from harness.replay import replay_file
from harness.session import make_judge

pytest.importorskip("sklearn")

from harness.implementations.sklearn.adapter import SklearnImplementation

pytestmark = pytest.mark.frameworks

#: every judged case of these conforms
CONFORMING = ("inv", "svd", "lstsq", "cumulative_trapezoid", "pairwise_distance", "softplus")


def call(operator: str, inputs: Mapping[str, Array], **params: Any) -> Call:
    return Call(
        operator=operator,
        reference="",
        dtype="float32",
        params=params,
        inputs=inputs,
        noise={},
        noise_names=(),
        noise_seed=0,
        grad_outputs={"output": np.ones(1, dtype=np.float32)},
        stages=(Stage.FORWARD, Stage.BACKWARD),
        outputs=("output",),
    )


def test_at_least_thirty_operators() -> None:
    assert len(SklearnImplementation().operators) >= 30


def test_it_has_the_version_of_scikit_learn() -> None:
    assert SklearnImplementation().version == importlib.metadata.version("scikit-learn")


def test_forward_alone_is_answered() -> None:
    x = np.array([[3.0, 4.0], [1.0, 0.0]], dtype=np.float32)
    outputs = SklearnImplementation().run(call("normalize", {"input": x}, p=2.0, dim=1))
    np.testing.assert_allclose(outputs.stages[Stage.FORWARD]["output"], [[0.6, 0.8], [1.0, 0.0]], rtol=1e-6)
    assert "does not differentiate" in outputs.unsupported[Stage.BACKWARD]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (np.zeros((2, 2), dtype=ml_dtypes.bfloat16), "no bfloat16"),
        (np.full((2, 2), np.nan, dtype=np.float32), "NaN"),
        (np.zeros((0, 2), dtype=np.float32), "minimum of 1"),
    ],
)
def test_what_it_refuses_is_unsupported(inputs: Array, words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        SklearnImplementation().run(call("normalize", {"input": inputs}, p=2.0, dim=1))


def test_params_it_cannot_express_are_unsupported() -> None:
    with pytest.raises(Unsupported, match="norms 1, 2"):
        SklearnImplementation().run(call("normalize", {"input": np.ones((2, 2), dtype=np.float32)}, p=3.0, dim=1))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # nan and inf among the inputs
@pytest.mark.parametrize("operator", CONFORMING)
def test_operators_that_conform(operator: str) -> None:
    root = default_cases()
    (file,) = root.glob(f"*/{operator}.yaml")
    judge, goldens = make_judge(SklearnImplementation()), open_goldens(default_goldens())
    verdicts = [r.verdict for r in replay_file(judge, file, read_case_file(file, root), root=root, goldens=goldens)]
    assert Verdict.PASS in verdicts
    assert set(verdicts) <= {Verdict.PASS, Verdict.UNSUPPORTED}
