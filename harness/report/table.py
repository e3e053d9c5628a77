"""JSON reports of replays -> one table: what each implementation offers of each operator, and whether it conforms."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from harness.errors import UsageError
from harness.model import Verdict

_DEVIATES = {Verdict.FAIL, Verdict.ERROR, Verdict.CRASH, Verdict.TIMEOUT, Verdict.EXPECTED_FAIL}
_NO_GOLDEN = {Verdict.MISSING, Verdict.STALE}
OPERATOR_LEGEND = (
    "ok: every case conforms",
    "ok*: what it offers conforms; some cases or stages are not offered",
    "dev n/m: n of m judged cases deviate",
    "-: not offered",
    "?: not judged",
)
FAMILY_LEGEND = (
    "n/m: of m operators that it offers n conform in all that they answer",
    "(k): k cases deviate",
    "-: nothing offered",
)


@dataclass(kw_only=True, slots=True)
class Counts:
    """How many cases of an operator came out how, for one implementation."""

    passed: int = 0
    deviating: int = 0
    unsupported: int = 0
    unjudged: int = 0  #: the golden was missing or stale
    partial: int = 0  #: of those that passed: cases with a stage that is not offered

    @property
    def judged(self) -> int:
        """Cases that the implementation answered."""
        return self.passed + self.deviating

    @property
    def sign(self) -> str:
        """What a table says of the operator."""
        if self.deviating:
            return f"dev {self.deviating}/{self.judged}"
        if self.passed:
            return "ok*" if self.unsupported or self.partial or self.unjudged else "ok"
        return "?" if self.unjudged or not self.unsupported else "-"

    def add(self, row: Mapping[str, Any]) -> None:
        """Count one case of a report."""
        verdict = row["verdict"]
        if verdict == Verdict.UNSUPPORTED:
            self.unsupported += 1
        elif verdict in _NO_GOLDEN:
            self.unjudged += 1
        elif verdict in _DEVIATES or any(output["level"] != "ok" for output in row["outputs"]):
            self.deviating += 1
        else:
            self.passed += 1
            self.partial += bool(row["unsupported"])


@dataclass(frozen=True, kw_only=True)
class Column:
    """What reports say of one version of an implementation, against the goldens of one version of torch."""

    implementation: str
    version: str
    golden: str
    operators: dict[str, Counts] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Implementation and version."""
        return f"{self.implementation} {self.version}".rstrip()

    def family(self, family: str) -> list[Counts]:
        """Return the counts of the operators of a family."""
        return [counts for path, counts in self.operators.items() if path.partition("/")[0] == family]


