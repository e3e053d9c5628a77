from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from harness.errors import Unsupported
from harness.model import Array, Call, NoiseMode, Outputs, Stage
from harness.noise import LAWS, NotTheLaw, Trial, broken_laws, drawn_noise, expected_under

P = 0.25


def call_of(x: Array, *, params: Mapping[str, Any] | None = None, stages: tuple[Stage, ...] = tuple(Stage)) -> Call:
    return Call(
        operator="dropout", reference="torch.dropout", dtype=x.dtype.name, params=params or {"p": P},
        inputs={"input": x}, noise={}, noise_names=("mask",), noise_seed=3,
        grad_outputs={"output": np.full(x.shape, 5, dtype=x.dtype)}, stages=stages, outputs=("output",),
    )  # fmt: skip


def law(call: Call) -> Outputs:
    """Dropout under the mask of the call."""
    x, gradient, p = call.inputs["input"], call.grad_outputs["output"], call.params["p"]
    mask = call.noise["mask"]
    factor = x.dtype.type(0 if p == 1 else 1 / (1 - p))
    with np.errstate(invalid="ignore"):
        stages = {
            Stage.FORWARD: {"output": x * mask * factor},
            Stage.BACKWARD: {"grad_input": gradient * mask * factor},
            Stage.EVAL: {"output": x},
        }
    return Outputs(stages={stage: stages[stage] for stage in call.stages}, noise_mode=NoiseMode.INJECT)


def drawing(call: Call) -> Outputs:
    """Dropout that draws its own mask from the seed and exposes it."""
    mask = np.random.RandomState(call.noise_seed).random_sample(call.inputs["input"].shape) >= call.params["p"]
    return replace(law(replace(call, noise={"mask": mask})), noise_mode=NoiseMode.READ_BACK, noise={"mask": mask})


def exposing(mask: Any, x: Array, shape: tuple[int, ...]) -> Array:
    outputs = Outputs(stages={}, noise_mode=NoiseMode.READ_BACK, noise={"mask": np.asarray(mask)})
    return drawn_noise(call_of(x), outputs, {"mask": np.ones(shape, dtype=np.bool_)}, law)["mask"]


def derived(outputs: Outputs, x: Array, shape: tuple[int, ...] | None = None) -> Array:
    hidden = replace(outputs, noise_mode=NoiseMode.DERIVED, noise={})
    recorded = {"mask": np.ones(x.shape if shape is None else shape, dtype=np.bool_)}
    return drawn_noise(call_of(x), hidden, recorded, law)["mask"]


# -- reading back

X = np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)


@pytest.mark.parametrize("scale", [True, 1, 1.5, np.float16(2)])
def test_an_exposed_mask_may_carry_the_scale(scale: Any) -> None:
    mask = np.array([[1, 0], [1, 1]]) * scale
    found = exposing(mask, X, (2, 2))
    assert found.dtype == np.bool_
    assert found.tolist() == [[True, False], [True, True]]


@pytest.mark.parametrize("mask", [[[1, 2], [0, 1]], [[-1, 0], [0, 1]], [[np.nan, 1], [0, 1]], [[0.5, 1], [0, 1]]])
def test_other_values_than_kept_and_dropped_are_not_the_law(mask: list[list[float]]) -> None:
    with pytest.raises(NotTheLaw, match="the exposed 'mask' has other values than kept and dropped"):
        exposing(mask, X, (2, 2))


def test_a_mask_of_another_shape_is_not_the_law() -> None:
    with pytest.raises(NotTheLaw, match=r"the exposed 'mask' has shape \(3,\); expected \(2, 2\)"):
        exposing([1, 0, 1], X, (2, 2))


@pytest.mark.parametrize("exposed", [(2, 3, 1, 1), (2, 3, 4, 4)])
def test_a_mask_over_channels_may_be_exposed_small_or_large(exposed: tuple[int, ...]) -> None:
    small = np.random.RandomState(1).random_sample((2, 3, 1, 1)) < 0.5
    found = exposing(np.broadcast_to(small, exposed), np.ones((2, 3, 4, 4)), (2, 3, 1, 1))
    assert np.array_equal(found, small)


