from __future__ import annotations

import itertools
import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from harness.bound import LIMIT, ulp
from harness.compare import compare_array, compare_stage, ulp_distance
from harness.model import Array, Difference, Expected, Stage, Tolerance

FLOATING = [np.float16, np.float32, np.float64]
TOLERANCE = Tolerance(rtol=0.1, atol=0.5, why="only for a test")


def golden(values: Any, bound: float = 0.125, dtype: Any = np.float32) -> Expected:
    array = np.array(values, dtype=dtype)
    wide = array.astype(np.float64)
    return Expected(golden=array, truth=wide, bound=np.where(np.isfinite(wide), bound, 0.0))


def compared(actual: Any, expected: Expected, **keys: Any) -> Difference:
    array = np.array(actual, dtype=expected.golden.dtype)
    return compare_array(Stage.FORWARD, "output", array, expected, **keys)


def arrays(*, finite: bool = True) -> st.SearchStrategy[Array]:
    elements = st.floats(width=16, allow_nan=not finite, allow_infinity=not finite)
    shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    return st.sampled_from(FLOATING).flatmap(lambda dtype: hnp.arrays(dtype, shapes, elements=elements))


# -- the levels, in their order


def test_names_come_first() -> None:
    (found,) = compare_stage(Stage.FORWARD, {"out": np.zeros(3)}, {"output": golden([1.0])})
    assert (found.level, found.detail) == ("names", "returned out; expected output")


def test_no_answer_at_all() -> None:
    (found,) = compare_stage(Stage.FORWARD, {}, {"b": golden([1.0]), "a": golden([1.0])})
    assert found.detail == "returned nothing; expected a, b"


def test_every_array_of_a_stage_is_compared() -> None:
    expected = {"a": golden([1.0]), "b": golden([2.0])}
    found = compare_stage(Stage.EVAL, {name: item.golden for name, item in expected.items()}, expected)
    assert [(d.stage, d.name, d.ok) for d in found] == [(Stage.EVAL, "a", True), (Stage.EVAL, "b", True)]


def test_shape_comes_before_dtype() -> None:
    found = compare_array(Stage.FORWARD, "output", np.zeros((2, 1)), golden([1.0, 2.0]))
    assert (found.level, found.detail) == ("shape", "shape (2, 1); expected (2,)")


def test_dtype_is_exact() -> None:
    found = compare_array(Stage.FORWARD, "output", np.array([1.0]), golden([1.0]))
    assert (found.level, found.detail) == ("dtype", "dtype float64; expected float32")


def test_the_pattern_of_nan_and_inf_comes_before_values() -> None:
    found = compared([9.0, np.nan, 3.0], golden([1.0, 2.0, 3.0]))
    assert (found.level, found.mismatched, found.total, found.first) == ("nonfinite", 1, 3, (1,))


@pytest.mark.parametrize(
    ("one", "other"), [p for p in itertools.product([1.0, np.nan, np.inf, -np.inf], repeat=2) if p[0] is not p[1]]
)
def test_every_kind_of_number_differs_from_every_other(one: float, other: float) -> None:
    for keys in ({}, {"tolerance": TOLERANCE}):
        assert compared([one], golden([other]), **keys).level == "nonfinite"
        assert compared([one], golden([one]), **keys).ok


@given(arrays(finite=False), arrays(finite=False))
def test_the_pattern_differs_exactly_where_the_kinds_do(one: Array, other: Array) -> None:
    if one.shape != other.shape or one.dtype != other.dtype:
        return
    wrong = np.isnan(one) != np.isnan(other)
    wrong |= (np.isinf(one) | np.isinf(other)) & (one != other) & ~(np.isnan(one) & np.isnan(other))
    found = compared(one, golden(other, bound=1e9, dtype=other.dtype))
    assert found.mismatched == np.count_nonzero(wrong)
    assert found.level == ("nonfinite" if wrong.any() else "ok")


# -- values


@given(arrays(finite=False))
def test_the_golden_itself_passes(array: Array) -> None:
    found = compared(array, golden(array, dtype=array.dtype))
    assert (found.ok, found.ratio, found.total) == (True, 0.0, array.size)


