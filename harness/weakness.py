"""What cases tell from the right answer, one by one, and what the cases of an operator tell together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from harness.model import Location, Verdict

_MOVES = ("param:", "input:", "noise:")
#: ends the name of a mutation that leaves a param out
DEFAULT = ":default"


class Outcome(str, Enum):
    """What became of one mutation of one case."""

    CAUGHT = "caught"
    MISSED = "missed"
    REFUSED = "refused"  #: nothing to move, nothing to tell apart, or the implementation accepts no such call

    __str__ = str.__str__


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseAudit:
    """What one case catches."""

    id: str
    where: Location
    verdict: Verdict  #: of the right implementation: other than PASS, the case is not audited
    message: str = ""
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)  #: by mutation
    ruled_out: tuple[str, ...] = ()  #: mutations that the shape of an array tells apart
    missed: tuple[str, ...] = ()  #: without equivalent ones, and params left out, which may stand at their defaults
    flaws: tuple[str, ...] = ()  #: what is wrong with the golden or the case itself
    question: str = ""  #: digest of all that the case asks

    @property
    def weak(self) -> bool:
        """True when the case misses something, or asks or answers nothing."""
        return bool(self.missed or self.flaws)


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorAudit:
    """What the cases of one operator catch together."""

    path: str
    file: str
    cases: tuple[CaseAudit, ...]
    whole: bool  #: every case was looked at: otherwise nothing is said of the operator
    weak: tuple[str, ...] = ()  #: mutations that were applied and that no case caught
    stale: Mapping[str, str] = field(default_factory=dict)  #: entries of `equivalent` that do not hold, and why
    unmoved: tuple[str, ...] = ()  #: params, inputs and noise that could be moved in no case


def distinguish(audits: Sequence[CaseAudit]) -> tuple[CaseAudit, ...]:
    """Return the audits, those of cases that ask what an earlier one asks marked as identical to it."""
    first: dict[str, str] = {}
    found = []
    for case in audits:
        twin = first.setdefault(case.question, case.id) if case.question else case.id
        found.append(case if twin == case.id else replace(case, flaws=(*case.flaws, f"identical to {twin}")))
    return tuple(found)


def sum_up(
    path: str, file: str, cases: Sequence[CaseAudit], equivalent: Mapping[str, str], *, whole: bool
) -> OperatorAudit:
    """Return what the cases of an operator catch together."""
    caught: dict[str, str] = {}
    applied: dict[str, None] = {}
    tried: dict[str, None] = {}
    for case in cases:
        for name, outcome in case.outcomes.items():
            tried[name] = None
            if outcome is not Outcome.REFUSED:
                applied[name] = None
            if outcome is Outcome.CAUGHT:
                caught.setdefault(name, case.id)
        caught.update({name: case.id for name in case.ruled_out if name not in caught})
    stale = {name: f"{caught[name]} catches it" for name in equivalent if name in caught}
    stale |= {name: "no case has such a mutation" for name in equivalent if name not in applied}
    moves = [name for name in tried if name.startswith(_MOVES) and not name.endswith(DEFAULT)]
    return OperatorAudit(
        path=path,
        file=file,
        cases=tuple(cases),
        whole=whole,
        weak=tuple(name for name in applied if name not in caught and name not in equivalent) if whole else (),
        stale=stale if whole else {},
        unmoved=tuple(name for name in moves if name not in applied) if whole else (),
    )
