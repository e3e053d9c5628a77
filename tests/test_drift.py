from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from harness.drift import Change, compare_recorded, count_changes, drift_between, largest, loud
from harness.goldenfile import MANIFEST, Line, array_lines, base_lines, save_operator, write_manifest
from harness.goldens import REFERENCE, OperatorGoldens, base_digest, open_goldens
from harness.model import Array

X = np.array([1.0, 2.0], dtype=np.float32)
MASK = np.array([True, False])
OLD: dict[str, Array] = {
    "inputs/x": X,
    "grad_outputs/output": X,
    "noise/mask": MASK,
    "forward/output": 2 * X,
    "bound/forward/output": np.array([0.125, 0.125]),
    "eval/output": X,
    "bound/eval/output": np.array([0.125, 0.125]),
    "eval/index": np.array([1, 0]),
}


def recorded(
    root: Path, arrays: Mapping[str, Array], cases: tuple[str, ...] = ("a",), note: str = "case"
) -> OperatorGoldens:
    folder = root / REFERENCE
    whole = {f"{case}/{key}": array for case in cases for key, array in arrays.items()}
    folder.mkdir(parents=True)
    if whole:
        save_operator(folder / "f" / "o.safetensors", whole)
    lines = array_lines(whole)
    write_manifest(folder / MANIFEST, {"f/o": [*lines, *(Line(case, note, "-", "text") for case in cases)]})
    return open_goldens(root).operator("f/o")


@pytest.fixture
def old(tmp_path: Path) -> OperatorGoldens:
    return recorded(tmp_path / "old", OLD)


def changes(old: OperatorGoldens, **moved: Array | None) -> dict[str, Change]:
    """Return what is not identical after some arrays moved; None removes one."""
    arrays = {**OLD, **{key.replace("__", "/"): array for key, array in moved.items()}}
    new = {key: array for key, array in arrays.items() if array is not None}
    drifts = compare_recorded("f/o/a", "a", old, new)
    return {drift.key: drift.change for drift in drifts if drift.change is not Change.IDENTICAL}


def test_the_same_arrays_are_identical(old: OperatorGoldens) -> None:
    assert changes(old) == {}


def test_truth_and_bound_are_no_rows(old: OperatorGoldens) -> None:
    assert changes(old, bound__forward__output=np.ones(2)) == {}
    assert len(compare_recorded("f/o/a", "a", old, OLD)) == 6


@pytest.mark.parametrize(("step", "change"), [(0.5, Change.WITHIN), (1.0, Change.WITHIN), (1.5, Change.BEYOND)])
def test_values_move_within_the_bound_or_beyond_it(old: OperatorGoldens, step: float, change: Change) -> None:
    assert changes(old, forward__output=2 * X + np.float32(step)) == {"forward/output": change}


def test_an_integer_moves_beyond_any_bound(old: OperatorGoldens) -> None:
    assert changes(old, eval__index=np.array([0, 1])) == {"eval/index": Change.BEYOND}
    (drift,) = (d for d in compare_recorded("f/o/a", "a", old, {**OLD, "eval/index": np.array([0, 1])}) if d.ratio)
    assert drift.ratio == math.inf


@pytest.mark.parametrize("other", [np.zeros((2, 1), np.float32), X.astype(np.float64)])
def test_another_shape_or_dtype(old: OperatorGoldens, other: Array) -> None:
    assert changes(old, eval__output=other) == {"eval/output": Change.SHAPE}


def test_with_another_mask_the_training_stages_are_no_numeric_drift(old: OperatorGoldens) -> None:
    found = changes(old, noise__mask=~MASK, forward__output=9 * X, eval__output=9 * X)
    assert found == {"noise/mask": Change.NOISE, "forward/output": Change.NOISE, "eval/output": Change.BEYOND}


def test_other_inputs(old: OperatorGoldens) -> None:
    assert changes(old, inputs__x=3 * X, grad_outputs__output=3 * X) == {
        "inputs/x": Change.INPUT, "grad_outputs/output": Change.INPUT,
    }  # fmt: skip


def test_new_and_gone(old: OperatorGoldens) -> None:
    assert changes(old, eval__more=X, eval__output=None) == {"eval/more": Change.NEW, "eval/output": Change.GONE}


