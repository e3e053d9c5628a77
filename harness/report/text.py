"""Results in words: the same for the command line, pytest and JUnit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from harness.bound import LIMIT
from harness.drift import ArrayDrift, Change, count_changes, largest, loud
from harness.model import Difference, NoiseMode, Result, Stage, Verdict

_NOISE = {
    NoiseMode.INJECT: "under torch's noise, injected",
    NoiseMode.READ_BACK: "under the noise that it drew and exposed",
    NoiseMode.DERIVED: "under the noise derived from its output",
}
#: drifts that a report spells out
_SHOWN = 20


def describe(result: Result) -> str:
    """Return what there is to say of one case: verdict, id and place, then each thing that is wrong."""
    lines = [f"{result.verdict} {result.id} ({result.where})"]
    if result.noise_mode in _NOISE and result.verdict is Verdict.FAIL:
        lines.append(f"  judged {_NOISE[result.noise_mode]}")
    lines += [f"  {line}" for line in result.message.splitlines()]
    for difference in result.differences:
        if not difference.ok:
            lines += [f"  {line}" for line in describe_difference(difference)]
    fine = [f"{d.stage}/{d.name}" for d in result.differences if d.ok]
    if fine and result.verdict is Verdict.FAIL:
        lines.append(f"  conforms: {', '.join(fine)}")
    return "\n".join(lines)


def headline(result: Result) -> str:
    """Return one line on a case: its id and the first thing that is wrong."""
    first = describe(result).splitlines()[1:2]
    return f"{result.verdict} {result.id}{':' if first else ''} {' '.join(first).strip()}".rstrip()


def describe_difference(difference: Difference) -> list[str]:
    """Return the lines that say how one array differs."""
    name = f"{difference.stage}/{difference.name}".rstrip("/")
    if difference.level in ("names", "shape", "dtype"):
        return [f"{name}: {difference.detail}"]
    kind = "differ in nan or inf" if difference.level == "nonfinite" else "differ"
    lines = [f"{name}: {difference.mismatched} of {difference.total} elements {kind}; judged by: {difference.judged}"]
    if difference.first != difference.worst:
        lines.append(f"  first at {_index(difference.first)}, worst at {_index(difference.worst)}:")
    else:
        lines.append(f"  at {_index(difference.worst)}:")
    lines.append(f"    actual {_number(difference.actual)}, golden {_number(difference.golden)}")
    if difference.level == "values" and difference.bound > 0:
        error = abs(difference.actual - difference.truth)
        lines.append(
            f"    |actual - truth| = {error:.3g}, bound {difference.bound:.3g}: "
            f"error ratio {difference.ratio:.3g} (limit {LIMIT:g}){_ulps(difference.ulps)}"
        )
    return lines


def _index(index: Sequence[int]) -> str:
    return f"[{', '.join(map(str, index))}]"


def _number(value: float) -> str:
    return repr(value)


def _ulps(ulps: float) -> str:
    return "" if math.isnan(ulps) else f", {ulps:.3g} ulp from the golden"


def summary(counts: Mapping[Verdict, int], partial: Mapping[Stage, int], modes: Mapping[NoiseMode, int]) -> str:
    """Return the last lines of a run: what was judged how, and how many passed, failed, were unsupported."""
    lines = []
    for stage, count in partial.items():
        lines.append(f"stage {stage} is not offered in {_cases(count)} that otherwise passed or failed")
    for mode, count in modes.items():
        if mode in _NOISE:
            lines.append(f"{_cases(count)} judged {_NOISE[mode]}")
    parts = [f"{counts.get(Verdict.PASS, 0)} passed", f"{counts.get(Verdict.FAIL, 0)} failed"]
    always = (Verdict.PASS, Verdict.FAIL, Verdict.UNSUPPORTED)
    words = {
        Verdict.ERROR: "raised an error", Verdict.CRASH: "crashed", Verdict.TIMEOUT: "timed out",
        Verdict.MISSING: "without a usable golden", Verdict.STALE: "stale",
    }  # fmt: skip
    parts += [
        f"{count} {words.get(verdict, str(verdict).lower().replace('_', ' '))}"
        for verdict, count in counts.items()
        if verdict not in always and count
    ]
    parts.append(f"{counts.get(Verdict.UNSUPPORTED, 0)} unsupported")
    return "\n".join([*lines, ", ".join(parts)])


def _cases(count: int) -> str:
    return f"{count} case" if count == 1 else f"{count} cases"


def describe_drift(drifts: Sequence[ArrayDrift], against: str) -> str:
    """Return how many arrays each change befell, and those that a reviewer must look at."""
    counts = count_changes(drifts)
    lines = [f"{len(drifts)} arrays against {against}:"]
    lines += [f"  {count:6d} {change}" for change, count in counts.items()]
    top = largest(drifts)
    if top is not None:
        lines.append(f"  largest error ratio {top.ratio:.3g}: {top.case_id} {top.key}")
    lines += _listed(loud(drifts))
    return "\n".join(lines)


def _listed(drifts: Iterable[ArrayDrift]) -> list[str]:
    rows = list(drifts)
    lines = [f"  {drift.change}: {drift.case_id} {drift.key}{_ratio(drift)}" for drift in rows[:_SHOWN]]
    if len(rows) > _SHOWN:
        lines.append(f"  ... and {len(rows) - _SHOWN} more")
    return lines


def _ratio(drift: ArrayDrift) -> str:
    return f" (error ratio {drift.ratio:.3g})" if drift.change is Change.BEYOND else ""
