"""Results as JSON lines: a header, one line a case, a footer. A report without a footer is not whole."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any, TextIO

from harness.bound import LIMIT
from harness.model import Difference, Result
from harness.report.tally import Tally


def write_header(out: TextIO, *, implementation: str, version: str, golden: str, harness: str) -> None:
    """Write who is judged against what, and by which limit."""
    _write(
        out,
        {
            "report": 1,
            "harness": harness,
            "implementation": implementation,
            "version": version,
            "golden": golden,
            "limit": LIMIT,
        },
    )


def write_result(out: TextIO, result: Result) -> None:
    """Write one case; what is known to deviate only of a case that was held against it."""
    deviations = [
        {"where": str(entry.where), "reason": entry.reason, "link": entry.link} for entry in result.deviations
    ]
    _write(
        out,
        {
            "id": result.id,
            "verdict": result.verdict.value,
            "where": str(result.where),
            "message": result.message,
            "note": result.note,
            "noise": result.noise_mode.value,
            "unsupported": {stage.value: reason for stage, reason in result.unsupported.items()},
            "outputs": [_difference(difference) for difference in result.differences],
            "seconds": round(result.seconds, 6),
        }
        | ({"deviations": deviations} if deviations else {}),
    )


def write_footer(out: TextIO, tally: Tally) -> None:
    """Write the counts; their presence says that the report is whole."""
    verdicts = {verdict.value: count for verdict, count in sorted(tally.verdicts.items())}
    _write(out, {"cases": sum(tally.verdicts.values()), "verdicts": verdicts, "exit_code": tally.exit_code})


def _difference(difference: Difference) -> dict[str, Any]:
    fields = asdict(difference)
    if difference.ok:
        keep = ("stage", "name", "level", "ratio", "total")
        fields = {key: fields[key] for key in keep}
    return {key: _plain(value) for key, value in fields.items()}


def _plain(value: Any) -> Any:
    """Return `value` as JSON has it: nan and inf as words, which strict readers take."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _write(out: TextIO, row: dict[str, Any]) -> None:
    out.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
