from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from harness.errors import Unsupported
from harness.model import Array, Call, Form, NoiseMode, Outputs, Stage
from harness.namespace import Namespace
from harness.worker import camel_case, named_gradients, named_outputs, own_array

X = np.array([1.0, 2.0, 3.0], dtype=np.float32)
MASK = np.array([True, False, True])
ALL = (Stage.FORWARD, Stage.BACKWARD, Stage.EVAL)


def call_of(
    *,
    params: Mapping[str, Any] | None = None,
    stages: tuple[Stage, ...] = ALL,
    noise: Mapping[str, Array] | None = None,
    noise_names: tuple[str, ...] = (),
    inputs: Mapping[str, Array] | None = None,
) -> Call:
    return Call(
        operator="my_op", reference="torch.my_op", dtype="float32", params=params or {}, inputs=inputs or {"input": X},
        noise=noise or {}, noise_names=noise_names, noise_seed=7, grad_outputs={"output": X}, stages=stages,
        outputs=("output",),
    )  # fmt: skip


def answer(operator: Any, call: Call, *, name: str = "my_op") -> Outputs:
    return Namespace(SimpleNamespace(**{name: operator}), name="mine").run(call)


def forward(operator: Any, call: Call) -> list[float]:
    return [float(value) for value in answer(operator, call).stages[Stage.FORWARD]["output"].reshape(-1)]


class Doubling:
    def __init__(self, factor: float = 2.0) -> None:
        self.factor = factor

    def forward(self, input: Array) -> Array:
        return input * np.float32(self.factor)

    def backward(self, grad_output: Array) -> Array:
        return grad_output * np.float32(self.factor)

    def eval(self, input: Array) -> Array:
        return input


# -- finding the operator


def test_camel_case() -> None:
    assert camel_case("feature_alpha_dropout") == "FeatureAlphaDropout"


@pytest.mark.parametrize("name", ["my_op", "MyOp"])
def test_an_operator_is_found_by_either_spelling(name: str) -> None:
    assert answer(Doubling, call_of(), name=name).stages.keys() == set(ALL)


@pytest.mark.parametrize("operator", [None, 3, SimpleNamespace()])
def test_what_cannot_be_called_is_no_operator(operator: object) -> None:
    with pytest.raises(Unsupported, match="mine has no such operator"):
        answer(operator, call_of())


def test_the_version_is_the_namespaces_own() -> None:
    assert Namespace(SimpleNamespace(__version__="1.2"), name="mine").version == "1.2"
    assert Namespace(SimpleNamespace(), name="mine").version == ""


# -- functions


def test_a_function_offers_forward_only() -> None:
    found = answer(lambda x: x, call_of())
    assert list(found.stages) == [Stage.FORWARD]
    assert found.unsupported == {
        Stage.BACKWARD: "a function offers forward only", Stage.EVAL: "a function offers forward only",
    }  # fmt: skip


def test_params_are_passed_by_name() -> None:
    assert forward(lambda x, factor: x * factor, call_of(params={"factor": np.float32(3)})) == [3, 6, 9]


def test_a_param_that_it_does_not_take_is_unsupported() -> None:
    with pytest.raises(Unsupported, match=r"it takes no param 'p' \(it takes x, factor\)"):
        answer(lambda x, factor=1: x, call_of(params={"p": 0.5}))


def test_a_function_with_kwargs_takes_every_param() -> None:
    assert forward(lambda x, **rest: x * rest["p"], call_of(params={"p": 2})) == [2, 4, 6]


def test_inputs_go_by_name_in_any_order() -> None:
    inputs = {"x": X, "other": 2 * X}
    assert forward(lambda other, x: other - 3 * x, call_of(inputs=inputs)) == [-1, -2, -3]


def test_inputs_with_other_names_go_by_position() -> None:
    inputs = {"input": X, "other": 2 * X}
    assert forward(lambda a, b: a - b, call_of(inputs=inputs)) == [-1, -2, -3]


def test_a_builtin_without_a_signature_is_called_by_position() -> None:
    assert forward(np.negative, call_of()) == [-1, -2, -3]


def test_a_bound_method_is_a_function() -> None:
    assert forward(Doubling(3.0).forward, call_of()) == [3, 6, 9]


# -- classes


def test_a_class_answers_every_stage_from_one_instance() -> None:
    found = answer(Doubling, call_of(params={"factor": 4.0}))
    assert found.stages[Stage.BACKWARD]["grad_input"].tolist() == [4, 8, 12]
    assert found.stages[Stage.EVAL]["output"].tolist() == [1, 2, 3]