def test_a_sign_of_zero_alone_is_within_the_bound(tmp_path: Path) -> None:
    old = recorded(tmp_path, {**OLD, "eval/output": np.zeros(2, np.float32)})
    assert changes(old, eval__output=-np.zeros(2, np.float32)) == {"eval/output": Change.WITHIN}


def test_a_case_that_was_not_recorded_is_new(old: OperatorGoldens) -> None:
    drifts = compare_recorded("f/o/b", "b", old, OLD)
    assert {drift.change for drift in drifts} == {Change.NEW}


# -- over an operator


def test_counts_come_in_the_order_of_the_report(old: OperatorGoldens) -> None:
    drifts = compare_recorded("f/o/a", "a", old, {**OLD, "forward/output": 2 * X + 1, "eval/more": X})
    assert list(count_changes(drifts).items()) == [(Change.IDENTICAL, 5), (Change.WITHIN, 1), (Change.NEW, 1)]
    assert loud(drifts) == []


def test_the_largest_drift_is_by_ratio(old: OperatorGoldens) -> None:
    drifts = compare_recorded("f/o/a", "a", old, {**OLD, "forward/output": 2 * X + 1, "eval/output": X + 2})
    top = largest(drifts)
    assert top is not None
    assert (top.key, top.ratio, loud(drifts)) == ("eval/output", 16.0, [top])


def test_nothing_moved_has_no_largest(old: OperatorGoldens) -> None:
    assert largest(compare_recorded("f/o/a", "a", old, OLD)) is None


def test_versions_are_compared_case_by_case(tmp_path: Path) -> None:
    one = recorded(tmp_path / "one", OLD, ("a", "b"))
    other = recorded(tmp_path / "other", OLD, ("b", "c"))
    found = {drift.case_id: drift.change for drift in drift_between(one, other, "f/o")}
    assert found == {"f/o/a": Change.GONE, "f/o/b": Change.IDENTICAL, "f/o/c": Change.NEW}


def test_a_case_that_a_version_cannot_do_is_absent_and_not_gone(tmp_path: Path) -> None:
    one = recorded(tmp_path / "one", OLD)
    other = recorded(tmp_path / "other", {}, note="absent")
    assert {drift.change for drift in drift_between(one, other, "f/o")} == {Change.ABSENT}


# -- a version that was recorded over another reference


def laid_over(root: Path, base: str) -> OperatorGoldens:
    """Return the goldens of a version that keeps one array of its own; `base` is the digest that it stands on."""
    folder = root / "torch-1.13.1"
    own = {"a/forward/output": 2 * X + 1, "a/bound/forward/output": np.array([0.125, 0.125])}
    save_operator(folder / "f" / "o.safetensors", own)
    lines = array_lines(own)
    write_manifest(folder / MANIFEST, {"f/o": [*lines, *base_lines([base])]})
    return open_goldens(root, folder.name).operator("f/o")


def test_a_version_that_fits_its_reference_is_compared(tmp_path: Path) -> None:
    old = recorded(tmp_path, OLD)
    new = laid_over(tmp_path, base_digest(old.own, "a"))
    assert count_changes(drift_between(old, new, "f/o")) == {Change.IDENTICAL: 5, Change.WITHIN: 1}


@pytest.mark.parametrize("turned", [False, True])
def test_a_stale_version_is_counted_as_such_and_not_compared(tmp_path: Path, *, turned: bool) -> None:
    old = recorded(tmp_path, OLD)
    pair = (old, laid_over(tmp_path, "another"))
    one, other = pair[::-1] if turned else pair
    drifts = list(drift_between(one, other, "f/o"))
    assert count_changes(drifts) == {Change.STALE: 6}
    assert loud(drifts) == drifts
    assert {drift.case_id for drift in drifts} == {"f/o/a"}


def test_a_stale_case_without_an_array_of_its_own_is_counted_too(tmp_path: Path) -> None:
    recorded(tmp_path, OLD)
    for version in ("torch-1.13.1", "torch-2.15.0"):
        (tmp_path / version).mkdir()
        write_manifest(tmp_path / version / MANIFEST, {"f/o": base_lines(["gone"])})
    one, other = (open_goldens(tmp_path, version).operator("f/o") for version in ("torch-1.13.1", "torch-2.15.0"))
    assert count_changes(drift_between(one, other, "f/o")) == {Change.STALE: 6}
