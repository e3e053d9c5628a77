"""One case + torch -> the arrays of its golden: runs the reference, derives the bounds, refuses what cannot serve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from harness.bound import derive_expected, ulp
from harness.compare import compare_array, compare_stage
from harness.drift import Change, compare_recorded, same
from harness.errors import HarnessError, NotOffered, RecordError, Unsupported
from harness.goldenfile import DERIVED, owner
from harness.goldens import REFERENCE, OperatorGoldens
from harness.inputs import Drawer
from harness.model import (
    Array,
    Arrays,
    Call,
    Case,
    Expected,
    Golden,
    Implementation,
    NoiseMode,
    Outputs,
    Stage,
    is_floating,
)
from harness.replay import make_call, printable
from harness.transcript import render, standard_layout

#: bytes of one case's arrays: goldens are files that people clone
MAX_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """What came of recording one case."""

    arrays: Mapping[str, Array] = field(default_factory=dict)  #: by key below the case
    kept: Mapping[str, Array] = field(default_factory=dict)  #: those that a golden file keeps
    text: str = ""  #: its transcript, of the reference version alone
    error: HarnessError | None = None


def attempt_case(case: Case, implementation: Implementation, drawer: Drawer, base: OperatorGoldens | None) -> Attempt:
    """Record one case, over the reference `base` where there is one; what `record_case` raises is in the attempt."""
    try:
        if base is not None:
            arrays, kept = record_over(case, implementation, drawer, base)
            return Attempt(arrays=arrays, kept=kept)
        arrays, text = record_case(case, implementation, drawer)
        return Attempt(arrays=arrays, kept=arrays, text=text)
    except HarnessError as error:
        return Attempt(error=error)


def record_case(case: Case, implementation: Implementation, drawer: Drawer) -> tuple[dict[str, Array], str]:
    """Run the reference on one case; return its arrays by key below the case, and its printed text.

    Raises `RecordError`, at the place of the case, when the reference raises or its answer is ill-posed or lost, and
    `NotOffered` when this version of it has no such operator, param or kernel.
    """
    with _told(case):
        call, outputs = _answered(case, implementation, drawer)
        rounded = getattr(implementation, "rounded", None)
        expected = derive_expected(
            call, outputs, implementation.run, rounded=rounded, exact=case.exact, normwise=case.normwise
        )
        _check_upstream(call, outputs)
        _check_own(case, outputs, expected)
        golden = Golden(noise=call.noise, expected=expected)
        arrays = golden_arrays(call, golden)
        _check_size(case, arrays)
        return arrays, _printed(case, call, outputs, golden)


def record_over(
    case: Case, implementation: Implementation, drawer: Drawer, base: OperatorGoldens
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Run another version on one case; return all of its arrays by key, and those to keep: the ones that differ.

    What stays within the reference's bound needs none of its own (see `bound.answered_by_another`), and one run to be
    seen; only for what moved further are truth and bound derived anew. Raises as `record_case` does.
    """
    with _told(case):
        call, outputs = _answered(case, implementation, drawer)
        if base.status(case.name, case.digest) == "ok":
            arrays = plain_arrays(call, outputs.stages)
            if not _moved(arrays, base, case.name):
                return arrays, overlay(case, arrays, base)
    arrays, _ = record_case(case, implementation, drawer)
    return arrays, overlay(case, arrays, base)


def _answered(case: Case, implementation: Implementation, drawer: Drawer) -> tuple[Call, Outputs]:
    """Return the call that a case makes, with the noise that the reference drew, and its answer."""
    inputs, grads = drawer.draw(case)
    call = make_call(case, inputs, grads, noise=drawer.draw_noise(case))
    outputs = implementation.run(call)
    if outputs.noise_mode is NoiseMode.READ_BACK:
        call = replace(call, noise=outputs.noise)
        _check_noise(outputs, implementation.run(call))
    return call, outputs


@contextmanager
def _told(case: Case) -> Iterator[None]:
    """Say of which case an error is, and where that stands."""
    try:
        yield
    except HarnessError as error:
        raise type(error)(f"{case.id}: {error.problem}", where=str(case.where), hint=error.hint) from error
    except Unsupported as reason:
        hint = "mend the reference, the params or the dtype of the case"
        raise NotOffered(f"{case.id}: {reason}", where=str(case.where), hint=hint) from reason
    except Exception as error:
        found = " ".join(str(error).split())[:300]
        msg = f"{case.id}: {case.reference} raised {type(error).__name__}: {found}"
        raise RecordError(msg, where=str(case.where), hint="mend the inputs or params of the case") from error


