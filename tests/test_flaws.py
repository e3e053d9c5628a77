"""What keeps a golden from telling right from wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from audited import blend, case

from harness.casefile import parse_cases
from harness.flaws import flaws
from harness.model import Expected, Golden, Stage, Tolerance


def expected(values: list[float], bound: float) -> Expected:
    golden = np.array(values, dtype=np.float32)
    return Expected(golden=golden, truth=golden.astype(np.float64), bound=np.full(golden.shape, bound))


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (expected([0.0, -0.0], 1e-9), ["forward/output is all zero"]),
        (expected([np.nan, np.nan], 0.0), ["forward/output is all nan"]),
        (expected([np.nan, 0.0, np.inf], 1e-9), []),
        (expected([], 0.0), []),
        (expected([0.0, 1.0, 2.0, 5.0], 3.0), ["forward/output has a bound wider than the value in 2 of 3 elements"]),
        (expected([0.0, 1.0, 5.0], 3.0), []),
        (Expected(golden=np.zeros(2, np.int64), truth=np.zeros(2), bound=np.zeros(2)), ["forward/output is all zero"]),
        (Expected(golden=np.ones(2, np.int64), truth=np.ones(2), bound=np.zeros(2)), []),
    ],
)
def test_flaws_of_a_golden(array: Expected, words: list[str]) -> None:
    (one,) = parse_cases(blend(case()), family="f", operator="blend", file="blend.yaml")
    golden = Golden(noise={}, expected={Stage.FORWARD: {"output": array}})
    assert list(flaws(replace(one, stages=(Stage.FORWARD,)), golden)) == words


def test_a_tolerance_takes_the_place_of_the_bound() -> None:
    (one,) = parse_cases(blend(case()), family="f", operator="blend", file="blend.yaml")
    golden = Golden(noise={}, expected={Stage.FORWARD: {"output": expected([1.0, 2.0], 1e-9)}})
    loose = replace(one, stages=(Stage.FORWARD,), tolerance=Tolerance(rtol=0.0, atol=3.0, why="for the test"))
    assert list(flaws(loose, golden)) == ["forward/output has a bound wider than the value in 2 of 2 elements"]
