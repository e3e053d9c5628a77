"""Reports side by side: what counts as offered, conforming and deviating, and what is no report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_cli import run

from harness.errors import UsageError
from harness.report.table import Counts, Table, aligned, markdown

HEADER = {
    "report": 1,
    "harness": "0.1.0",
    "implementation": "mine",
    "version": "1.0",
    "golden": "torch-2.13.0",
    "limit": 8,
}


def row(case_id: str, verdict: str = "PASS", *, level: str = "ok", unsupported: dict[str, str] | None = None) -> Any:
    return {"id": case_id, "verdict": verdict, "outputs": [{"level": level}], "unsupported": unsupported or {}}


def report(*rows: Any, **header: Any) -> list[str]:
    footer = {"cases": len(rows), "verdicts": {}, "exit_code": 0}
    return [json.dumps(line) for line in ({**HEADER, **header}, *rows, footer)]


def table(*reports: list[str]) -> Table:
    result = Table()
    for number, lines in enumerate(reports):
        result.add(lines, f"{number}.jsonl")
    return result


@pytest.mark.parametrize(
    ("rows", "sign"),
    [
        ([row("f/o/a"), row("f/o/b")], "ok"),
        ([row("f/o/a"), row("f/o/b", "UNSUPPORTED")], "ok*"),
        ([row("f/o/a", unsupported={"backward": "no"})], "ok*"),
        ([row("f/o/a"), row("f/o/b", "MISSING")], "ok*"),
        ([row("f/o/a"), row("f/o/b", "FAIL", level="values")], "dev 1/2"),
        ([row("f/o/a", "EXPECTED_FAIL"), row("f/o/b", "ERROR"), row("f/o/c", "CRASH")], "dev 3/3"),
        ([row("f/o/a", "TIMEOUT")], "dev 1/1"),
        ([row("f/o/a", "UNEXPECTED_PASS")], "ok"),
        ([row("f/o/a", "UNEXPECTED_PASS", level="dtype")], "dev 1/1"),
        ([row("f/o/a", "UNSUPPORTED")], "-"),
        ([row("f/o/a", "STALE"), row("f/o/b", "UNSUPPORTED")], "?"),
        ([row("f/other/a")], "?"),
    ],
)  # fmt: skip
def test_the_sign_of_an_operator(rows: list[Any], sign: str) -> None:
    found = table(report(*rows), report(row("f/o/x"), version="2")).of_operators()
    assert next(cells for cells in found if cells[0] == "f/o") == ["f/o", sign, "ok"]


MINE = report(row("f/o/a"), row("f/o/b", "FAIL"), row("f/p/a"), row("g/q/a", "UNSUPPORTED"))
YOURS = report(row("f/o/a"), row("g/q/a"), implementation="yours", version="")


def test_families_and_sums() -> None:
    assert aligned(table(MINE, YOURS).of_families()) == (
        "family             operators  mine 1.0  yours\n"
        "f                  2          1/2 (1)   1/1\n"
        "g                  1          -         1/1\n"
        "all                3          1/2 (1)   2/2\n"
        "cases passed                  2         2\n"
        "cases deviating               1         0\n"
        "cases not offered             1         0"
    )


def test_markdown() -> None:
    rows = [["operator", "a|b"], ["f/o", "ok*"]]
    assert markdown(rows) == "| operator | a\\|b |\n| --- | --- |\n| f/o | ok\\* |"


def test_parts_of_a_run_share_a_column_and_share_no_case() -> None:
    both = table(MINE, report(row("h/r/a")))
    assert both.labels == ["mine 1.0"]
    assert both.operators == ["f/o", "f/p", "g/q", "h/r"]
    with pytest.raises(UsageError) as caught:
        table(MINE, MINE)
    assert str(caught.value) == "1.jsonl: f/o/a of mine 1.0 stands in 0.jsonl already; give it once"


def test_a_column_is_named_by_what_sets_it_apart() -> None:
    one = report(row("f/o/a"), golden="torch-1.13.1")
    assert table(MINE, one).labels == ["torch-2.13.0", "torch-1.13.1"]
    assert table(MINE, YOURS, one).labels == [
        "mine 1.0 (torch-2.13.0)",
        "yours (torch-2.13.0)",
        "mine 1.0 (torch-1.13.1)",
    ]
    assert table(MINE, one).notes == ["1.jsonl is of goldens of torch-1.13.1, 0.jsonl of torch-2.13.0"]
    other = report(row("f/o/a"), version="2", harness="0.2.0", limit=4)
    assert table(MINE, other).notes == [
        "1.jsonl is of harness 0.2.0, 0.jsonl of 0.1.0",
        "1.jsonl is of limit 4, 0.jsonl of 8",
    ]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], ":1: no report of a replay: its first line is no header of one"),
        (["- id: a"], ":1: not JSON: "),
        (["[]"], ":1: no line of a report: found a list"),
        (['{"audit": 1}'], ":1: no report of a replay: "),
        (MINE[:-1], ": the report is not whole: it has no footer; run the replay again"),
        (MINE[:2] + MINE[3:], ": the report is not whole: it has 3 cases, its footer says 4"),
        (MINE + YOURS, ":7: a line after the footer"),
        ([MINE[0], '{"id": "f/o/a"}'], ":2: no case of a report: KeyError('verdict')"),
    ],
)
def test_what_is_no_whole_report_is_refused(lines: list[str], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        table(lines)
    assert str(caught.value).startswith(f"0.jsonl{told}")


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "my ops.py").write_text("from harness.implementations.numpy import Renorm\n__version__ = '3'\n")
    done = run("replay", "./my ops.py", "regularization/renorm/small", "--json", "o.jsonl", cwd=tmp_path)
    assert "./my ops.py 3\n" in run("report", "o.jsonl", cwd=tmp_path).stdout, done.stdout
    run("replay", "numpy", "regularization/renorm", "--json", "n.jsonl", cwd=tmp_path)
    (tmp_path / "m.jsonl").write_text("\n".join(report(row("regularization/renorm/small"), golden="torch-1.13.1")))
    done = run("report", "n.jsonl", "m.jsonl", "--operators", cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert lines[:2] == [
        "operator               numpy (torch-2.13.0)  mine 1.0 (torch-1.13.1)",
        "regularization/renorm  ok                    ok",
    ]
    assert lines[3].startswith("ok: every case conforms; ")
    assert lines[4] == "note: m.jsonl is of goldens of torch-1.13.1, n.jsonl of torch-2.13.0"
    text = run("report", "n.jsonl", "--markdown", cwd=tmp_path).stdout
    assert "| regularization | 1 | 1/1 |\n" in text
    found = json.loads(run("report", "n.jsonl", "--json", cwd=tmp_path).stdout)
    assert found["operators"]["regularization/renorm"][0]["sign"] == "ok"
    done = run("report", "none.jsonl", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "harness: none.jsonl: cannot be read: No such file or directory\n")


def test_nothing_judged_has_a_sign_of_its_own() -> None:
    assert Counts().sign == "?"
