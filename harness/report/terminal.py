"""Results -> lines on a terminal, as they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from textwrap import fill
from typing import TextIO

from harness.model import Result, Verdict
from harness.report.tally import Tally
from harness.report.text import describe, headline, summary

#: verdicts that only --verbose tells case by case
_QUIET = (Verdict.PASS, Verdict.EXPECTED_FAIL)
#: failures told in full; the rest are one line each
_IN_FULL = 20


class TerminalReport:
    """Writes what does not pass in words, what is not offered by operator, and the counts."""

    def __init__(self, out: TextIO, *, verbose: bool = False) -> None:
        """Write to `out`; `verbose` tells of every case, in full."""
        self._out = out
        self._verbose = verbose
        self._told = 0
        self._unsupported: dict[str, Counter[str]] = {}  #: reason -> operator -> cases

    def start(self, title: str, version: str) -> None:
        """Say who is judged by what."""
        self._print(f"Replaying {title} against the goldens of {version}")

    def add(self, result: Result) -> None:
        """Tell of one case."""
        if result.verdict is Verdict.UNSUPPORTED and not self._verbose:
            self._unsupported.setdefault(result.message, Counter())[result.id.rpartition("/")[0]] += 1
        elif result.verdict not in _QUIET:
            self._told += 1
            in_full = self._verbose or self._told <= _IN_FULL
            self._print(describe(result) if in_full else headline(result))
        elif self._verbose:
            self._print(describe(result))
        if result.note:
            self._print(f"note: {result.id}: {result.note}")

    def finish(self, tally: Tally, remarks: Sequence[str] = ()) -> None:
        """Tell what is not offered, `remarks`, and the counts; the last line says how many passed."""
        if self._told > _IN_FULL and not self._verbose:
            self._print(f"({self._told - _IN_FULL} of these in one line each; --verbose tells all in full)")
        for reason, operators in self._unsupported.items():
            rows = ", ".join(f"{operator} ({count})" for operator, count in operators.items())
            self._print(fill(f"UNSUPPORTED: {reason}: {rows}", width=100, subsequent_indent="  "))
        for remark in remarks:
            self._print(remark)
        self._print(summary(tally.verdicts, tally.partial, tally.modes))

    def _print(self, text: str) -> None:
        self._out.write(f"{text}\n")
