"""The printed output of one case, as an implementation answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.answer import NoAnswer, ask
from harness.casefile import select_cases
from harness.errors import GoldenError, NothingSelected, Unsupported, UsageError, message_of
from harness.goldens import Goldens, open_goldens
from harness.implementation import IN_PROCESS, load_implementation
from harness.inputs import Drawer
from harness.model import Arrays, Call, Case, Golden, Limits, Outputs
from harness.replay import make_call, printable
from harness.transcript import render, standard_layout

_PLAIN: Mapping[str, object] = {"precision": 8, "suppress": False, "linewidth": 120}


def find_case(case_id: str, cases: Path) -> Case:
    """Return the one case that `case_id` means.

    Raises `NothingSelected` when there is none, `UsageError` when there are several.
    """
    found = [case for _, group in select_cases(cases, [case_id]) for case in group]
    exact = [case for case in found if case.id == case_id]
    if len(exact or found) > 1:
        raise UsageError(f"{len(found)} cases match {case_id!r}", hint=f"name one, such as {found[0].id}")
    if not found:
        raise NothingSelected(f"no case matches {case_id!r}")
    return (exact or found)[0]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The text of a case, and what a reader must know of it."""

    text: str
    note: str  #: why no golden stands behind it, '' where one does


def show_case(
    case_id: str, *, implementation: str, cases: Path, goldens: Path, version: str, limits: Limits = IN_PROCESS
) -> Shown:
    """Return the text of a case; its noise and the `golden/...` arrays are the recorded ones, where there are any.

    Raises `GoldenError` when the golden is stale or corrupt, `UsageError` when the implementation gives no answer.
    """
    case = find_case(case_id, cases)
    opened = open_goldens(goldens, version)
    drawer = Drawer()
    inputs, grad_outputs = drawer.draw(case)
    golden, note = _golden(case, opened, {"inputs": inputs, "grad_outputs": grad_outputs})
    noise = golden.noise if golden is not None else drawer.draw_noise(case)
    call = make_call(case, inputs, grad_outputs, noise=noise)
    outputs = _answer(implementation, limits, case, call)
    drawn = outputs.noise or call.noise
    arrays = printable(replace(call, noise=drawn), outputs.stages, drawn, golden)
    if case.transcript is None:
        return Shown(text=render(standard_layout(arrays), arrays, _PLAIN), note=note)
    layout = case.transcript.layout or standard_layout(arrays)
    return Shown(text=render(layout, arrays, case.transcript.options), note=note)


def _golden(case: Case, goldens: Goldens, given: Mapping[str, Arrays]) -> tuple[Golden | None, str]:
    """Return the golden of a case, or None and why there is none; an old one raises `GoldenError`."""
    operator = goldens.operator(case.path)
    status = operator.status(case.name, case.digest)
    if status == "missing":
        return None, f"no golden of {goldens.version}: `harness record {case.id}` makes it"
    if status == "absent":
        return None, f"no golden: {case.id} is absent from {goldens.version}: {goldens.absent(case.id)}"
    changed = operator.other_than_recorded(case.name, given)
    if status == "stale" or changed:
        other = "another case text" if status == "stale" else f"other {changed}"
        problem = f"{case.id}: the golden of {goldens.version} is of {other}"
        raise GoldenError(problem, where=str(case.where), hint=f"`harness record {case.id}` makes it anew")
    return operator.golden(case.name), ""


def _answer(implementation: str, limits: Limits, case: Case, call: Call) -> Outputs:
    try:
        outputs = ask(load_implementation(implementation, limits), call)
    except Unsupported as refusal:
        raise UsageError(f"{implementation} does not offer {case.id}: {message_of(refusal)}") from refusal
    except NoAnswer as fault:
        problem, *frames = str(fault).splitlines()
        place = f" ({frames[-1].strip()})" if frames else ""
        raise UsageError(f"{implementation} fails on {case.id}: {problem}{place}") from fault
    if not outputs.stages:
        reason = "; ".join(outputs.unsupported.values()) or "it answered no stage"
        raise UsageError(f"{implementation} does not offer {case.id}: {reason}")
    return outputs