@dataclass(kw_only=True)
class Table:
    """Columns in the order in which they came, and what is worth saying of how they compare."""

    columns: list[Column] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _sources: dict[str, tuple[str, Any]] = field(default_factory=dict)  #: what reports must share -> first file, value
    _seen: dict[tuple[int, str], str] = field(default_factory=dict)  #: column and case -> file

    def add(self, lines: Iterable[str], file: str) -> None:
        """Take in one report; it joins the column of its implementation, version and goldens, if there is one.

        Raises `UsageError` for what is no whole report, and for a case that its column has already.
        """
        rows = _rows(lines, file)
        header: Mapping[str, Any] = next(rows, {})
        if header.get("report") != 1:
            hint = "`harness replay NAME --json FILE` writes one"
            raise UsageError("no report of a replay: its first line is no header of one", where=f"{file}:1", hint=hint)
        footer: Mapping[str, Any] = {}
        index = self._column(header)
        count = 0
        for number, row in enumerate(rows, start=2):
            if footer:
                raise UsageError("a line after the footer", where=f"{file}:{number}", hint="give each report by itself")
            if "exit_code" in row:
                footer = row
                continue
            try:
                self._take(index, row, file)
            except (KeyError, TypeError, AttributeError) as error:
                raise UsageError(f"no case of a report: {error!r}", where=f"{file}:{number}") from error
            count += 1
        if footer.get("cases") != count:
            found = "it has no footer" if not footer else f"it has {count} cases, its footer says {footer['cases']}"
            raise UsageError(f"the report is not whole: {found}", where=file, hint="run the replay again")
        self._compare(header, file)

    def _column(self, header: Mapping[str, Any]) -> int:
        implementation, version, golden = (str(header.get(key, "")) for key in ("implementation", "version", "golden"))
        for index, column in enumerate(self.columns):
            if (column.implementation, column.version, column.golden) == (implementation, version, golden):
                return index
        self.columns.append(Column(implementation=implementation, version=version, golden=golden))
        return len(self.columns) - 1

    def _take(self, index: int, row: Mapping[str, Any], file: str) -> None:
        case_id: str = row["id"]
        first = self._seen.get((index, case_id))
        if first is not None:
            name = self.columns[index].name
            raise UsageError(f"{case_id} of {name} stands in {first} already", where=file, hint="give it once")
        self._seen[index, case_id] = file
        self.columns[index].operators.setdefault(case_id.rpartition("/")[0], Counts()).add(row)

    def _compare(self, header: Mapping[str, Any], file: str) -> None:
        """Note what sets this report apart from the first one."""
        for key, words in (("golden", "goldens of"), ("harness", "harness"), ("limit", "limit")):
            value = header.get(key)
            first, other = self._sources.setdefault(key, (file, value))
            if value != other:
                self.notes.append(f"{file} is of {words} {value}, {first} of {other}")

    # -- what it says

    @property
    def labels(self) -> list[str]:
        """Return a name for each column: what sets them apart."""
        goldens = {column.golden for column in self.columns}
        who = [column.name for column in self.columns]
        if len(goldens) == 1:
            return who
        if len(set(who)) == 1:
            return [column.golden for column in self.columns]
        return [f"{name} ({column.golden})" for name, column in zip(who, self.columns, strict=True)]

    @property
    def operators(self) -> list[str]:
        """Every operator that a report names, sorted."""
        return sorted({path for column in self.columns for path in column.operators})

    def of_operators(self) -> list[list[str]]:
        """Return the head and a row for each operator."""
        none = Counts()
        rows = [[path, *(c.operators.get(path, none).sign for c in self.columns)] for path in self.operators]
        return [["operator", *self.labels], *rows]

    def of_families(self) -> list[list[str]]:
        """Return the head, a row for each family, and the sums."""
        operators = self.operators
        families = list(dict.fromkeys(path.partition("/")[0] for path in operators))
        rows = []
        for family in families:
            count = sum(path.startswith(f"{family}/") for path in operators)
            rows.append([family, str(count), *(_family(column.family(family)) for column in self.columns)])
        everything = [list(column.operators.values()) for column in self.columns]
        rows.append(["all", str(len(operators)), *map(_family, everything)])
        for title, key in (("passed", "passed"), ("deviating", "deviating"), ("not offered", "unsupported")):
            sums = [str(sum(getattr(counts, key) for counts in column)) for column in everything]
            rows.append([f"cases {title}", "", *sums])
        return [["family", "operators", *self.labels], *rows]

    def as_json(self) -> dict[str, Any]:
        """Return the table as JSON has it."""
        return {
            "table": 1,
            "columns": [
                {"label": label, "implementation": c.implementation, "version": c.version, "golden": c.golden}
                for label, c in zip(self.labels, self.columns, strict=True)
            ],
            "operators": {
                path: [_cell(column.operators.get(path)) for column in self.columns] for path in self.operators
            },
            "notes": self.notes,
        }


def _rows(lines: Iterable[str], file: str) -> Iterator[Any]:
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            problem = f"not JSON: {error}"
            raise UsageError(problem, where=f"{file}:{number}", hint="a report is JSON lines, whole ones") from error
        if not isinstance(row, dict):
            raise UsageError(f"no line of a report: found a {type(row).__name__}", where=f"{file}:{number}")
        yield row


def _cell(counts: Counts | None) -> dict[str, Any] | None:
    return None if counts is None else {"sign": counts.sign, **asdict(counts)}


def _family(operators: Sequence[Counts]) -> str:
    offered = [counts for counts in operators if counts.judged]
    if not offered:
        return "-"
    deviating = sum(counts.deviating for counts in offered)
    conforming = sum(not counts.deviating for counts in offered)
    return f"{conforming}/{len(offered)}" + (f" ({deviating})" if deviating else "")


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return a table as text, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(r, widths, strict=True)).rstrip() for r in rows)


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return a table as Markdown."""
    head, *body = ([cell.replace("|", "\\|").replace("*", "\\*") for cell in row] for row in rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body))
