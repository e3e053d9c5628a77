from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from harness.casefile import parse_cases
from harness.inputs import Drawer, digest, draw_array, dtype_of
from harness.model import Array, Draw
from harness.worker import complex_of, pairs_of

FLOATING = ["float16", "bfloat16", "float32", "float64"]


def drawn(kind: str, shape: tuple[int, ...] = (4,), dtype: str = "float64", *, seed: int = 1, **keys: Any) -> Array:
    return draw_array(Draw(kind=kind, shape=shape, dtype=dtype, **keys), np.random.RandomState(seed))


shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)
kinds = st.sampled_from(
    ["random", "randn", "uniform", "zeros", "negative_zeros", "infs", "nans", "largest", "denormals", "ties"]
)


@given(kinds, shapes, st.sampled_from(FLOATING), st.integers(0, 2**32 - 1))
def test_one_seed_gives_one_array_of_the_shape_and_dtype(
    kind: str, shape: tuple[int, ...], dtype: str, seed: int
) -> None:
    one, other = (drawn(kind, shape, dtype, seed=seed) for _ in range(2))
    assert (one.shape, one.dtype) == (shape, dtype_of(dtype))
    assert digest(one) == digest(other)
    assert not one.flags.writeable
    assert one.flags.c_contiguous


@pytest.mark.parametrize(
    ("kind", "keys", "expected"),
    [
        ("random", {}, "random_sample"), ("randn", {}, "standard_normal"),
    ],
)  # fmt: skip
def test_random_draws_are_those_of_numpy(kind: str, keys: dict[str, Any], expected: str) -> None:
    wanted = getattr(np.random.RandomState(12), expected)((3, 7))
    assert np.array_equal(drawn(kind, (3, 7), seed=12, **keys), wanted)


def test_the_stream_of_the_document() -> None:
    first = drawn("random", (3, 7), seed=12)
    assert first[0, :2].tolist() == [0.15416284237967237, 0.7400496965154048]


def test_uniform_lies_between_its_bounds() -> None:
    values = drawn("uniform", (1000,), low=-2.0, high=3.0)
    assert -2 <= values.min() < -1.9
    assert 2.9 < values.max() < 3


def test_integers_lie_between_their_bounds() -> None:
    assert set(drawn("integers", (200,), "int64", low=-1.0, high=3.0).tolist()) == {-1, 0, 1, 2}


def test_a_permutation_holds_every_number_once() -> None:
    assert sorted(drawn("permutation", (50,), "int64").tolist()) == list(range(50))


def test_ties_are_small_integers() -> None:
    assert set(drawn("ties", (200,)).tolist()) == {-2, -1, 0, 1, 2}


def test_scale_comes_before_shift() -> None:
    assert drawn("value", (2,), value=[1, 2], scale=0.5, shift=10.0).tolist() == [10.5, 11.0]


def test_a_value_is_taken_in_its_own_dtype() -> None:
    assert drawn("value", (), "bool", value=True).tolist() is True
    assert drawn("value", (1, 2), "int8", value=[[1, -128]]).tolist() == [[1, -128]]


@pytest.mark.parametrize("dtype", FLOATING)
def test_patterns_alternate_in_sign(dtype: str) -> None:
    limits: Any = ml_dtypes.finfo(dtype_of(dtype))
    largest, tiny = float(limits.max), float(limits.smallest_subnormal)
    assert drawn("largest", (3,), dtype).astype(float).tolist() == [largest, -largest, largest]
    assert drawn("denormals", (3,), dtype).astype(float).tolist() == [tiny, -2 * tiny, 3 * tiny]
    assert drawn("infs", (2,), dtype).astype(float).tolist() == [np.inf, -np.inf]


def test_nans_and_negative_zeros() -> None:
    assert np.isnan(drawn("nans")).all()
    assert np.signbit(drawn("negative_zeros")).all()
    assert not np.signbit(drawn("zeros")).any()


def test_edges_lie_in_turn_over_every_second_element() -> None:
    values = drawn("value", (6,), value=[1, 2, 3, 4, 5, 6], edges=("negative_inf", "negative_zero"))
    assert str(values.tolist()) == "[-inf, 2.0, -0.0, 4.0, -inf, 6.0]"