@given(arrays().filter(lambda array: array.size > 0), st.data())
def test_one_element_within_the_limit_passes_and_beyond_it_fails(array: Array, data: st.DataObject) -> None:
    wide = array.astype(np.float64)
    bound = 4 * ulp(wide, array.dtype)
    index = np.unravel_index(data.draw(st.integers(0, array.size - 1)), array.shape)
    expected = Expected(golden=array, truth=wide, bound=bound)
    for factor, ok in ((LIMIT - 1, True), (LIMIT + 1, False)):
        moved = array.copy()
        moved[index] = wide[index] - math.copysign(factor * bound[index], wide[index])
        found = compared(moved, expected)
        assert found.ok is ok
        if not ok:
            assert found.worst == found.first == tuple(map(int, index))
            assert found.mismatched == 1


@given(hnp.arrays(np.float64, st.integers(1, 12), elements=st.floats(-100, 100)), st.randoms())
def test_permuting_the_elements_permutes_the_worst(array: Array, random: Any) -> None:
    error = 10.0 + np.arange(array.size)
    order = list(range(array.size))
    random.shuffle(order)
    plain = compared(array + error, golden(array, dtype=np.float64))
    shuffled = compared((array + error)[order], golden(array[order], dtype=np.float64))
    assert order[shuffled.worst[0]] == plain.worst[0] == array.size - 1
    assert (shuffled.ratio, shuffled.mismatched) == (plain.ratio, plain.mismatched)


def test_a_failure_says_how_many_where_and_how_much() -> None:
    found = compared([[1.0, 3.0], [3.0, 9.0]], golden([[1.0, 2.0], [3.0, 4.0]], bound=0.0625))
    assert (found.level, found.mismatched, found.total) == ("values", 2, 4)
    assert (found.first, found.worst) == ((0, 1), (1, 1))
    assert (found.actual, found.golden, found.truth, found.bound, found.ratio) == (9.0, 4.0, 4.0, 0.0625, 80.0)
    assert found.judged == "at most 8 times the bound"


def test_truth_and_not_the_golden_is_what_an_answer_is_held_to() -> None:
    expected = Expected(golden=np.array([2.0], np.float32), truth=np.array([1.0]), bound=np.array([0.5]))
    assert compared([-3.0], expected).ok
    assert compared([5.0], expected).ok
    assert not compared([5.5], expected).ok


def test_where_nothing_is_allowed_any_error_is_infinite() -> None:
    found = compared([1.0, 2.5], golden([1.0, 2.0], bound=0.0))
    assert (found.ok, found.ratio, found.worst) == (False, math.inf, (1,))


@pytest.mark.parametrize(("truth", "bound"), [(np.nan, 1.0), (1.0, np.nan), (np.nan, np.nan)])
def test_a_truth_or_bound_that_is_no_number_conforms_to_nothing(truth: float, bound: float) -> None:
    expected = Expected(golden=np.array([1.0], np.float32), truth=np.array([truth]), bound=np.array([bound]))
    assert not compared([1.5], expected).ok


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint8, np.bool_])
def test_integers_and_bools_are_exact(dtype: type[np.generic]) -> None:
    expected = golden([0, 1, 1], dtype=dtype)
    assert compared([0, 1, 1], expected).ok
    found = compared([0, 0, 1], expected)
    assert (found.level, found.judged, found.first, found.actual, found.golden) == ("values", "exact", (1,), 0.0, 1.0)


def test_bfloat16_is_a_floating_dtype() -> None:
    expected = golden([1.0, np.inf], dtype=ml_dtypes.bfloat16)
    assert compared([1.5, np.inf], expected).ok
    assert not compared([3.0, np.inf], expected).ok


@pytest.mark.parametrize("shape", [(), (0,), (3, 0)])
def test_scalars_and_empty_arrays(shape: tuple[int, ...]) -> None:
    assert compared(np.ones(shape), golden(np.ones(shape))).ok


def test_the_index_of_a_scalar_is_empty() -> None:
    found = compared(9.0, golden(1.0))
    assert (found.mismatched, found.first, found.worst) == (1, (), ())


def test_views_and_read_only_arrays_compare_like_any_other() -> None:
    expected = golden([[1.0, 2.0], [3.0, 4.0]])
    view = np.array([[1.0, 3.0], [2.0, 4.0]], dtype=np.float32).T
    view.flags.writeable = False
    assert compare_array(Stage.FORWARD, "output", view, expected).ok


