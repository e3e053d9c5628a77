"""An audit as JSON lines: a header, one line a case, one an operator, a footer. Without a footer it is not whole."""

from __future__ import annotations

import json
from typing import IO, Any

from harness.report.audit_tally import AuditTally
from harness.weakness import CaseAudit, OperatorAudit, Outcome


def write_audit_header(out: IO[str], *, implementation: str, version: str, golden: str, harness: str) -> None:
    """Write who answered for the wrong implementations, and what judged them."""
    _write(
        out,
        {"audit": 1, "harness": harness, "implementation": implementation, "version": version, "golden": golden},
    )


def write_operator(out: IO[str], operator: OperatorAudit) -> None:
    """Write the cases of an operator, then what they catch together."""
    for case in operator.cases:
        _write(out, _case(case))
    _write(
        out,
        {
            "operator": operator.path,
            "file": operator.file,
            "whole": operator.whole,
            "weak": operator.weak,
            "stale": dict(operator.stale),
            "unmoved": operator.unmoved,
        },
    )


def _case(case: CaseAudit) -> dict[str, Any]:
    return {
        "id": case.id,
        "verdict": case.verdict.value,
        "where": str(case.where),
        "message": case.message,
        "weak": case.weak,
        "missed": case.missed,
        "flaws": case.flaws,
        "outcomes": {
            outcome.value: [name for name, found in case.outcomes.items() if found is outcome] for outcome in Outcome
        },
    }


def write_audit_footer(out: IO[str], tally: AuditTally) -> None:
    """Write the counts; their presence says that the audit is whole."""
    _write(
        out,
        {
            "operators": tally.operators,
            "cases": tally.cases,
            "wrong": tally.wrong,
            "caught": tally.caught,
            "weak_cases": tally.weak_cases,
            "weak_operators": tally.weak_operators,
            "stale": tally.stale,
            "exit_code": tally.exit_code,
        },
    )


def _write(out: IO[str], row: dict[str, Any]) -> None:
    out.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
