"""The wrong answers and wrong calls that the audit makes of a case."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from harness.model import Array, Call, Expected, Golden, Stage
from harness.mutations import distinct, nearby, perturbed, same, wrong_answers, wrong_calls


def test_a_perturbed_array_differs_by_a_few_percent_and_in_every_element() -> None:
    array = np.array([[1.0, -2.0, 0.0], [4.0, 0.0, np.inf]], dtype=np.float32)
    ways = list(perturbed(array))
    assert np.allclose(ways[0], [[1.04, -1.92, 0.01], [3.84, 0.01, np.inf]])
    assert np.allclose(ways[1], [[0.96, -1.92, 0.0], [3.84, 0.0, np.inf]])
    assert np.allclose(ways[2], [[1.04, -2.08, 0.01], [4.16, 0.01, np.inf]])
    assert not any(way.flags.writeable or way.dtype != array.dtype for way in ways)


def test_half_precision_is_moved_by_more_than_its_bounds_allow() -> None:
    for dtype, share in ((np.float16, 0.0625), (ml_dtypes.bfloat16, 0.5)):
        assert float(next(perturbed(np.ones(1, dtype=dtype)))[0]) == 1.0 + share


@pytest.mark.parametrize(
    ("array", "ways"),
    [
        (np.array([1, 2, 3]), [[3, 1, 2], [3, 1, 2]]),
        (np.array([[1, 1], [2, 2]]), [[[2, 1], [1, 2]]]),
        (np.array([True, False]), [[False, True], [False, True], [False, True]]),
        (np.array(True), [False]),
        (np.array(3), []),
        (np.array([np.nan, np.inf]), []),
    ],
)
def test_what_cannot_be_scaled_is_rolled(array: Array, ways: list[Any]) -> None:
    assert [way.tolist() for way in perturbed(array)] == ways


def test_values_near_a_param() -> None:
    assert list(nearby(True)) == [False, None]
    assert list(nearby(2)) == [3, 1, None]
    assert list(nearby(0.5)) == [0.75, 0.25, None]
    assert list(nearby(0.0)) == list(nearby(float("inf"))) == [0.5, None]
    assert list(nearby([1, "a", True])) == [[2, "a", True], [0, "a", True], [1, "a", False], None]
    assert list(nearby("mean")) == [None]
    assert list(nearby(None)) == []


def test_which_values_of_a_param_are_the_same() -> None:
    assert distinct([1, 1.0, True, None, [1], [1], "a"]) == [1, True, None, [1], "a"]
    assert not same(1, True)


def call(**inputs: Array) -> Call:
    return Call(
        operator="o", reference="torch.o", dtype="float32", params={}, inputs=inputs, noise={}, noise_names=(),
        noise_seed=0, grad_outputs={}, stages=(Stage.FORWARD,), outputs=("output",),
    )  # fmt: skip


def test_only_inputs_that_are_alike_are_swapped() -> None:
    a, b, c, d = np.zeros(2, np.float32), np.ones(2, np.float32), np.ones(2), np.ones((2, 1), np.float32)
    made = {wrong.name: list(wrong.calls) for wrong in wrong_calls(call(a=a, b=b, c=c, d=d), {})}
    assert [name for name in made if name.startswith("swap")] == ["swap:a/b"]
    ((swapped),) = made["swap:a/b"]
    assert (swapped.inputs["a"] is b, swapped.inputs["b"] is a) == (True, True)


@pytest.mark.parametrize(
    ("golden", "kinds"),
    [
        (np.array([1.5, 2.0]), ["zeros", "ones", "sign", "float16"]),
        (np.array([0.0, np.nan]), ["zeros", "ones"]),
        (np.array([1.5], dtype=np.float16), ["zeros", "ones", "sign"]),
        (np.array([1, 2]), ["zeros", "ones", "sign"]),
        (np.array([True]), ["zeros", "ones"]),
        (np.array([1], dtype=np.uint8), ["zeros", "ones"]),
        (np.array(1.5), ["zeros", "ones", "sign", "float16"]),
    ],
)
def test_wrong_answers_are_those_that_the_dtype_knows(golden: Array, kinds: list[str]) -> None:
    whole = Golden(
        noise={}, expected={Stage.FORWARD: {"output": Expected(golden=golden, truth=golden, bound=np.ones(1))}}
    )
    made = list(wrong_answers(call(), whole))
    assert [answer.name for answer in made] == [f"{kind}:forward/output" for kind in kinds]
    shapes = {(answer.arrays["output"].shape, answer.arrays["output"].dtype) for answer in made}
    assert shapes == {(golden.shape, golden.dtype)}