# -- what a case can ask for


def test_zeros_of_either_sign_are_equal_unless_the_case_says_otherwise() -> None:
    assert compared([-0.0, 1.0], golden([0.0, 1.0])).ok
    found = compared([-0.0, 1.0], golden([0.0, 1.0]), signed_zero=True)
    assert (found.ok, found.judged, found.mismatched) == (False, "the sign of zero", 1)
    assert compared([-0.0, 1.0], golden([-0.0, 1.0]), signed_zero=True).ok


def test_a_tolerance_replaces_the_bound() -> None:
    expected = golden([10.0], bound=1e-9)
    assert compared([11.5], expected, tolerance=TOLERANCE).ok
    found = compared([11.75], expected, tolerance=TOLERANCE)
    assert (found.ok, found.judged) == (False, "rtol 0.1, atol 0.5: only for a test")


def test_a_tolerance_beside_inf_and_nan_warns_of_nothing() -> None:
    expected = golden([np.inf, -np.inf, np.nan, 1.0])
    assert compared(expected.golden, expected, tolerance=Tolerance(rtol=0.0, atol=0.5, why="only for a test")).ok


# -- ulps


@pytest.mark.parametrize("dtype", FLOATING)
@given(value=st.floats(width=16, allow_nan=False, allow_infinity=False), steps=st.integers(0, 20))
def test_ulp_distance_counts_the_steps_between(dtype: type[np.floating], value: float, steps: int) -> None:
    start = end = dtype(value)
    for _ in range(steps):
        end = np.nextafter(end, dtype(-np.inf))
    if np.isfinite(end):
        assert ulp_distance(np.asarray(start), np.asarray(end)) == steps
        assert ulp_distance(np.asarray(end), np.asarray(start)) == steps


def test_ulp_distance_across_zero_and_in_bfloat16() -> None:
    tiny = np.float32(1e-45)
    assert ulp_distance(np.asarray(tiny), np.asarray(-tiny)) == 2
    assert ulp_distance(np.asarray(np.float32(0.0)), np.asarray(np.float32(-0.0))) == 0
    one, other = np.array([1.0, 1.0078125], dtype=ml_dtypes.bfloat16)
    assert ulp_distance(one, other) == 1


def test_ulp_distance_beside_a_nan_is_nan() -> None:
    assert math.isnan(ulp_distance(np.asarray(np.nan), np.asarray(1.0)))


# -- vectors up to sign

AXES = {"U": -1, "Vh": -2}
U, S, VH = np.linalg.svd(np.arange(12.0).reshape(2, 3, 2) ** 2 - 7, full_matrices=False)


def compared_svd(u: Array, vh: Array) -> list[str]:
    expected = {"U": golden(U, 1e-9, np.float64), "S": golden(S, 1e-9, np.float64), "Vh": golden(VH, 1e-9, np.float64)}
    found = compare_stage(Stage.FORWARD, {"U": u, "S": S, "Vh": vh}, expected, up_to_sign=AXES)
    return [difference.name for difference in found if not difference.ok]


@given(hnp.arrays(np.float64, (2, 1, 2), elements=st.sampled_from([-1.0, 1.0])))
def test_vectors_may_turn_together(signs: Array) -> None:
    assert compared_svd(U * signs, VH * np.swapaxes(signs, -1, -2)) == []


def test_a_vector_that_turns_alone_differs() -> None:
    assert compared_svd(U * [1.0, -1.0], VH) == ["Vh"]
    assert compared_svd(-U, VH) == ["Vh"]


def test_a_wrong_vector_differs_whatever_its_sign() -> None:
    wrong = U.copy()
    wrong[1, 0, 1] += 1e-3
    assert compared_svd(-wrong, -VH) == ["U"]


def test_vectors_of_another_shape_are_not_turned() -> None:
    assert compared_svd(U[:1], VH) == ["U"]


def test_arrays_of_unequal_numbers_of_vectors_are_not_turned() -> None:
    full = np.concatenate([U, U[..., :1]], axis=-1)
    expected = {"U": golden(full, 1e-9, np.float64), "Vh": golden(VH, 1e-9, np.float64)}
    found = compare_stage(Stage.FORWARD, {"U": -full, "Vh": -VH}, expected, up_to_sign=AXES)
    assert [difference.ok for difference in found] == [False, False]
