"""A deviations file (YAML) -> its entries, every error at its line and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeAlias

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import AfterValidator, Discriminator, Field, Tag

from harness import yamltext
from harness.matrix import fail, read_text
from harness.model import Deviation, Stage
from harness.schema import ONE, SEVERAL, StageName, Strict
from harness.selection import unmatched_patterns
from harness.validation import validated
from harness.yamltext import Document

_DOCS = "docs/deviations.md"


def _filled(what: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not text.strip():
            raise ValueError(f"{what}, found an empty text")
        return text.strip()

    return check


def _specifier(text: str) -> str:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        problem = f"found {text!r}, expected a PEP 440 specifier such as '>=0.10,<0.11' or '==2.1.*'"
        raise ValueError(problem) from None
    return text


_Pattern: TypeAlias = Annotated[str, AfterValidator(_filled("an id is a glob over case ids"))]
_Versions: TypeAlias = Annotated[
    str, AfterValidator(_filled("versions are a PEP 440 specifier")), AfterValidator(_specifier)
]
_ONE_OR_SEVERAL = Discriminator(lambda value: SEVERAL if isinstance(value, list) else ONE)


class DeviationModel(Strict):
    """One entry: what is known to differ, and why."""

    id: Annotated[
        Annotated[_Pattern, Tag(ONE)] | Annotated[list[_Pattern], Field(min_length=1), Tag(SEVERAL)], _ONE_OR_SEVERAL
    ] = Field(description="a glob over case ids, or a list of them; a family or an operator means all of its cases")
    stage: (
        Annotated[
            Annotated[StageName, Tag(ONE)] | Annotated[list[StageName], Field(min_length=1), Tag(SEVERAL)],
            _ONE_OR_SEVERAL,
        ]
        | None
    ) = Field(default=None, description="the stages that differ; left out: any, and ERROR, CRASH and TIMEOUT")
    reason: Annotated[str, AfterValidator(_filled("a reason says why it differs"))]
    link: Annotated[str, AfterValidator(_filled("a link says where more is told"))] = ""
    versions: _Versions = Field(default="", description="the implementation's versions that differ (PEP 440)")


def read_deviations(path: Path, cases_root: Path) -> list[Deviation]:
    """Return the entries of a deviations file.

    Raises `CaseFileError` with file, line and column for anything that is no such file, and for a pattern that matches
    no case below `cases_root`.
    """
    document = yamltext.parse(read_text(path), str(path), empty="write [] when nothing deviates")
    if not isinstance(document.value, list):
        problem = f"a deviations file is a list of entries, found {_kind(document.value)}"
        fail(document, (), problem, f"see {_DOCS}")
    entries = [_entry(document, index) for index in range(len(document.value))]
    _check_patterns(document, entries, cases_root)
    return entries


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _entry(document: Document, index: int) -> Deviation:
    value = document.value[index]
    if not isinstance(value, dict):
        fail(document, (index,), f"an entry is a mapping, found {_kind(value)}", f"see {_DOCS}")
    model = validated(DeviationModel, value, document, (index,), docs=_DOCS, below={})
    stages = [model.stage] if isinstance(model.stage, str) else model.stage or []
    return Deviation(
        patterns=(model.id,) if isinstance(model.id, str) else tuple(model.id),
        stages=tuple(stage for stage in Stage if stage in stages),
        reason=model.reason,
        link=model.link,
        versions=model.versions,
        where=document.locate((index,)),
    )


def _check_patterns(document: Document, entries: list[Deviation], cases_root: Path) -> None:
    """Refuse a pattern that matches no case there is: it would expect nothing, unseen."""
    unmatched = unmatched_patterns(cases_root, list(dict.fromkeys(p for entry in entries for p in entry.patterns)))
    for index, entry in enumerate(entries):
        for number, pattern in enumerate(entry.patterns):
            if pattern in unmatched:
                fail(document, (index, "id", number), f"no case matches {pattern!r}", unmatched[pattern])
