"""Case + Golden + wrong implementations -> what the case catches: a case that a wrong one passes proves nothing."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from harness.answer import NoAnswer, ask
from harness.casefile import read_case_file
from harness.errors import HarnessError, Unsupported
from harness.flaws import flaws, question
from harness.goldens import Goldens, OperatorGoldens
from harness.model import Call, Case, Golden, NoiseMode, Outputs, Result, Stage, Verdict
from harness.mutations import WrongCall, distinct, ruled_out, wrong_answers, wrong_calls
from harness.replay import Judge, compare_outputs, make_call
from harness.selection import operator_path, selected
from harness.session import Session, over_files, prepared
from harness.weakness import DEFAULT, CaseAudit, OperatorAudit, Outcome, distinguish, sum_up

#: ways of one mutation that are asked before it is given up: refused ones and accepted ones together, accepted ones
_ASKED = 16
_ACCEPTED = 3


# -- a run


def audit(
    session: Session, files: Sequence[Path], *, pool: ProcessPoolExecutor | None = None
) -> Iterator[OperatorAudit]:
    """Yield the audit of each case file, in their order."""
    return over_files(functools.partial(_audit_file, session), files, pool=pool)


def _audit_file(session: Session, file: Path) -> OperatorAudit:
    judge, goldens = prepared(session)
    cases = read_case_file(file, session.cases)
    chosen = [case for case in cases if selected(case.id, session.patterns)]
    audits = distinguish(audit_cases(judge, chosen, cases, goldens, operator_path(file, session.cases)))
    verdicts = {case.verdict for case in audits}
    whole = len(chosen) == len(cases) and Verdict.PASS in verdicts and not verdicts & {Verdict.MISSING, Verdict.STALE}
    return sum_up(operator_path(file, session.cases), str(file), audits, cases[0].equivalent, whole=whole)


def audit_cases(
    judge: Judge, chosen: Iterable[Case], cases: Sequence[Case], goldens: Goldens, path: str
) -> list[CaseAudit]:
    """Return the audit of each chosen case among the `cases` of one operator."""
    try:
        operator = goldens.operator(path)
    except HarnessError as error:
        return [CaseAudit(id=case.id, where=case.where, verdict=Verdict.MISSING, message=str(error)) for case in chosen]
    names = dict.fromkeys(name for case in cases for name in case.params)
    used = {name: distinct([case.params[name] for case in cases if name in case.params]) for name in names}
    return [audit_case(judge, case, operator, used, absent=goldens.absent(case.id)) for case in chosen]


# -- a case


def audit_case(
    judge: Judge, case: Case, goldens: OperatorGoldens, used: Mapping[str, Sequence[Any]], *, absent: str
) -> CaseAudit:
    """Return what one case catches; `used` holds the values that the operator's cases give to each param.

    The right implementation must conform first, under the golden's own noise.
    """
    case = replace(case, laws=(), transcript=None)
    right = judge.judge(case, goldens, absent)
    if right.verdict is not Verdict.PASS:
        return CaseAudit(id=case.id, where=case.where, verdict=right.verdict, message=_first_words(right))
    if right.noise_mode in (NoiseMode.READ_BACK, NoiseMode.DERIVED):
        reason = "it does not take the golden's noise"
        return CaseAudit(id=case.id, where=case.where, verdict=Verdict.UNSUPPORTED, message=reason)
    golden = goldens.golden(case.name)
    call = make_call(case, *judge.drawer.draw(case), noise=golden.noise)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        outcomes = dict(_outcomes(judge, case, call, golden, used))
    unseen = (name for name, outcome in outcomes.items() if outcome is Outcome.MISSED and not name.endswith(DEFAULT))
    return CaseAudit(
        id=case.id,
        where=case.where,
        verdict=Verdict.PASS,
        outcomes=outcomes,
        ruled_out=tuple(ruled_out(call, golden)),
        missed=tuple(name for name in unseen if name not in case.equivalent),
        flaws=tuple(flaws(case, golden)),
        question=question(call),
    )


def _first_words(result: Result) -> str:
    """Return the first thing that is wrong with the right implementation's answer."""
    wrong = [difference for difference in result.differences if not difference.ok]
    if result.message or not wrong:
        return result.message
    first = wrong[0]
    detail = first.detail or f"{first.mismatched} of {first.total} elements differ, error ratio {first.ratio:.3g}"
    return f"{first.stage}/{first.name}: {detail}"


def _outcomes(
    judge: Judge, case: Case, call: Call, golden: Golden, used: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[str, Outcome]]:
    for answer in wrong_answers(call, golden):
        if len(case.up_to_sign) == 1 and answer.name == f"sign:{answer.stage}/{next(iter(case.up_to_sign))}":
            continue  # of either sign it is right
        others = {stage: "not changed" for stage in case.stages if stage is not answer.stage}
        outputs = Outputs(stages={answer.stage: answer.arrays}, unsupported=others)
        yield answer.name, Outcome.CAUGHT if _told_apart(case, outputs, golden) else Outcome.MISSED
    empty = not any(array.golden.size for stage in case.stages for array in golden.expected[stage].values())
    for wrong in wrong_calls(call, used):
        outcome = _ask(judge, case, wrong, golden)
        yield wrong.name, Outcome.REFUSED if empty and outcome is Outcome.MISSED else outcome


def _told_apart(case: Case, outputs: Outputs, golden: Golden) -> bool:
    return not all(difference.ok for difference in compare_outputs(case, outputs, golden.expected))


def _ask(judge: Judge, case: Case, wrong: WrongCall, golden: Golden) -> Outcome:
    """Ask the right implementation in one way of a mutation after the other, until the case notices one.

    Where a mutation changes the shape of the output, the upstream gradient no longer fits: forward alone then tells.
    What it does not notice in some of the stages, the others not being offered, is no miss.
    """
    accepted = 0
    for call in islice(wrong.calls, _ASKED):
        outputs = _answer(judge, call)
        if outputs is None:
            stages = tuple(stage for stage in call.stages if stage is not Stage.BACKWARD)
            alone = _answer(judge, replace(call, stages=stages, grad_outputs={})) if stages != call.stages else None
            if alone is not None and _told_apart(case, _without_backward(alone), golden):
                return Outcome.CAUGHT
            continue
        if _told_apart(case, outputs, golden):
            return Outcome.CAUGHT
        accepted += not outputs.unsupported
        if accepted == _ACCEPTED:
            break
    return Outcome.MISSED if accepted else Outcome.REFUSED


def _answer(judge: Judge, call: Call) -> Outputs | None:
    """Return what the right implementation answers, None where it refuses."""
    try:
        outputs = ask(judge.implementation, call)
    except (Unsupported, NoAnswer):
        return None
    return outputs if outputs.stages else None


def _without_backward(outputs: Outputs) -> Outputs:
    return replace(outputs, unsupported={**outputs.unsupported, Stage.BACKWARD: "its gradient does not fit"})
