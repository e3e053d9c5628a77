"""An audit in words: what no case of an operator catches, then the weak cases, then the counts."""

from __future__ import annotations

from collections import Counter
from textwrap import fill
from typing import TextIO

from harness.model import Verdict
from harness.report.audit_tally import AuditTally
from harness.weakness import CaseAudit, OperatorAudit

_NO_GOLDEN = (Verdict.MISSING, Verdict.STALE)


class AuditReport:
    """Writes what is weak as it comes, and the counts at the end."""

    def __init__(self, out: TextIO, *, verbose: bool = False) -> None:
        """Write to `out`; `verbose` lists every weak case too."""
        self._out = out
        self._verbose = verbose
        self._unsupported: dict[str, Counter[str]] = {}  #: reason -> operator -> cases

    def start(self, implementation: str, version: str) -> None:
        """Say who answers for the wrong implementations, and what judges them."""
        self._print(f"Auditing the goldens of {version} with wrong implementations made of {implementation}")

    def add(self, operator: OperatorAudit) -> None:
        """Tell of one operator."""
        without: dict[Verdict, list[CaseAudit]] = {}
        for case in operator.cases:
            if case.verdict is Verdict.UNSUPPORTED:
                self._unsupported.setdefault(case.message, Counter())[operator.path] += 1
            elif case.verdict in _NO_GOLDEN and not self._verbose:
                without.setdefault(case.verdict, []).append(case)
            elif case.verdict is not Verdict.PASS:
                self._print(describe_unjudged(case))
            elif case.weak and self._verbose:
                self._print(describe_case(case))
        for cases in without.values():
            more = f" (and {len(cases) - 1} more cases of {operator.path})" if cases[1:] else ""
            self._print(f"{describe_unjudged(cases[0])}{more}")
        self._print(*describe_operator(operator))

    def finish(self, tally: AuditTally) -> None:
        """Tell what is not offered, the weak cases by what they miss, and the counts."""
        for reason, operators in self._unsupported.items():
            rows = ", ".join(f"{operator} ({count})" for operator, count in operators.items())
            self._print(fill(f"UNSUPPORTED: {reason}: {rows}", width=100, subsequent_indent="  "))
        self._print(*summary(tally, verbose=self._verbose))

    def _print(self, *lines: str) -> None:
        self._out.writelines(f"{line}\n" for line in lines)


def describe_case(case: CaseAudit) -> str:
    """Return what is weak about one case."""
    lines = [f"weak {case.id} ({case.where})"]
    if case.missed:
        lines.append(_filled(f"misses {', '.join(case.missed)}"))
    lines += [f"  {flaw}" for flaw in case.flaws]
    return "\n".join(lines)


def describe_unjudged(case: CaseAudit) -> str:
    """Return why a case could not be audited."""
    if case.verdict in _NO_GOLDEN:
        return f"{case.verdict} {case.id} ({case.where}): {case.message}"
    reason = f"not judged: the right implementation does not conform: {case.message}"
    return f"{case.verdict} {case.id} ({case.where}): {reason}"


def describe_operator(operator: OperatorAudit) -> list[str]:
    """Return a line for each thing that is wrong with an operator's cases together; [] when nothing is."""
    lines = []
    if operator.weak:
        lines.append(f"WEAK {operator.path} ({operator.file}): no case catches {', '.join(operator.weak)}")
    for mutation, why in operator.stale.items():
        lines.append(f"EQUIVALENT {operator.path} ({operator.file}): {mutation!r} does not belong there: {why}")
    if operator.unmoved:
        lines.append(f"note: {operator.path}: no legal other value was found for {', '.join(operator.unmoved)}")
    return lines


def summary(tally: AuditTally, *, verbose: bool) -> list[str]:
    """Return the last lines of an audit."""
    lines = []
    if tally.missed:
        ordered = sorted(tally.missed.items(), key=lambda row: (-row[1], row[0]))
        kinds = ", ".join(f"{kind} {count}" for kind, count in ordered)
        more = "" if verbose else "; --verbose lists them"
        lines.append(_filled(f"weak cases by what they miss: {kinds}{more}", indent=""))
    if tally.weak_operators:
        lines.append(
            "next: give a weak operator a case that shows the mutation, or say under `equivalent` in its file why"
            " none can (docs/audit.md)"
        )
    if tally.in_part:
        lines.append(f"not every case of {_count(tally.in_part, 'operator')} was audited: nothing is said of them")
    for verdict, words in ((Verdict.UNSUPPORTED, "unsupported"), (Verdict.MISSING, "without a usable golden"),
                           (Verdict.STALE, "stale")):  # fmt: skip
        if tally.verdicts[verdict]:
            lines.append(f"{_count(tally.verdicts[verdict], 'case')} {words}")
    if tally.not_conforming:
        lines.append(f"{_count(tally.not_conforming, 'case')} not judged")
    if tally.stale:
        lines.append(f"{_count(tally.stale, 'entry', 'entries')} of `equivalent` to remove")
    lines.append(
        f"{_count(tally.operators, 'operator')}, {_count(tally.cases, 'case')},"
        f" {_count(tally.wrong, 'wrong implementation')}: {tally.caught} caught;"
        f" {_count(tally.weak_cases, 'weak case')}, {_count(tally.weak_operators, 'weak operator')}"
    )
    return lines


def _filled(text: str, indent: str = "  ") -> str:
    return fill(
        text, width=118, initial_indent=indent, subsequent_indent=f"{indent}  ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _count(count: int, noun: str, plural: str = "") -> str:
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"
