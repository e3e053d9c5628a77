"""Results -> the text of a deviations file that expects what was seen, for a person to say why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from packaging.version import InvalidVersion, Version

from harness.bound import LIMIT
from harness.model import Difference, Result, Stage, Verdict
from harness.yamltext import scalar

_NO_ANSWER = (Verdict.ERROR, Verdict.CRASH, Verdict.TIMEOUT)
_LEVELS = ("names", "shape", "dtype", "nonfinite", "values")
#: different findings of one kind that a reason spells out
_SPELLED_OUT = 3
_LONGEST = 200
#: what cases of one guessed cause share: the verdict, the stages that differ, and how they do
_Kind: TypeAlias = "tuple[Verdict, tuple[Stage, ...], tuple[str, ...]]"


@dataclass(kw_only=True)
class _Operator:
    """What a run saw of one operator."""

    groups: dict[_Kind, list[Result]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)  #: not offered: a pattern may match them


@dataclass(kw_only=True)
class SeenDeviations:
    """Gathers what differs while results stream by."""

    operators: dict[str, _Operator] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        """Take in one case."""
        operator = self.operators.setdefault(result.id.rpartition("/")[0], _Operator())
        operator.seen.add(result.id)
        if result.verdict is Verdict.UNSUPPORTED:
            operator.refused.add(result.id)
        elif result.verdict is Verdict.FAIL or result.verdict in _NO_ANSWER:
            operator.groups.setdefault(_kind(result), []).append(result)

    def text(self, *, title: str, golden: str, version: str, ids_of: Callable[[str], Iterable[str]]) -> str:
        """Return the file: one entry for each operator and kind of difference.

        `ids_of` gives the ids of all cases of an operator: it is named as a whole only where each of them was judged
        and deviates alike.
        """
        lines = [
            f"# Where {title} is known to differ from {golden}: see docs/deviations.md.",
            "# Each reason is what a run saw: say why it is so, and where that is told (link).",
        ]
        versions = minor_versions(version)
        entries = 0
        for path, operator in self.operators.items():
            for kind, results in operator.groups.items():
                ids = [result.id for result in results]
                whole = {*ids, *operator.refused} == operator.seen == set(ids_of(path))
                lines += _entry([f"{path}/*"] if whole else ids, kind, results, versions)
                entries += 1
        return "\n".join([*lines, *([] if entries else ["[]"]), ""])


def _kind(result: Result) -> _Kind:
    if result.verdict in _NO_ANSWER:
        return result.verdict, (), (re.sub(r"\d+", "0", _first_line(result.message)),)
    wrong = [difference for difference in result.differences if not difference.ok]
    stages = tuple(stage for stage in Stage if any(difference.stage is stage for difference in wrong))
    levels = {difference.level for difference in wrong}
    return result.verdict, stages or (Stage.FORWARD,), tuple(level for level in _LEVELS if level in levels)


def _entry(patterns: list[str], kind: _Kind, results: list[Result], versions: str) -> list[str]:
    _, stages, _ = kind
    one = len(patterns) == 1
    lines = [f"- id: {patterns[0]}"] if one else ["- id:", *(f"    - {pattern}" for pattern in patterns)]
    if stages:
        lines.append(f"  stage: {stages[0] if len(stages) == 1 else '[' + ', '.join(stages) + ']'}")
    lines.append(f"  reason: {scalar(_reason(kind, results))}")
    return [*lines, f'  versions: "{versions}"'] if versions else lines


def _reason(kind: _Kind, results: list[Result]) -> str:
    verdict, _, levels = kind
    wrong = [difference for result in results for difference in result.differences if not difference.ok]
    if verdict in _NO_ANSWER:
        text = f"{verdict}: {_first_line(results[0].message)}"
    elif wrong:
        text = "; ".join(_finding(level, [d for d in wrong if d.level == level]) for level in levels)
    else:
        text = _first_line(results[0].message)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _finding(level: str, differences: list[Difference]) -> str:
    """Return what the differences of one level come to."""
    if level == "nonfinite":
        return "nan and inf stand elsewhere"
    if level == "values":
        worst = max(differences, key=lambda difference: difference.ratio)
        if worst.ratio:
            return f"values differ: error ratio up to {worst.ratio:.3g} (limit {LIMIT:g}), {worst.stage}/{worst.name}"
        return f"values differ: {worst.mismatched} of {worst.total} elements, {worst.stage}/{worst.name}"
    details = list(dict.fromkeys(difference.detail for difference in differences))
    more = len(details) - _SPELLED_OUT
    return " / ".join(details[:_SPELLED_OUT]) + (f" / and {more} more" if more > 0 else "")


def _first_line(text: str) -> str:
    return text.partition("\n")[0].strip()


def minor_versions(version: str) -> str:
    """Return the specifier of a version and what follows it up to the next minor one, '' for what is no version.

    >>> minor_versions("0.10.2")
    '>=0.10.2,<0.11'
    """
    try:
        known = Version(version)
    except InvalidVersion:
        return ""
    *upper, last = known.release[:2]
    epoch = f"{known.epoch}!" if known.epoch else ""
    return f">={known.public},<{epoch}{'.'.join(map(str, [*upper, last + 1]))}"
