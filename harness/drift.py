"""How two recordings differ, array by array: identical, within the bound, beyond it, or something else altogether."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np

from harness.compare import compare_array
from harness.goldenfile import DERIVED, array_line
from harness.goldens import OperatorGoldens
from harness.model import Array, Expected, Stage, is_floating


class Change(str, Enum):
    """What became of one array, in the words of the report."""

    IDENTICAL = "identical"
    WITHIN = "within the bound"
    BEYOND = "beyond the bound"
    NOISE = "noise changed"
    SHAPE = "shape or dtype changed"
    INPUT = "input changed"
    NEW = "new"
    GONE = "gone"
    ABSENT = "absent in that version"
    STALE = "stale: recorded over another reference"

    __str__ = str.__str__


#: changes that a reviewer must look at
LOUD = (Change.BEYOND, Change.NOISE, Change.SHAPE, Change.INPUT, Change.GONE, Change.STALE)


@dataclass(frozen=True, kw_only=True, slots=True)
class ArrayDrift:
    """What became of one array."""

    case_id: str
    key: str  #: such as `backward/grad_input`
    change: Change
    ratio: float = 0.0  #: error ratio of the new array against the old bound


def compare_recorded(case_id: str, case: str, old: OperatorGoldens, new: Mapping[str, Array]) -> list[ArrayDrift]:
    """Return what became of every array of a case; `new` holds the arrays by key below the case.

    Bounds and truths are derived, so they are no rows of their own.
    """
    before = {key: array for key, array in old.arrays_of(case).items() if not _derived(key)}
    after = {key: array for key, array in new.items() if not _derived(key)}
    noise_moved = any(not same(before.get(key), after.get(key)) for key in {*before, *after} if _part(key) == "noise")
    moved = noise_moved and bool(before)
    expected = old.golden(case).expected if before else {}
    drifts = []
    for key in sorted({*before, *after}):
        change, ratio = _change(key, before.get(key), after.get(key), expected, noise_moved=moved)
        drifts.append(ArrayDrift(case_id=case_id, key=key, change=change, ratio=ratio))
    return drifts


def _derived(key: str) -> bool:
    return _part(key) in DERIVED


def _part(key: str) -> str:
    return key.partition("/")[0]


def same(one: Array | None, other: Array | None) -> bool:
    """Tell whether both are there, with the same dtype, shape and bits."""
    return one is not None and other is not None and array_line("", one) == array_line("", other)


def _change(
    key: str, old: Array | None, new: Array | None, expected: Mapping[Stage, Mapping[str, Expected]], *,
    noise_moved: bool,
) -> tuple[Change, float]:  # fmt: skip
    if old is None:
        return Change.NEW, 0.0
    if new is None:
        return Change.GONE, 0.0
    if same(old, new):
        return Change.IDENTICAL, 0.0
    if old.shape != new.shape or old.dtype != new.dtype:
        return Change.SHAPE, 0.0
    part, _, name = key.partition("/")
    if part == "noise" or (noise_moved and part in (Stage.FORWARD, Stage.BACKWARD)):
        return Change.NOISE, 0.0
    if part in ("inputs", "grad_outputs"):
        return Change.INPUT, 0.0
    stage = Stage(part)
    difference = compare_array(stage, name, new, expected[stage][name])
    if not is_floating(new.dtype):
        return Change.BEYOND, float(np.inf)
    return (Change.WITHIN if difference.ok else Change.BEYOND), difference.ratio


def count_changes(drifts: Iterable[ArrayDrift]) -> dict[Change, int]:
    """Return how many arrays each change befell, in the order of `Change`."""
    counts = Counter(drift.change for drift in drifts)
    return {change: counts[change] for change in Change if counts[change]}


def loud(drifts: Iterable[ArrayDrift]) -> list[ArrayDrift]:
    """Return the drifts that a reviewer must look at."""
    return [drift for drift in drifts if drift.change in LOUD]


def largest(drifts: Iterable[ArrayDrift]) -> ArrayDrift | None:
    """Return the drift with the largest error ratio, None when nothing moved."""
    moved = [drift for drift in drifts if drift.change in (Change.WITHIN, Change.BEYOND)]
    return max(moved, key=lambda drift: drift.ratio, default=None)


def drift_between(old: OperatorGoldens, new: OperatorGoldens, operator: str) -> Iterator[ArrayDrift]:
    """Yield what became of every array of an operator from one recorded version to another.

    A case of a version that was recorded over another reference than there is has no arrays of its own to compare.
    """
    for case in sorted({*old.cases(), *new.cases()}):
        case_id = f"{operator}/{case}"
        if any(case in goldens.cases() and not goldens.fits_reference(case) for goldens in (old, new)):
            keys = {*old.keys_of(case), *new.keys_of(case)}
            yield from _all(case_id, keys or {"whole case"}, Change.STALE)
        elif case in new.absent():
            yield from _all(case_id, old.arrays_of(case), Change.ABSENT)
        elif case in old.cases():
            yield from compare_recorded(case_id, case, old, new.arrays_of(case) if case in new.cases() else {})
        else:
            yield from _all(case_id, new.arrays_of(case), Change.NEW)


def _all(case_id: str, keys: Iterable[str], change: Change) -> Iterator[ArrayDrift]:
    yield from (ArrayDrift(case_id=case_id, key=key, change=change) for key in sorted(keys) if not _derived(key))
