"""ONNX Runtime as an implementation: its arrays, its graphs, and a handful of operators that conform."""

from __future__ import annotations

import fnmatch
import importlib.metadata
from collections import Counter
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from harness.casefile import read_case_file
from harness.errors import Unsupported
from harness.goldens import open_goldens
from harness.implementations.onnxruntime import adapter, graph
from harness.implementations.onnxruntime.adapter import OnnxruntimeImplementation
from harness.inputs import dtype_of
from harness.locations import default_cases, default_goldens
from harness.model import Array, Call, Form, NoiseMode, Stage, Verdict
from harness.replay import replay_file
from harness.session import make_judge

pytestmark = pytest.mark.frameworks


@pytest.fixture(scope="module")
def onnxruntime() -> OnnxruntimeImplementation:
    return OnnxruntimeImplementation()


def call_of(operator: str, *inputs: Array, stages: tuple[Stage, ...] = (Stage.FORWARD,), **given: Any) -> Call:
    names = given.pop("names", ["input", "other"][: len(inputs)])
    return Call(
        operator=operator,
        reference="",
        dtype="float32",
        params=given.pop("params", {}),
        inputs=dict(zip(names, inputs, strict=True)),
        noise={},
        noise_names=given.pop("noise_names", ()),
        noise_seed=given.pop("noise_seed", 3),
        grad_outputs={},
        stages=stages,
        outputs=("output",),
        form=given.pop("form", Form()),
    )


def forward(implementation: OnnxruntimeImplementation, call: Call) -> Array:
    return implementation.run(call).stages[Stage.FORWARD]["output"]


def test_its_version_is_the_distributions(onnxruntime: OnnxruntimeImplementation) -> None:
    assert onnxruntime.version == importlib.metadata.version("onnxruntime")


def test_it_offers_the_operators_of_every_family_but_three(onnxruntime: OnnxruntimeImplementation) -> None:
    assert len(onnxruntime.operators) >= 220


@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64", "bool", "int64", "int8", "uint8"])
def test_arrays_come_back_as_they_went(
    onnxruntime: OnnxruntimeImplementation, shape: tuple[int, ...], dtype: str
) -> None:
    array = np.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2, dtype=dtype_of(dtype))
    back = forward(onnxruntime, call_of("unsqueeze", array, params={"dim": 0}))
    assert (back.dtype, back.shape) == (array.dtype, (1, *shape))
    assert np.array_equal(back[0], array)


def test_a_dtype_that_onnx_lacks_is_unsupported(onnxruntime: OnnxruntimeImplementation) -> None:
    with pytest.raises(Unsupported, match="ONNX has no complex64"):
        onnxruntime.to_own(np.zeros(2, dtype=np.complex64))


def test_a_kernel_that_is_missing_is_unsupported(onnxruntime: OnnxruntimeImplementation) -> None:
    with pytest.raises(Unsupported, match=r"Could not find an implementation for Softplus"):
        onnxruntime.run(call_of("softplus", np.zeros(2)))


def test_two_dtypes_are_unsupported(onnxruntime: OnnxruntimeImplementation) -> None:
    with pytest.raises(Unsupported, match=r"bound to different types \(tensor\(float\) and tensor\(double\)"):
        onnxruntime.run(call_of("mul", np.zeros(2, dtype=np.float32), np.zeros(2)))


def test_a_param_that_onnx_cannot_express_is_unsupported(onnxruntime: OnnxruntimeImplementation) -> None:
    with pytest.raises(Unsupported, match="Softplus has no threshold"):
        onnxruntime.run(call_of("softplus", np.zeros(2, dtype=np.float32), params={"threshold": 2.0}))


def test_what_it_answers_wrong_input_with_is_no_refusal(onnxruntime: OnnxruntimeImplementation) -> None:
    with pytest.raises(Exception, match=r"Attempting to broadcast an axis by a dimension other than 1"):
        onnxruntime.run(call_of("mul", np.zeros(2, dtype=np.float32), np.zeros(3, dtype=np.float32)))