def test_a_mask_that_is_not_constant_over_a_channel_is_not_the_law() -> None:
    mask = np.ones((2, 3, 4, 4), dtype=np.bool_)
    mask[1, 2, 3, 3] = False
    with pytest.raises(NotTheLaw, match=r"'mask' is not constant over a channel: .* expected \(2, 3, 1, 1\)"):
        exposing(mask, np.ones((2, 3, 4, 4)), (2, 3, 1, 1))


@pytest.mark.parametrize("shape", [(0,), (3, 0)])
def test_the_mask_of_an_empty_input(shape: tuple[int, ...]) -> None:
    assert exposing(np.ones(shape), np.zeros(shape), shape).shape == shape


def test_an_all_dropped_mask_is_read_back() -> None:
    assert not exposing(np.zeros((2, 2)), X, (2, 2)).any()


# -- deriving


@given(hnp.arrays(np.float32, (3, 4), elements=st.sampled_from([-2.0, 0.0, 1.0, 3.5])), hnp.arrays(np.bool_, (3, 4)))
def test_a_hidden_mask_is_derived_from_the_answer(x: Array, mask: Array) -> None:
    outputs = law(replace(call_of(x), noise={"mask": mask}))
    assert np.array_equal(derived(outputs, x), mask)


@given(hnp.arrays(np.bool_, (2, 3, 1, 1)))
def test_a_hidden_mask_over_channels_is_derived_in_its_own_shape(mask: Array) -> None:
    x = np.arange(96, dtype=np.float32).reshape(2, 3, 4, 4)
    outputs = law(replace(call_of(x), noise={"mask": mask}))
    assert np.array_equal(derived(outputs, x, (2, 3, 1, 1)), mask)


def test_where_forward_cannot_tell_the_gradient_does() -> None:
    x, mask = np.zeros(3, dtype=np.float32), np.array([True, False, True])
    assert derived(law(replace(call_of(x), noise={"mask": mask})), x).tolist() == [True, False, True]


def test_beside_nan_and_inf_the_gradient_tells() -> None:
    x = np.array([np.nan, np.nan, np.inf, np.inf], dtype=np.float32)
    mask = np.array([True, False, True, False])
    assert derived(law(replace(call_of(x), noise={"mask": mask})), x).tolist() == mask.tolist()


def test_an_answer_of_another_shape_tells_nothing() -> None:
    outputs = Outputs(stages={Stage.FORWARD: {"output": np.zeros(7)}}, noise_mode=NoiseMode.DERIVED)
    assert derived(outputs, X).all()


def test_several_hidden_arrays_cannot_be_derived() -> None:
    outputs = Outputs(stages={}, noise_mode=NoiseMode.DERIVED)
    with pytest.raises(Unsupported, match="does not expose its noise, and several arrays of noise cannot be derived"):
        drawn_noise(call_of(X), outputs, dict.fromkeys(("mask", "other"), np.ones((2, 2), dtype=np.bool_)), law)


def test_what_is_expected_under_a_mask_is_the_law_with_its_bound() -> None:
    mask = np.array([[True, False], [True, True]])
    expected = expected_under(call_of(X), {"mask": mask}, law)
    found = expected[Stage.FORWARD]["output"]
    assert np.array_equal(found.golden, X * mask * np.float32(1 / 0.75))
    assert (found.bound > 0).all()
    assert found.truth[0, 0] == 1 / 0.75


# -- laws