@given(shapes, st.lists(st.sampled_from(["zero", "inf", "negative_largest"]), min_size=1, max_size=3).map(tuple))
def test_edges_leave_the_elements_between_alone(shape: tuple[int, ...], edges: tuple[str, ...]) -> None:
    plain, edged = drawn("random", shape).reshape(-1), drawn("random", shape, edges=edges).reshape(-1)
    assert np.array_equal(plain[1::2], edged[1::2])
    assert not set(plain[::2].tolist()) & set(edged[::2].tolist())


@pytest.mark.parametrize("dtype", FLOATING)
def test_every_edge_in_every_dtype(dtype: str) -> None:
    limits: Any = ml_dtypes.finfo(dtype_of(dtype))
    edges = ("zero", "negative_zero", "denormal", "largest", "negative_largest", "inf", "negative_inf", "nan")
    found = drawn("zeros", (15,), dtype, edges=edges)[::2].astype(float).tolist()
    largest = float(limits.max)
    wanted = [0.0, -0.0, float(limits.smallest_subnormal), largest, -largest, np.inf, -np.inf]
    assert found[:-1] == wanted
    assert np.isnan(found[-1])


def test_what_overflows_becomes_inf_without_a_warning() -> None:
    assert drawn("value", (1,), "float16", value=[1e6]).tolist() == [np.inf]
    assert drawn("largest", (1,), scale=2.0).tolist() == [np.inf]
    assert drawn("largest", (1,), shift=1e308).tolist() == [np.inf]


# -- a case

CASE = """summary: A small operator.
reference: torch.nn.functional.gelu
stages: [forward, backward]
noise: [mask, other]
cases:
  - name: a
    seed: 12
    inputs: {x: {random: [3, 7]}, y: {zeros: [2]}}
    grad_outputs: {output: {random: [3, 7]}}
    noise: {mask: {integers: [50], high: 2}}
"""
(A_CASE,) = parse_cases(CASE, family="f", operator="o", file="x.yaml")


def test_inputs_then_grad_outputs_come_from_one_stream() -> None:
    inputs, grads = Drawer().draw(A_CASE)
    stream = np.random.RandomState(12)
    assert list(inputs) == ["x", "y"]
    assert np.array_equal(inputs["x"], stream.random_sample((3, 7)).astype(np.float32))
    assert np.array_equal(grads["output"], stream.random_sample((3, 7)).astype(np.float32))


def test_a_drawer_starts_anew_for_each_case() -> None:
    drawer = Drawer()
    drawer.draw_noise(A_CASE)
    first, again = drawer.draw(A_CASE), drawer.draw(A_CASE)
    assert digest(first[1]["output"]) == digest(again[1]["output"]) == digest(Drawer().draw(A_CASE)[1]["output"])


def test_only_the_noise_that_the_case_gives_is_drawn() -> None:
    noise = Drawer().draw_noise(A_CASE)
    assert list(noise) == ["mask"]
    assert noise["mask"].dtype == np.int64


def test_a_digest_is_of_the_bytes_in_c_order() -> None:
    array = np.arange(6.0).reshape(2, 3)
    assert digest(array) == digest(np.asfortranarray(array)) != digest(array.T)


# -- complex numbers


@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3).map(lambda s: (*s, 2))))
def test_pairs_survive_being_complex(pairs: Array) -> None:
    back = pairs_of(complex_of(pairs))
    assert (back.dtype, back.shape) == (pairs.dtype, pairs.shape)
    assert np.array_equal(back, pairs, equal_nan=True)


@pytest.mark.parametrize("array", [np.zeros((3, 1)), np.zeros(()), np.zeros((3, 2), dtype=np.float16)])
def test_what_is_no_pair_is_refused(array: Array) -> None:
    with pytest.raises(ValueError, match="complex numbers are float32 or float64 pairs, found float"):
        complex_of(array)


def test_real_arrays_are_no_pairs() -> None:
    array = np.zeros(3)
    assert pairs_of(array) is array
