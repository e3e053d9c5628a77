from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.bound import Rounded, Run, derive_expected, ulp
from harness.errors import RecordError
from harness.model import Array, Call, Expected, Outputs, Stage

# -- ulp


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_ulp_is_the_spacing_at_every_power_of_two_and_its_neighbours(dtype: type[np.floating]) -> None:
    limits = np.finfo(dtype)
    powers = np.ldexp(1.0, np.arange(limits.minexp - limits.nmant, limits.maxexp)).astype(dtype)
    values = np.concatenate([powers, np.nextafter(powers, dtype(0)), np.nextafter(powers, dtype(np.inf))])
    for sign in (1.0, -1.0):
        assert np.array_equal(ulp(sign * values.astype(np.float64), np.dtype(dtype)), np.spacing(values))


@given(st.floats(width=16, min_value=0, max_value=2.0**15))
def test_ulp_is_the_spacing_in_float16(value: float) -> None:
    assert ulp(np.asarray(value), np.dtype(np.float16)) == np.spacing(np.float16(value))


@given(st.floats(width=32, min_value=0, max_value=2.0**127))
def test_ulp_is_the_spacing_in_float32(value: float) -> None:
    assert ulp(np.asarray(value), np.dtype(np.float32)) == np.spacing(np.float32(value))


@given(st.floats(min_value=0, max_value=2.0**1023))
def test_ulp_is_the_spacing_in_float64(value: float) -> None:
    assert ulp(np.asarray(value), np.dtype(np.float64)) == np.spacing(np.float64(value))


def test_ulp_in_bfloat16() -> None:
    values = np.array([0.0, 1.0, 1.5, -2.0, 2.0**-126, 2.0**-130])
    found = ulp(values, np.dtype(ml_dtypes.bfloat16))
    assert found.tolist() == [2.0**-133, 2.0**-7, 2.0**-7, 2.0**-6, 2.0**-133, 2.0**-133]


@pytest.mark.parametrize(("dtype", "last"), [(np.float16, 32.0), (np.float32, 2.0**104), (np.float64, 2.0**971)])
def test_ulp_at_the_largest_number_and_beyond(dtype: type[np.floating], last: float) -> None:
    largest = float(np.finfo(dtype).max)
    assert ulp(np.array([largest, -largest]), np.dtype(dtype)).tolist() == [last, last]
    assert ulp(np.asarray(1e308), np.dtype(dtype)) >= last / 16


def test_ulp_of_what_is_not_finite_is_zero() -> None:
    assert ulp(np.array([np.inf, -np.inf, np.nan]), np.dtype(np.float32)).tolist() == [0, 0, 0]


# -- expectations


def call_of(*arrays: Array, dtype: str = "float32") -> Call:
    inputs = {f"x{i}": array for i, array in enumerate(arrays)}
    return Call(
        operator="o", reference="torch.o", dtype=dtype, params={}, inputs=inputs, noise={}, noise_names=(),
        noise_seed=0, grad_outputs={}, stages=(Stage.FORWARD,), outputs=("output",),
    )  # fmt: skip


def reference(function: Callable[..., Array]) -> Run:
    return lambda call: Outputs(stages={Stage.FORWARD: {"output": np.asarray(function(*call.inputs.values()))}})


def expected_of(function: Callable[..., Array], *arrays: Array) -> Expected:
    call, run = call_of(*arrays), reference(function)
    return derive_expected(call, run(call), run)[Stage.FORWARD]["output"]


def floats(*values: float, dtype: type[np.floating] = np.float32) -> Array:
    return np.array(values, dtype=dtype)


def test_the_bound_of_an_exact_function_is_its_rounding_and_that_of_its_input() -> None:
    found = expected_of(lambda x: x, floats(1.0, -3.0, 0.0))
    eps = 2.0**-23
    assert found.truth.tolist() == [1.0, -3.0, 0.0]
    assert found.bound.tolist() == [eps + eps, 2 * eps + 3 * eps, 2.0**-149]


def test_own_is_the_largest_loss_of_the_reference_over_the_tensor() -> None:
    found = expected_of(lambda x: x if x.dtype == np.float64 else x + np.float32(0.25), floats(1.0, 2.0))
    assert found.bound.tolist() == pytest.approx([0.25, 0.25], rel=1e-5)
    assert found.golden.tolist() == [1.25, 2.25]


def test_cancellation_widens_the_bound_by_what_one_rounding_of_the_inputs_does() -> None:
    found = expected_of(lambda x, y: x - y, floats(1000.0), floats(999.0))
    assert 1000 * 2.0**-23 <= found.bound[0] <= 2000 * 2.0**-23 + 2.0**-22


def test_zeros_are_not_moved() -> None:
    found = expected_of(np.sign, floats(0.0, -0.0, 2.0))
    assert found.bound.tolist() == [2.0**-149, 2.0**-149, 2.0**-23]