def test_a_method_that_is_missing_is_unsupported() -> None:
    class NoEval:
        forward = Doubling.forward
        factor = 2.0

    found = answer(NoEval, call_of(stages=(Stage.FORWARD, Stage.EVAL)))
    assert found.unsupported == {Stage.EVAL: "NoEval has no 'eval'"}


def test_a_stage_may_raise_unsupported() -> None:
    class NoBackward(Doubling):
        def backward(self, grad_output: Array) -> Array:
            raise Unsupported("not written yet")

    assert answer(NoBackward, call_of()).unsupported == {Stage.BACKWARD: "not written yet"}


def test_an_answer_is_a_copy() -> None:
    class Reusing:
        def __init__(self) -> None:
            self.buffer = np.zeros(3, dtype=np.float32)

        def forward(self, input: Array) -> Array:
            self.buffer[:] = input
            return self.buffer

        def eval(self, input: Array) -> Array:
            self.buffer[:] = 9
            return self.buffer

    found = answer(Reusing, call_of(stages=(Stage.FORWARD, Stage.EVAL)))
    assert found.stages[Stage.FORWARD]["output"].tolist() == [1, 2, 3]


# -- noise


class Masking:
    """Takes a mask or draws one, and holds it."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def forward(self, input: Array, mask: Array | None = None) -> Array:
        self.mask = np.array([False, True, True]) if mask is None else mask
        return np.asarray(input * self.mask)


def test_noise_is_passed_by_name() -> None:
    found = answer(Masking, call_of(noise={"mask": MASK}, noise_names=("mask",), stages=(Stage.FORWARD,)))
    assert found.noise_mode is NoiseMode.INJECT
    assert found.stages[Stage.FORWARD]["output"].tolist() == [1, 0, 3]


def test_noise_that_it_drew_is_read_back() -> None:
    found = answer(Masking, call_of(noise_names=("mask",), stages=(Stage.FORWARD,)))
    assert found.noise_mode is NoiseMode.READ_BACK
    assert found.noise["mask"].tolist() == [False, True, True]


@pytest.mark.parametrize("hidden", ["words", None, print, object()])
def test_an_attribute_that_is_no_noise_is_derived(hidden: object) -> None:
    class Hiding(Masking):
        def forward(self, input: Array) -> Array:  # type: ignore[override]
            self.mask: Any = hidden
            return input

    found = answer(Hiding, call_of(noise={"mask": MASK}, noise_names=("mask",), stages=(Stage.FORWARD,)))
    assert (found.noise_mode, dict(found.noise)) == (NoiseMode.DERIVED, {})


def test_an_operator_that_needs_noise_and_gets_none_is_unsupported() -> None:
    with pytest.raises(Unsupported, match="it draws no 'mask' of its own"):
        answer(lambda x, mask: x, call_of(noise_names=("mask",)))


def test_the_seed_goes_to_the_class_that_takes_one() -> None:
    class Seeded(Masking):
        def forward(self, input: Array) -> Array:  # type: ignore[override]
            return input * np.float32(self.seed)

    found = answer(Seeded, call_of(noise_names=("mask",), stages=(Stage.FORWARD,)))
    assert found.stages[Stage.FORWARD]["output"].tolist() == [7, 14, 21]


def test_takes_seed() -> None:
    space = Namespace(SimpleNamespace(masking=Masking, doubling=Doubling, seeded=lambda x, seed: x), name="mine")
    assert [space.takes_seed(name) for name in ("masking", "doubling", "seeded")] == [True, False, True]


# -- answers


def test_a_single_array_is_the_first_output() -> None:
    assert list(named_outputs(X, ["a", "b"])) == ["a"]


def test_a_tuple_is_named_by_the_case_and_extra_elements_by_position() -> None:
    assert list(named_outputs((X, X, X), ["a", "b"])) == ["a", "b", "output2"]


def test_a_named_tuple_and_a_mapping_bring_their_names() -> None:
    pair = namedtuple("pair", ["values", "indices"])  # noqa: PYI024 - as torch returns
    assert list(named_outputs(pair(X, X), ["a"])) == ["values", "indices"]
    assert list(named_outputs({"b": X, "a": X}, ["x"])) == ["b", "a"]


def test_gradients_are_named_after_the_inputs() -> None:
    assert list(named_gradients((X, X), ["input", "weight"])) == ["grad_input", "grad_weight"]
    assert list(named_gradients({"weight": X, "grad_input": X}, ["input"])) == ["grad_weight", "grad_input"]
    assert list(named_gradients((X, X), ["input"])) == ["grad_input", "grad1"]


@pytest.mark.parametrize("value", [[1.0], 1.0, None, "x", {1}])
def test_what_is_no_array_is_a_type_error_that_names_it(value: object) -> None:
    with pytest.raises(TypeError, match=f"'y' is a {type(value).__name__}; expected a NumPy array"):
        own_array(value, "y")


@pytest.mark.parametrize("value", [np.float32(2), np.ones((2, 3)).T, np.ones(2, dtype=ml_dtypes.bfloat16)])
def test_arrays_keep_shape_and_dtype_and_are_read_only(value: Any) -> None:
    found = own_array(value, "y")
    assert (found.shape, found.dtype) == (value.shape, value.dtype)
    assert not found.flags.writeable
    assert found.flags.c_contiguous


def test_what_knows_how_to_become_an_array_does() -> None:
    class Tensor:
        def __array__(self, dtype: Any = None, *, copy: bool | None = None) -> Array:
            return X

    assert own_array(Tensor(), "y").tolist() == [1, 2, 3]


# -- lists, complex numbers, constants and updates

ONE, TWO = np.array([1.0, 2.0], dtype=np.float32), np.array([3.0], dtype=np.float32)


class Cat:
    def __init__(self, dim: int = 0) -> None:
        self.dim = dim

    def forward(self, tensors: tuple[Array, ...], weight: Array) -> Array:
        self.sizes = [array.shape[self.dim] for array in tensors]
        return np.asarray(np.concatenate(tensors, axis=self.dim) * weight)

    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        return tuple(np.split(grad_output, np.cumsum(self.sizes)[:-1], axis=self.dim))


def test_inputs_of_a_list_come_as_one_tuple_where_the_first_stood() -> None:
    form = Form(sequences={"tensors": ("tensors_0", "tensors_1")}, constants=("weight",))
    inputs = {"tensors_0": ONE, "tensors_1": TWO, "weight": X}
    call = replace(call_of(inputs=inputs, params={"dim": 0}, stages=ALL[:2]), form=form)
    stages = answer(Cat, call).stages
    assert stages[Stage.FORWARD]["output"].tolist() == [1.0, 4.0, 9.0]
    assert {name: array.tolist() for name, array in stages[Stage.BACKWARD].items()} == {
        "grad_tensors_0": [1.0, 2.0], "grad_tensors_1": [3.0],
    }  # fmt: skip


class Conjugate:
    def forward(self, input: Array) -> Array:
        assert input.dtype == np.complex64
        return np.asarray(np.conj(input))

    def backward(self, grad_output: Array) -> Array:
        assert grad_output.dtype == np.complex64
        return np.asarray(np.conj(grad_output))


def test_complex_numbers_are_pairs_outside_and_complex_inside() -> None:
    pairs = np.array([[1.0, 2.0], [3.0, -4.0]], dtype=np.float32)
    call = replace(call_of(inputs={"input": pairs}, stages=ALL[:2]), form=Form(complex=("input", "output")))
    stages = answer(Conjugate, replace(call, grad_outputs={"output": pairs})).stages
    wanted = [[1.0, -2.0], [3.0, 4.0]]
    assert stages[Stage.FORWARD]["output"].tolist() == stages[Stage.BACKWARD]["grad_input"].tolist() == wanted
    assert stages[Stage.FORWARD]["output"].dtype == np.float32


class Running:
    def forward(self, input: Array, running_mean: Array) -> tuple[Array, Any]:
        return input - input.mean(), np.float32(running_mean + input.mean())

    def backward(self, grad_output: Array) -> Array:
        return np.asarray(grad_output - grad_output.mean())

    def eval(self, input: Array, running_mean: Array) -> Array:
        return input - running_mean


def test_what_is_updated_follows_the_outputs_in_training_and_gets_no_gradient() -> None:
    form = Form(constants=("running_mean",), updates=("running_mean",))
    call = replace(call_of(inputs={"input": X, "running_mean": np.full(1, 0.5, np.float32)}), form=form)
    stages = answer(Running, call).stages
    assert {str(stage): sorted(arrays) for stage, arrays in stages.items()} == {
        "forward": ["output", "running_mean"], "backward": ["grad_input"], "eval": ["output"],
    }  # fmt: skip
    assert stages[Stage.FORWARD]["running_mean"].tolist() == [2.5]
