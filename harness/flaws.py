"""What keeps a golden from telling right from wrong: nothing but zeros or nan, a bound wider than the value, a twin."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import numpy as np

from harness.model import Call, Case, Expected, Golden, is_floating


def flaws(case: Case, golden: Golden) -> Iterator[str]:
    """Yield what makes an array of a golden unable to tell a right answer from a wrong one."""
    for stage in case.stages:
        for name, expected in golden.expected[stage].items():
            words = _flaw(case, expected)
            if words:
                yield f"{stage}/{name} {words}"


def _flaw(case: Case, expected: Expected) -> str:
    array = expected.golden
    if not array.size:
        return ""
    if not array.any():
        return "is all zero"
    if not is_floating(array.dtype):
        return ""
    wide = array.astype(np.float64)
    if np.isnan(wide).all():
        return "is all nan"
    told = np.isfinite(wide) & (wide != 0)
    values, bounds = np.abs(wide[told]), expected.bound[told]
    if case.tolerance is not None:
        bounds = case.tolerance.atol + case.tolerance.rtol * values
    wider = int(np.count_nonzero(bounds > values))
    return f"has a bound wider than the value in {wider} of {values.size} elements" if 2 * wider > values.size else ""


def question(call: Call) -> str:
    """Return a digest of all that a call asks: stages, dtype, params and arrays. Cases that ask the same are twins."""
    arrays = [
        [part, name, array.dtype.name, array.shape, array.tobytes().hex()]
        for part, given in (("inputs", call.inputs), ("grad_outputs", call.grad_outputs), ("noise", call.noise))
        for name, array in given.items()
    ]
    text = json.dumps([call.stages, call.dtype, sorted(call.params.items()), arrays])
    return hashlib.sha256(text.encode()).hexdigest()