def _check_upstream(call: Call, outputs: Outputs) -> None:
    """Refuse an upstream gradient of another shape or dtype than its output: torch casts and broadcasts in silence."""
    answer = outputs.stages.get(Stage.FORWARD, {})
    for name, gradient in call.grad_outputs.items():
        output = answer.get(name)
        if output is not None and (output.shape, output.dtype) != (gradient.shape, gradient.dtype):
            found = f"grad_outputs/{name} is {gradient.dtype} {gradient.shape}"
            problem = f"{found}, the output {output.dtype} {output.shape}"
            raise RecordError(problem, hint="give it the shape and dtype of the output")


def _check_own(case: Case, outputs: Outputs, expected: Mapping[Stage, Mapping[str, Expected]]) -> None:
    """Refuse an answer of the reference that its own bound would not pass."""
    for stage, arrays in outputs.stages.items():
        for difference in compare_stage(stage, arrays, expected[stage], signed_zero=case.signed_zero):
            if not difference.ok:
                where = f"{stage}/{difference.name}[{', '.join(map(str, difference.worst))}]"
                problem = f"{where}: the reference's own answer lies at {difference.ratio:.3g} times the bound"
                raise RecordError(problem, hint="it loses what float64 inputs promise: ask for less of it")


def _check_size(case: Case, arrays: Mapping[str, Array]) -> None:
    total = sum(array.nbytes for array in arrays.values())
    if total > MAX_BYTES and not case.large:
        problem = f"its golden takes {total / 1e6:.1f} MB, the limit is {MAX_BYTES / 1e6:.0f} MB"
        raise RecordError(problem, hint="make its arrays smaller, or say 'large: true' in the case")


def _check_noise(native: Outputs, law: Outputs) -> None:
    """Refuse noise that does not explain what the reference answered, to within a few ulp."""
    for stage, arrays in native.stages.items():
        for name, array in arrays.items():
            wide = array.astype(np.float64)
            exact = Expected(golden=array, truth=wide, bound=ulp(wide, array.dtype))
            if not compare_array(stage, name, law.stages[stage][name], exact).ok:
                raise RecordError(f"{stage}/{name}: the reference's own answer is not its law under the noise it drew")


def plain_arrays(call: Call, stages: Mapping[Stage, Arrays]) -> dict[str, Array]:
    """Return a case's arrays by key: what was asked, and what was answered."""
    parts: dict[str, Arrays] = {"inputs": call.inputs, "grad_outputs": call.grad_outputs, "noise": call.noise}
    parts |= {str(stage): arrays for stage, arrays in stages.items()}
    return {f"{part}/{name}": array for part, group in parts.items() for name, array in group.items()}


def golden_arrays(call: Call, golden: Golden) -> dict[str, Array]:
    """Return a golden's arrays by key; truth is left out where it is the golden itself."""
    answers = {
        stage: {name: each.golden for name, each in outputs.items()} for stage, outputs in golden.expected.items()
    }
    arrays = plain_arrays(call, answers)
    for stage, outputs in golden.expected.items():
        for name, expected in outputs.items():
            if is_floating(expected.golden.dtype):
                arrays[f"bound/{stage}/{name}"] = expected.bound
                if not np.array_equal(expected.truth, expected.golden.astype(np.float64), equal_nan=True):
                    arrays[f"truth/{stage}/{name}"] = expected.truth
    return arrays


def _printed(case: Case, call: Call, outputs: Outputs, golden: Golden) -> str:
    if case.transcript is None:
        return ""
    arrays = printable(call, outputs.stages, golden.noise, golden)
    return render(case.transcript.layout or standard_layout(arrays), arrays, case.transcript.options)


def overlay(case: Case, arrays: Mapping[str, Array], base: OperatorGoldens) -> dict[str, Array]:
    """Return the arrays that differ from the reference's; one that lies beyond its bound brings its truth and bound."""
    before = base.arrays_of(case.name)
    gone = [key for key in before if key not in arrays and owner(f"/{key}") == f"/{key}"]
    if gone:
        msg = f"{case.id}: {gone[0]} is in {REFERENCE} and not in this version"
        raise RecordError(msg, where=str(case.where), hint="give the versions a case each")
    moved = _moved(arrays, base, case.name) if before else set(arrays)
    kept: dict[str, Array] = {}
    for key, array in arrays.items():
        part = key.partition("/")[0]
        if part in DERIVED or same(array, before.get(key)):
            continue
        kept[key] = array
        if key in moved and f"bound/{key}" in arrays:
            kept[f"truth/{key}"] = arrays.get(f"truth/{key}", array.astype(np.float64))
            kept[f"bound/{key}"] = arrays[f"bound/{key}"]
    return kept


def _moved(arrays: Mapping[str, Array], base: OperatorGoldens, case: str) -> set[str]:
    """Return the keys of the arrays that answer another question than the reference's, or beyond its bound."""
    drifts = compare_recorded(case, case, base, arrays)
    return {drift.key for drift in drifts if drift.change not in (Change.IDENTICAL, Change.WITHIN)}