def trial_of(run: Callable[[Call], Outputs], *, size: int = 4000, params: Mapping[str, Any] | None = None) -> Trial:
    call = call_of(np.random.RandomState(0).random_sample((size // 40, 40)) + 1, params=params)
    outputs = run(call)
    recorded = {"mask": np.ones(call.inputs["input"].shape, dtype=np.bool_)}

    def read(call: Call, outputs: Outputs) -> dict[str, Array]:
        return drawn_noise(call, outputs, recorded, law)

    return Trial(run=run, call=call, outputs=outputs, noise=read(call, outputs), read_noise=read)


def broken(run: Callable[[Call], Outputs], **keys: Any) -> list[str]:
    return [text.partition(":")[0].removeprefix("law ") for text in broken_laws(LAWS, trial_of(run, **keys))[0]]


def masked(draw: Callable[[Call, tuple[int, ...]], Array]) -> Callable[[Call], Outputs]:
    """Dropout under the mask that `draw` gives."""

    def run(call: Call) -> Outputs:
        mask = draw(call, call.inputs["input"].shape)
        return replace(law(replace(call, noise={"mask": mask})), noise_mode=NoiseMode.READ_BACK, noise={"mask": mask})

    return run


def uniform(call: Call, shape: tuple[int, ...]) -> Array:
    return np.random.RandomState(call.noise_seed).random_sample(shape)


def test_a_correct_dropout_keeps_every_law() -> None:
    assert broken_laws(LAWS, trial_of(drawing)) == ([], [])


def test_a_small_sample_proves_nothing() -> None:
    assert broken_laws(["keep_rate", "independent"], trial_of(drawing, size=40)) == ([], [])


@pytest.mark.parametrize(
    ("draw", "laws"),
    [
        (lambda call, shape: uniform(call, shape) > 0.5, ["p_zero", "keep_rate"]),
        (lambda call, shape: uniform(call, shape) < call.params["p"], ["p_zero", "keep_rate"]),
        (lambda call, shape: np.random.RandomState(1).random_sample(shape) >= call.params["p"], ["calls_differ"]),
        (lambda call, shape: np.broadcast_to(uniform(call, shape)[:1] >= call.params["p"], shape), ["independent"]),
        (lambda call, shape: np.broadcast_to(uniform(call, shape)[:, :1] >= call.params["p"], shape), ["independent"]),
    ],
)
def test_each_wrong_mask_breaks_its_law(draw: Callable[[Call, tuple[int, ...]], Array], laws: list[str]) -> None:
    assert set(laws) <= set(broken(masked(draw)))


def test_a_stream_that_goes_on_does_not_repeat() -> None:
    stream = np.random.RandomState(5)
    assert broken(masked(lambda call, shape: stream.random_sample(shape) >= call.params["p"])) == ["seed_repeats"]


def test_keeping_something_at_p_one_breaks_the_law() -> None:
    def unscaled(call: Call) -> Outputs:
        outputs = drawing(call)
        return replace(outputs, stages={**outputs.stages, Stage.FORWARD: {"output": call.inputs["input"]}})

    assert broken(unscaled) == ["p_one"]


def test_scaling_in_eval_breaks_the_identity() -> None:
    def in_eval(call: Call) -> Outputs:
        outputs = drawing(call)
        scaled = {Stage.EVAL: {"output": call.inputs["input"] * 0.75}}
        return replace(outputs, stages={**outputs.stages, **scaled})

    assert broken(in_eval) == ["eval_identity"]


def test_a_broken_law_says_what_was_found() -> None:
    run = masked(lambda call, shape: np.ones(shape, dtype=np.bool_))
    found, _ = broken_laws(["p_one", "keep_rate", "calls_differ"], trial_of(run))
    assert found == [
        "law keep_rate: 'mask' keeps 1.0000 of 4000; expected 0.7500 +- 0.0517",
        "law calls_differ: two calls draw the same noise",
    ]


def test_a_law_that_is_refused_hides_no_other() -> None:
    def below_one(call: Call) -> Outputs:
        if call.params["p"] == 1:
            raise Unsupported("p lies below 1")
        return masked(lambda call, shape: np.ones(shape, dtype=np.bool_))(call)

    found, refused = broken_laws(["p_one", "calls_differ"], trial_of(below_one))
    assert found == ["law calls_differ: two calls draw the same noise"]
    assert refused == ["law p_one not checked: p lies below 1"]


def test_only_the_named_laws_are_checked() -> None:
    assert broken_laws([], trial_of(masked(lambda call, shape: np.ones(shape, dtype=np.bool_)))) == ([], [])


# -- noise that is numbers, or of another shape than the answer

NUMBERS = np.array([[0.5, 1.5], [2.5, 3.5]], dtype=np.float32)


def test_exposed_numbers_are_taken_as_they_are() -> None:
    outputs = Outputs(stages={}, noise_mode=NoiseMode.READ_BACK, noise={"slopes": NUMBERS.astype(np.float64)})
    found = drawn_noise(call_of(X), outputs, {"slopes": NUMBERS}, law)["slopes"]
    assert found.dtype == np.float32
    assert np.array_equal(found, NUMBERS)


def test_exposed_numbers_of_another_shape_are_not_the_law() -> None:
    outputs = Outputs(stages={}, noise_mode=NoiseMode.READ_BACK, noise={"slopes": NUMBERS[:1]})
    with pytest.raises(NotTheLaw, match=r"the exposed 'slopes' has shape \(1, 2\); expected \(2, 2\)"):
        drawn_noise(call_of(X), outputs, {"slopes": NUMBERS}, law)


def test_hidden_numbers_cannot_be_derived() -> None:
    outputs = Outputs(stages={}, noise_mode=NoiseMode.DERIVED)
    with pytest.raises(Unsupported, match="does not expose its 'slopes', and noise that is no mask cannot be derived"):
        drawn_noise(call_of(X), outputs, {"slopes": NUMBERS}, law)


def test_a_mask_in_the_middle_of_an_operator_cannot_be_derived_even_where_shapes_agree() -> None:
    """The mask of attention falls on the weights, which here have the shape of the answer."""

    def attended(call: Call) -> Outputs:
        return Outputs(stages={Stage.FORWARD: {"output": call.noise["mask"].astype(np.float32) @ call.inputs["input"]}})

    answer = attended(replace(call_of(X), noise={"mask": np.eye(2, dtype=np.bool_)}))
    with pytest.raises(Unsupported, match="does not fall on single elements of the answer"):
        drawn_noise(call_of(X), answer, {"mask": np.ones((2, 2), dtype=np.bool_)}, attended)


def test_a_gradient_of_another_shape_than_the_answer_tells_nothing_of_the_mask() -> None:
    def wide(call: Call) -> Outputs:
        outputs = law(replace(call, stages=(Stage.FORWARD, Stage.BACKWARD)))
        gradients = {"grad_input": outputs.stages[Stage.BACKWARD]["grad_input"], "grad_other": np.ones((3, 2))}
        return replace(outputs, stages={**outputs.stages, Stage.BACKWARD: gradients})

    mask = np.array([[True, False], [False, True]])
    answer = wide(replace(call_of(X), noise={"mask": mask}))
    found = drawn_noise(call_of(X), answer, {"mask": np.ones((2, 2), dtype=np.bool_)}, wide)
    assert found["mask"].tolist() == mask.tolist()


def test_a_hidden_mask_inside_the_operator_cannot_be_derived() -> None:
    def inner(call: Call) -> Outputs:
        return Outputs(stages={Stage.FORWARD: {"output": call.inputs["input"] * call.noise["mask"].sum()}})

    outputs = Outputs(stages={Stage.FORWARD: {"output": X}}, noise_mode=NoiseMode.DERIVED)
    with pytest.raises(Unsupported, match="does not fall on single elements of the answer"):
        drawn_noise(call_of(X), outputs, {"mask": np.ones((3, 5), dtype=np.bool_)}, inner)


def test_an_exposed_mask_inside_the_operator_is_read_back() -> None:
    mask = np.array([[1, 0, 1]])
    outputs = Outputs(stages={}, noise_mode=NoiseMode.READ_BACK, noise={"mask": mask})
    assert np.array_equal(drawn_noise(call_of(X), outputs, {"mask": mask == 1}, law)["mask"], mask == 1)


def test_the_laws_of_attention_read_its_own_name_of_p() -> None:
    trial = trial_of(drawing)
    renamed = replace(trial, call=replace(trial.call, params={"dropout_p": P}))
    assert trial.keep == renamed.keep == 1 - P
    asked: list[Mapping[str, Any]] = []

    def watch(call: Call) -> Outputs:
        asked.append(call.params)
        return law(replace(call, params={"p": call.params["dropout_p"]}, noise={"mask": np.ones_like(X, dtype=bool)}))

    broken_laws(
        ["p_zero", "p_one"],
        replace(renamed, run=watch, call=replace(renamed.call, inputs={"input": X}, grad_outputs={"output": X})),
    )
    assert asked == [{"dropout_p": 0.0}, {"dropout_p": 1.0}]
