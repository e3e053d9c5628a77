"""Result + known deviations -> Result: what is expected to differ, and strictly no more and no less.

A FAIL is expected when an entry covers each stage that differs; a transcript or law that is broken alone counts as the
stage `forward`. An ERROR, CRASH or TIMEOUT is expected by an entry that names no stage. What an entry covers must
differ: a case that passes, or a stage that conforms, is an UNEXPECTED_PASS.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from harness.errors import UsageError
from harness.model import Deviation, Result, Stage, Verdict
from harness.selection import matches, may_match

#: verdicts on an answer that there is none of
_NO_ANSWER = (Verdict.ERROR, Verdict.CRASH, Verdict.TIMEOUT)
#: verdicts that say that a case was judged; the others stay as they are
_JUDGED = (Verdict.PASS, Verdict.FAIL, *_NO_ANSWER)


class Deviations:
    """The known deviations of one version of an implementation."""

    def __init__(self, entries: Sequence[Deviation], *, implementation: str, version: str) -> None:
        """Keep the entries that are about that version.

        Raises `UsageError` when an entry names versions and the implementation's is none that could lie among them.
        """
        self._entries = [entry for entry in entries if _is_about(entry, implementation, version)]
        self._near: dict[str, list[tuple[str, Deviation]]] = {}  #: operator -> patterns that may match its cases

    def of(self, case_id: str) -> list[Deviation]:
        """Return the entries of which a pattern matches a case, in the order of the file."""
        operator = case_id.rpartition("/")[0]
        near = self._near.get(operator)
        if near is None:
            rows = [(pattern, entry) for entry in self._entries for pattern in entry.patterns]
            near = self._near[operator] = [row for row in rows if may_match(operator, row[0])]
        return list({id(entry): entry for pattern, entry in near if matches(case_id, pattern)}.values())

    def judge(self, result: Result) -> Result:
        """Return a result held against the entries: as it is, EXPECTED_FAIL or UNEXPECTED_PASS.

        A stage that the case or the implementation does not have is neither expected nor unexpected; so the result of
        a case that passes must tell its `differences`.
        """
        if result.verdict not in _JUDGED:
            return result
        matching = self.of(result.id)
        judged = {difference.stage for difference in result.differences}
        differing = {difference.stage for difference in result.differences if not difference.ok}
        if result.verdict is Verdict.FAIL and not differing:
            differing = {Stage.FORWARD}
        judged |= differing
        entries = tuple(entry for entry in matching if not entry.stages or judged.intersection(entry.stages))
        if result.verdict in _NO_ANSWER:
            return _no_answer(result, entries, matching)
        if not entries:
            return result
        lines = [line for entry in entries if (line := _unexpected(entry, judged - differing, result.verdict))]
        verdict = Verdict.UNEXPECTED_PASS if lines else Verdict.EXPECTED_FAIL
        expected = {stage for entry in entries for stage in entry.stages or Stage}
        missed = [stage for stage in Stage if stage in differing - expected]
        if missed:
            lines.append(f"{' and '.join(missed)} differs too, which {_places(entries)} does not expect")
            verdict = result.verdict
        message = "\n".join([*([result.message] if result.message else []), *lines])
        return replace(result, verdict=verdict, message=message, deviations=entries)


def _is_about(entry: Deviation, implementation: str, version: str) -> bool:
    if not entry.versions:
        return True
    try:
        return SpecifierSet(entry.versions).contains(Version(version), prereleases=True)
    except InvalidVersion:
        found = f"{implementation!r} has the version {version!r}" if version else f"{implementation!r} has no version"
        problem = f"this entry is for versions {entry.versions!r}, and {found}"
        hint = "give it one as PEP 440 has it (1.2.3), or leave 'versions' out"
        raise UsageError(problem, where=str(entry.where), hint=hint) from None


def _no_answer(result: Result, entries: tuple[Deviation, ...], matching: Sequence[Deviation]) -> Result:
    if entries:
        return replace(result, verdict=Verdict.EXPECTED_FAIL, deviations=entries)
    if not matching:
        return result
    hint = f"{_places(matching)} expects a stage to differ; an entry without 'stage' expects {result.verdict} too"
    return replace(result, message=f"{result.message}\n{hint}")


def _unexpected(entry: Deviation, conforming: set[Stage], verdict: Verdict) -> str:
    """Return what conforms against an entry's word and what to do, '' when nothing does."""
    because = f"{entry.where} expects otherwise ({entry.reason})"
    if verdict is Verdict.PASS:
        return f"it passes, and {because}: take the case out of that entry"
    stages = [stage for stage in entry.stages if stage in conforming]
    if not stages:
        return ""
    return f"{' and '.join(stages)} conforms, and {because}: take the stage, or the case, out of that entry"


def _places(entries: Sequence[Deviation]) -> str:
    return " and ".join(str(entry.where) for entry in entries)


@dataclass(kw_only=True)
class Usage:
    """Which entries met a case of a run, kept while results stream by."""

    met: Counter[Deviation] = field(default_factory=Counter)  #: cases of the run that an entry matches
    used: set[Deviation] = field(default_factory=set)  #: entries that a case was held against

    def add(self, matching: Sequence[Deviation], used: Sequence[Deviation]) -> None:
        """Take in one case: the entries that match it, and those that it was held against."""
        self.met.update(matching)
        self.used.update(used)

    def unused(self) -> list[str]:
        """Return a line for each entry that matches cases of the run, of which none was judged where it says so."""
        return [
            f"{entry.where}: unused: no {_stage(entry)} was judged of {_cases(count)} in this run"
            for entry, count in self.met.items()
            if entry not in self.used
        ]


def _stage(entry: Deviation) -> str:
    return " or ".join(entry.stages) if entry.stages else "stage"


def _cases(count: int) -> str:
    return "the one case that it matches" if count == 1 else f"the {count} cases that it matches"
