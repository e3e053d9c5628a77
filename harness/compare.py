"""Outputs and golden -> Differences: names, shape, dtype, nan and inf, values; never raises, never prints."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from harness.bound import LIMIT
from harness.model import Array, Arrays, Difference, Expected, Stage, Tolerance, is_floating


def compare_stage(
    stage: Stage,
    actual: Arrays,
    expected: Mapping[str, Expected],
    *,
    tolerance: Tolerance | None = None,
    signed_zero: bool = False,
    up_to_sign: Mapping[str, int] | None = None,
) -> list[Difference]:
    """Return one Difference for each golden array of a stage; a wrong set of names is a single one.

    The vectors of the outputs that `up_to_sign` names, counted along the axis given there, are turned together to the
    golden's sign before they are compared.
    """
    if set(actual) != set(expected):
        found, wanted = (", ".join(sorted(names)) or "nothing" for names in (actual, expected))
        return [Difference(stage=stage, name="", level="names", detail=f"returned {found}; expected {wanted}")]
    if up_to_sign:
        actual = turned(actual, expected, up_to_sign)
    return [
        compare_array(stage, name, actual[name], golden, tolerance=tolerance, signed_zero=signed_zero)
        for name, golden in expected.items()
    ]


def turned(actual: Arrays, expected: Mapping[str, Expected], axes: Mapping[str, int]) -> Arrays:
    """Return `actual` with vector i of every array in `axes` turned where the first array's points away.

    Arrays that are not of the golden's shape, or not of one number of vectors, are left as they are.
    """
    named = [name for name in axes if name in expected]
    if not named or any(name not in actual or actual[name].shape != expected[name].golden.shape for name in named):
        return actual  # the comparison says so
    if len({actual[name].shape[axes[name]] for name in named}) > 1:
        return actual
    first, axis = named[0], axes[named[0]]
    product = actual[first].astype(np.float64) * expected[first].golden.astype(np.float64)
    away = np.moveaxis(product, axis, -1).sum(axis=-2) < 0  # (..., vectors)
    result = dict(actual)
    for name in named:
        signs = np.where(away, -1, 1).astype(actual[name].dtype)[..., np.newaxis, :]
        result[name] = np.moveaxis(np.moveaxis(actual[name], axes[name], -1) * signs, -1, axes[name])
    return result


def compare_array(
    stage: Stage,
    name: str,
    actual: Array,
    expected: Expected,
    *,
    tolerance: Tolerance | None = None,
    signed_zero: bool = False,
) -> Difference:
    """Return how `actual` compares with one golden: the first level that differs, or a pass with its error ratio."""
    golden = expected.golden
    if actual.shape != golden.shape:
        detail = f"shape {actual.shape}; expected {golden.shape}"
        return Difference(stage=stage, name=name, level="shape", detail=detail)
    if actual.dtype != golden.dtype:
        detail = f"dtype {actual.dtype}; expected {golden.dtype}"
        return Difference(stage=stage, name=name, level="dtype", detail=detail)
    if not is_floating(golden.dtype):
        return _report(stage, name, actual, expected, level="values", wrong=actual != golden, judged="exact")
    judged = f"at most {LIMIT:g} times the bound"
    if tolerance is None and not signed_zero:
        quick = _quick_ratio(actual, expected)
        if quick <= LIMIT:  # nan, and so anything not finite, takes the long way
            return Difference(stage=stage, name=name, level="ok", total=golden.size, ratio=quick, judged=judged)
    wide, reference = actual.astype(np.float64), golden.astype(np.float64)
    regular = np.isfinite(reference)
    pattern = _pattern_differs(wide, reference, regular)
    if pattern is not None:
        return _report(stage, name, actual, expected, level="nonfinite", wrong=pattern, judged="exact")
    if signed_zero:
        signs = (reference == 0) & (wide == 0) & (np.signbit(wide) != np.signbit(reference))
        if signs.any():
            return _report(stage, name, actual, expected, level="values", wrong=signs, judged="the sign of zero")
    if tolerance is not None:
        with np.errstate(over="ignore", invalid="ignore"):
            allowed = tolerance.atol + tolerance.rtol * np.abs(reference)
            ratio = _ratio(np.abs(wide - reference), allowed, regular)
        judged = f"rtol {tolerance.rtol:g}, atol {tolerance.atol:g}: {tolerance.why}"
        return _report(stage, name, actual, expected, level="values", wrong=~(ratio <= 1), ratio=ratio, judged=judged)
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = _ratio(np.abs(wide - expected.truth), expected.bound, regular)
    wrong = ~(ratio <= LIMIT)  # a nan, from a truth or a bound that is no number, conforms to nothing
    return _report(stage, name, actual, expected, level="values", wrong=wrong, ratio=ratio, judged=judged)


def _quick_ratio(actual: Array, expected: Expected) -> float:
    """Return the error ratio of an array that is finite throughout, nan or inf when anything is not.

    A bound is positive where the golden is finite and zero elsewhere, so that no other element divides to a number.
    """
    if not actual.size:
        return 0.0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return float((np.abs(actual.astype(np.float64) - expected.truth) / expected.bound).max())


def _pattern_differs(wide: Array, reference: Array, regular: Array) -> Array | None:
    """Return where nan, inf or the sign of inf differ, or None when the pattern is the same."""
    finite = np.isfinite(wide)
    if finite.all() and regular.all():
        return None
    wrong = finite != regular
    wrong |= np.isnan(wide) != np.isnan(reference)
    wrong |= np.isinf(wide) & np.isinf(reference) & (wide != reference)
    return wrong if wrong.any() else None


def _ratio(error: Array, allowed: Array, regular: Array) -> Array:
    """Return error / allowed, 0 where there is no error or no finite golden, inf where nothing is allowed."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = error / allowed
    return np.where(regular & (error != 0), ratio, 0.0)


def _report(
    stage: Stage, name: str, actual: Array, expected: Expected, *, level: str, wrong: Array, judged: str,
    ratio: Array | None = None,
) -> Difference:  # fmt: skip
    """Return the Difference of one array: counts, the first mismatch and the worst element."""
    mismatched = int(np.count_nonzero(wrong))
    largest = float(ratio.max()) if ratio is not None and ratio.size else 0.0
    if not mismatched:
        return Difference(stage=stage, name=name, level="ok", total=wrong.size, ratio=largest, judged=judged)
    first = _index(int(np.argmax(wrong)), wrong.shape)
    worst = _index(int(np.argmax(ratio)), wrong.shape) if ratio is not None else first
    golden = expected.golden
    return Difference(
        stage=stage,
        name=name,
        level=level,
        mismatched=mismatched,
        total=wrong.size,
        ratio=largest,
        first=first,
        worst=worst,
        actual=float(actual[worst]),
        golden=float(golden[worst]),
        truth=float(expected.truth[worst]),
        bound=float(expected.bound[worst]),
        ulps=ulp_distance(actual[worst], golden[worst]) if is_floating(golden.dtype) else 0.0,
        judged=judged,
    )


def _index(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(flat, shape))


def ulp_distance(one: Array, other: Array) -> float:
    """Return how many representable numbers lie between two floating scalars of one dtype; nan beside a nan.

    The integers behind the floats, with the negative half mirrored, count the numbers in order.
    """
    width = f"i{one.dtype.itemsize}"
    if np.isnan(float(one)) or np.isnan(float(other)):
        return float("nan")

    def ordinal(value: Array) -> int:
        bits = int(np.asarray(value).view(width))
        return bits if bits >= 0 else -(bits & int(np.iinfo(width).max))

    return float(abs(ordinal(one) - ordinal(other)))
