"""The printed output of one case, as an implementation answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from harness.answer import error_text
from harness.casefile import select_cases
from harness.errors import HarnessError, NothingSelected, Unsupported, UsageError
from harness.goldens import open_goldens
from harness.implementation import load_implementation
from harness.inputs import Drawer
from harness.model import Case, Golden
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


def show_case(case_id: str, *, implementation: str, cases: Path, goldens: Path, version: str) -> str:
    """Return the text of a case; its noise and the `golden/...` arrays are the recorded ones.

    Raises `GoldenError` when the golden is missing or stale, `UsageError` when the implementation offers no answer.
    """
    case = find_case(case_id, cases)
    operator = open_goldens(goldens, version).operator(case.path)
    golden: Golden | None = None
    if operator.status(case.name, case.digest) == "ok":
        golden = operator.golden(case.name)
    drawer = Drawer()
    noise = golden.noise if golden is not None else drawer.draw_noise(case)
    call = make_call(case, *drawer.draw(case), noise=noise)
    try:
        outputs = load_implementation(implementation).run(call)
    except Unsupported as reason:
        raise UsageError(f"{implementation} does not offer {case.id}: {reason}") from reason
    except HarnessError:
        raise
    except Exception as error:
        raise UsageError(f"{implementation} raised on {case.id}\n{error_text(error)}") from error
    drawn = outputs.noise or call.noise
    arrays = printable(replace(call, noise=drawn), outputs.stages, drawn, golden)
    if case.transcript is None:
        return render(standard_layout(arrays), arrays, _PLAIN)
    return render(case.transcript.layout or standard_layout(arrays), arrays, case.transcript.options)