def test_in_float64_own_is_the_loss_of_float32_scaled() -> None:
    def lossy(x: Array) -> Array:
        return x + np.float32(0.5) if x.dtype == np.float32 else x

    found = expected_of(lossy, floats(1.0, dtype=np.float64))
    assert found.bound[0] == pytest.approx(0.5 * 2.0**-29, rel=1e-3)


def test_what_is_not_floating_is_exact() -> None:
    found = expected_of(lambda x: x > 1, floats(0.5, 2.0))
    assert found.golden.dtype == np.bool_
    assert (found.truth is found.golden, found.bound.tolist()) == (True, [0, 0])


def test_what_is_not_finite_has_no_bound() -> None:
    with np.errstate(divide="ignore", invalid="ignore"):
        found = expected_of(lambda x: x / np.zeros_like(x), floats(1.0, 0.0, np.inf))
    assert found.bound.tolist() == [0, 0, 0]


def test_a_scalar_and_an_empty_array() -> None:
    assert expected_of(lambda x: x, np.float32(2.0) * np.ones((), np.float32)).bound.shape == ()
    assert expected_of(lambda x: x, np.ones((0, 3), np.float32)).bound.shape == (0, 3)


def test_inputs_that_may_not_leave_the_domain_are_moved_the_other_way() -> None:
    def arc(x: Array) -> Array:
        if (np.abs(x) > 1).any():
            raise ValueError("out of the domain")
        return np.asarray(np.arccos(x))

    assert expected_of(arc, floats(0.999)).bound[0] > 2.0**-24
    assert expected_of(arc, floats(1.0)).bound[0] > 1e-4


def test_an_element_that_leaves_the_domain_as_nan_takes_another_sign() -> None:
    def arc(x: Array) -> Array:
        with np.errstate(invalid="ignore"):
            return np.asarray(np.arccos(x))

    assert (expected_of(arc, floats(1.0, -1.0, 0.5)).bound[:2] > 1e-4).all()


# -- ill-posed


@pytest.mark.parametrize("function", [np.floor, lambda x: np.where(x > 1, 5.0, -5.0).astype(x.dtype)])
def test_a_jump_at_the_input_is_refused_by_name(function: Callable[..., Array]) -> None:
    with pytest.raises(RecordError, match=r"forward/output\[1\] is ill-posed: it jumps by"):
        expected_of(function, floats(0.5, 1.0, 1.5))


def test_an_integer_that_flips_is_refused_by_name() -> None:
    with pytest.raises(RecordError, match=r"forward/output\[\] is ill-posed: it flips from 0 to 1"):
        expected_of(np.argmax, floats(1.0, 1.0, 0.5))


def test_a_steep_function_is_no_jump() -> None:
    assert expected_of(lambda x: x**64, floats(1.5)).bound[0] > 0


