"""Counts of an audit, kept while operators stream by, and the exit code that follows from them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from harness.model import Verdict
from harness.weakness import OperatorAudit, Outcome

_NO_GOLDEN = (Verdict.MISSING, Verdict.STALE)


@dataclass(kw_only=True)
class AuditTally:
    """How many operators and cases there were, and what they caught."""

    operators: int = 0
    in_part: int = 0  #: operators of which only some cases were looked at
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    weak_cases: int = 0
    missed: Counter[str] = field(default_factory=Counter)  #: kind of mutation or flaw -> cases
    weak_operators: int = 0
    stale: int = 0  #: entries of `equivalent` that do not hold

    def add(self, operator: OperatorAudit) -> None:
        """Count one operator and its cases."""
        self.operators += 1
        self.in_part += not operator.whole
        self.weak_operators += bool(operator.weak)
        self.stale += len(operator.stale)
        for case in operator.cases:
            self.verdicts[case.verdict] += 1
            self.outcomes.update(case.outcomes.values())
            self.weak_cases += case.weak
            self.missed.update({kind_of(name) for name in case.missed} | {flaw_kind(flaw) for flaw in case.flaws})

    @property
    def cases(self) -> int:
        """All cases, audited or not."""
        return sum(self.verdicts.values())

    @property
    def caught(self) -> int:
        """Wrong implementations that were told from the right one."""
        return self.outcomes[Outcome.CAUGHT]

    @property
    def wrong(self) -> int:
        """Wrong implementations that were compared with a golden."""
        return self.caught + self.outcomes[Outcome.MISSED]

    @property
    def not_conforming(self) -> int:
        """Cases of which the right implementation does not conform."""
        apart = (Verdict.PASS, Verdict.UNSUPPORTED, *_NO_GOLDEN)
        return sum(count for verdict, count in self.verdicts.items() if verdict not in apart)

    @property
    def exit_code(self) -> int:
        """0 nothing weak; 1 a weak operator or what stands beside it; 3 nothing was audited; 4 no usable golden."""
        if any(self.verdicts[verdict] for verdict in _NO_GOLDEN):
            return 4
        if self.weak_operators or self.stale or self.not_conforming:
            return 1
        return 0 if self.verdicts[Verdict.PASS] else 3


def kind_of(mutation: str) -> str:
    """Return the kind of a mutation.

    >>> kind_of("zeros:forward/output"), kind_of("param:p"), kind_of("param:p:default")
    ('zeros', 'param', 'param default')
    """
    kind = mutation.partition(":")[0]
    return f"{kind} default" if kind == "param" and mutation.endswith(":default") else kind


def flaw_kind(flaw: str) -> str:
    """Return a flaw without its particulars.

    >>> flaw_kind("identical to a/b/c"), flaw_kind("forward/output is all zero")
    ('identical', 'all zero')
    """
    kinds = ("identical", "all zero", "all nan", "bound wider")
    return next(kind for kind in kinds if kind in flaw)
