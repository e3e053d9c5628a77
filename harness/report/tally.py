"""Counts of a run, kept while results stream by, and the exit code that follows from them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from harness.model import NoiseMode, Result, Stage, Verdict

#: verdicts that mean that an implementation was run
_RUN = (Verdict.PASS, Verdict.FAIL, Verdict.ERROR, Verdict.CRASH, Verdict.TIMEOUT, Verdict.EXPECTED_FAIL)
_WRONG = (Verdict.FAIL, Verdict.ERROR, Verdict.CRASH, Verdict.TIMEOUT, Verdict.UNEXPECTED_PASS)
#: verdicts on answers, of which stages not offered and noise are counted
_ANSWERED = (Verdict.PASS, Verdict.FAIL, Verdict.EXPECTED_FAIL, Verdict.UNEXPECTED_PASS)
_NO_GOLDEN = (Verdict.MISSING, Verdict.STALE)


@dataclass(kw_only=True)
class Tally:
    """How many cases came to which verdict."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    partial: Counter[Stage] = field(default_factory=Counter)  #: stages not offered in cases that were judged
    modes: Counter[NoiseMode] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        """Count one result."""
        self.verdicts[result.verdict] += 1
        if result.verdict in _ANSWERED:
            self.partial.update(result.unsupported.keys())
            self.modes[result.noise_mode] += 1

    @property
    def exit_code(self) -> int:
        """0 all as expected, 1 something does not conform, 3 nothing was run, 4 a golden is missing or stale."""
        if any(self.verdicts[verdict] for verdict in _NO_GOLDEN):
            return 4
        if any(self.verdicts[verdict] for verdict in _WRONG):
            return 1
        return 0 if any(self.verdicts[verdict] for verdict in _RUN) else 3