def test_an_answer_that_overflows_on_the_way_is_refused_by_name() -> None:
    def naive(x: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.asarray(np.sqrt(x * x))

    with pytest.raises(RecordError, match=r"forward/output\[0\]: the reference gives inf in float32 and 1\.\d+e\+30"):
        expected_of(naive, floats(1e30))


def test_an_answer_beyond_the_dtype_is_inf_and_not_lost() -> None:
    def square(x: Array) -> Array:
        with np.errstate(over="ignore"):
            return x * x

    found = expected_of(square, floats(1e30))
    assert (found.golden.tolist(), found.bound.tolist()) == ([np.inf], [0.0])


def test_rounding_of_an_answer_that_is_zero_is_no_jump() -> None:
    def sums(x: Array) -> Array:
        centred = x - x.mean()
        return np.asarray([centred.sum(), *x], dtype=x.dtype)  # the first is zero but for rounding

    values = np.random.RandomState(0).standard_normal(50).astype(np.float32)
    found = expected_of(sums, values)
    assert 0 < abs(found.truth[0]) < 1e-13 < found.bound[0]


def test_a_small_jump_beside_large_numbers_is_still_refused() -> None:
    def steps(x: Array) -> Array:
        return np.where(x > 1, 1e-6, 0.0).astype(x.dtype) if x.size == 1 else np.append(steps(x[:1]), 1000 * x[1:])

    with pytest.raises(RecordError, match=r"forward/output\[0\] is ill-posed: it jumps by 1e-06"):
        expected_of(steps, floats(1.0, 3.0))


def test_exact_inputs_may_lie_on_a_tie() -> None:
    call, run = call_of(floats(0.5, 2.5, 3.0)), reference(np.round)
    found = derive_expected(call, run(call), run, exact=True)[Stage.FORWARD]["output"]
    assert found.truth.tolist() == [0.0, 2.0, 3.0]
    assert found.bound.tolist() == [2.0**-149, 2.0**-22, 2.0**-22]
    with pytest.raises(RecordError, match="ill-posed"):
        derive_expected(call, run(call), run)


def test_normwise_allows_one_rounding_of_the_largest_number_in_each() -> None:
    call, run = call_of(floats(4.0, 0.0, np.inf)), reference(np.positive)
    plain = derive_expected(call, run(call), run)[Stage.FORWARD]["output"]
    found = derive_expected(call, run(call), run, normwise=True)[Stage.FORWARD]["output"]
    assert plain.bound[1] == 2.0**-149
    assert (found.bound - plain.bound).tolist() == [4 * 2.0**-23, 4 * 2.0**-23, 0.0]


def test_the_largest_number_of_a_dtype_is_its_own_truth() -> None:
    call, run = call_of(floats(np.inf, 1.0)), reference(lambda x: np.nan_to_num(x, posinf=np.finfo(x.dtype).max))
    found = derive_expected(call, run(call), run)[Stage.FORWARD]["output"]
    assert found.truth.tolist() == [float(np.finfo(np.float32).max), 1.0]
    assert found.bound.tolist() == [2.0**104, 2.0**-23 + 2.0**-23]


def test_the_truth_of_integers_asks_for_float64() -> None:
    def root(call: Call) -> Outputs:
        answer = np.sqrt(call.inputs["x0"]).astype(np.float64 if call.widest else np.float32)
        return Outputs(stages={Stage.FORWARD: {"output": answer}})

    call = call_of(np.array([2, 3]))
    found = derive_expected(call, root(call), root)[Stage.FORWARD]["output"]
    assert found.golden.dtype == np.float32
    assert found.truth.tolist() == [2**0.5, 3**0.5]


def test_gradients_that_are_all_zero_but_for_rounding_are_no_jump() -> None:
    def run(call: Call) -> Outputs:
        x = call.inputs["x0"].astype(np.float64)
        gradient = np.asarray((x / x.sum()).sum() - 1.0, dtype=call.inputs["x0"].dtype)  # zero but for rounding
        return Outputs(stages={Stage.BACKWARD: {"grad_x0": gradient}})

    values = np.random.RandomState(1).standard_normal(40).astype(np.float32)
    call = replace(call_of(values), stages=(Stage.BACKWARD,), grad_outputs={"output": floats(1.0)})
    assert derive_expected(call, run(call), run)[Stage.BACKWARD]["grad_x0"].bound < 1e-6


# -- roundings on the way


def off(function: Callable[[Array, float], Array], jump: float = 0.0) -> Rounded:
    """Return a run that is off as `function(x, unit)` says, and by `jump` besides whatever the unit."""

    def rounded(call: Call, *, unit: float, seed: int) -> Outputs:
        answer = function(call.inputs["x0"], unit if seed % 2 else -unit)
        return Outputs(stages={Stage.FORWARD: {"output": answer + jump * np.arange(answer.size)}})

    return rounded


def rounded_bound(rounded: Rounded, *values: float, dtype: type[np.floating] = np.float32) -> list[float]:
    """Return by how much roundings on the way widen the bounds of a function that does nothing."""
    call, run = call_of(floats(*values, dtype=dtype)), reference(lambda x: x)
    plain, widened = (
        derive_expected(call, run(call), run, rounded=given)[Stage.FORWARD]["output"].bound for given in (None, rounded)
    )
    return [float(x) for x in widened - plain]


@pytest.mark.parametrize(("dtype", "unit"), [(np.float16, 2.0**-11), (np.float32, 2.0**-24), (np.float64, 2.0**-53)])
def test_roundings_on_the_way_widen_the_bound(dtype: type[np.floating], unit: float) -> None:
    found = rounded_bound(off(lambda x, one: x * (1 + 5 * one)), 1.0, -3.0, 0.0, dtype=dtype)
    assert found == pytest.approx([5 * unit, 15 * unit, 0.0], rel=1e-3)


def test_what_roundings_on_the_way_make_jump_does_not() -> None:
    found = rounded_bound(off(lambda x, one: x * (1 + one), jump=0.25), 1.0, 2.0)
    assert found == pytest.approx([2.0**-24, 0.0], rel=1e-3)


def test_what_roundings_on_the_way_make_no_number_does_not() -> None:
    found = rounded_bound(off(lambda x, one: np.where(x > 1, np.nan, x * (1 + one))), 1.0, 2.0)
    assert found == pytest.approx([2.0**-24, 0.0], rel=1e-3)


def test_a_reference_that_raises_under_roundings_is_taken_at_its_word() -> None:
    def raises(call: Call, *, unit: float, seed: int) -> Outputs:
        raise ValueError

    assert rounded_bound(raises, 1.0) == [0.0]