def test_it_has_no_gradients_and_says_so(onnxruntime: OnnxruntimeImplementation) -> None:
    both = (Stage.FORWARD, Stage.BACKWARD)
    outputs = onnxruntime.run(call_of("relu", np.ones(2, dtype=np.float32), stages=both))
    assert list(outputs.stages) == [Stage.FORWARD]
    assert outputs.unsupported == {Stage.BACKWARD: "onnxruntime is for inference: it has no gradients"}


def test_a_graph_of_other_shapes_runs_in_the_same_session(onnxruntime: OnnxruntimeImplementation) -> None:
    onnxruntime.run(call_of("relu", np.ones((2, 3), dtype=np.float32)))
    before = adapter._session.cache_info()
    assert forward(onnxruntime, call_of("relu", np.ones((4, 5), dtype=np.float32))).shape == (4, 5)
    after = adapter._session.cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)


def test_a_shape_that_a_function_reads_stands_in_its_graph(onnxruntime: OnnxruntimeImplementation) -> None:
    for size in (4, 6):
        array = np.arange(size, dtype=np.float32)
        parts = onnxruntime.run(call_of("chunk", array, params={"chunks": 2})).stages[Stage.FORWARD]
        assert [part.size for part in parts.values()] == [size // 2] * 2


def test_the_shape_of_a_result_is_not_known() -> None:
    value = graph.node("Relu", graph.Graph().input(np.ones(2, dtype=np.float32)))
    assert not value.known
    with pytest.raises(TypeError, match="its shape is not known"):
        _ = value.shape


def test_dropout_tells_its_mask_and_its_seed_repeats(onnxruntime: OnnxruntimeImplementation) -> None:
    ones = np.ones(400, dtype=np.float32)
    stages = (Stage.FORWARD, Stage.EVAL)

    def drawn(seed: int) -> Array:
        call = call_of("dropout", ones, params={"p": 0.25}, noise_names=("mask",), noise_seed=seed, stages=stages)
        outputs = onnxruntime.run(call)
        assert outputs.noise_mode is NoiseMode.READ_BACK
        mask = outputs.noise["mask"]
        assert np.allclose(outputs.stages[Stage.FORWARD]["output"], mask / np.float32(0.75))
        assert np.array_equal(outputs.stages[Stage.EVAL]["output"], ones)
        return mask

    assert onnxruntime.takes_seed("dropout")
    assert 250 < drawn(1).sum() < 350
    assert np.array_equal(drawn(1), drawn(1))
    assert not np.array_equal(drawn(1), drawn(2))


def test_complex_numbers_go_and_come_as_pairs(onnxruntime: OnnxruntimeImplementation) -> None:
    numbers = np.random.default_rng(0).standard_normal((5, 2))
    form = Form(complex=("input", "output"))
    back = forward(onnxruntime, call_of("fft", numbers, form=form))
    exact = np.fft.fft(numbers[:, 0] + 1j * numbers[:, 1])
    assert np.allclose(back[:, 0] + 1j * back[:, 1], exact)


CONFORM = {
    "activation/gelu": "small",
    "activation/prelu": "*-float32*",
    "convolution/conv2d": "*-float32*",
    "elementwise/mul": "matrix-*",
    "linalg/matmul": "*-float32*",
    "loss/nll_loss": "*-float32*",
    "normalization/layer_norm": "*-float32*",
    "pooling/max_unpool2d": "*",
    "recurrent/lstm": "layers-float32",
    "reduction/topk": "*-float32*",
    "regularization/dropout": "small",
    "shape/roll": "*",
    "vision/grid_sample": "*-float32*",
}


def test_operators_that_conform(onnxruntime: OnnxruntimeImplementation) -> None:
    root, judge = default_cases(), make_judge(onnxruntime)
    goldens = open_goldens(default_goldens())
    verdicts: Counter[Verdict] = Counter()
    for path, pattern in CONFORM.items():
        file = root / f"{path}.yaml"
        cases = [case for case in read_case_file(file, root) if fnmatch.fnmatch(case.name, pattern)]
        verdicts.update(result.verdict for result in replay_file(judge, file, cases, root=root, goldens=goldens))
    assert set(verdicts) == {Verdict.PASS, Verdict.UNSUPPORTED}
    assert verdicts[Verdict.PASS] > 100
