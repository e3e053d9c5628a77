"""The command `harness audit`: exit codes, words and JSON lines."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from audited import AGAIN, HEAD, OPS, Folders, blend, case

from harness.cli import harness as command
from harness.errors import HarnessError
from harness.model import Location, Verdict
from harness.report.audit_tally import AuditTally, flaw_kind, kind_of
from harness.report.audit_text import AuditReport, describe_case
from harness.weakness import CaseAudit, Outcome, sum_up

PLACE = Location(file="cases/f/o.yaml", line=7, column=11)
NEXT = (
    "next: give a weak operator a case that shows the mutation, or say under `equivalent` in its file why none can"
    " (docs/audit.md)"
)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def test_exit_0_and_the_counts(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    folders.record(blend=blend(case()))
    assert folders.run() == 0
    assert capsys.readouterr().out == (
        f"Auditing the goldens of torch-2.13.0 with wrong implementations made of {folders.ops}\n"
        "1 operator, 1 case, 32 wrong implementations: 32 caught; 0 weak cases, 0 weak operators\n"
    )


def test_exit_1_for_a_weak_operator_with_its_file(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    folders.record(blend=blend(case(output="{zeros: [3, 4], shift: 1.0}")))
    assert folders.run("-v") == 1
    lines = capsys.readouterr().out.splitlines()[1:]
    file = folders.cases / "f" / "blend.yaml"
    assert lines == [
        f"weak f/blend/case ({file}:5:11)",
        "  misses grad_outputs:ones",
        f"WEAK f/blend ({file}): no case catches grad_outputs:ones",
        "weak cases by what they miss: grad_outputs 1",
        NEXT,
        "1 operator, 1 case, 32 wrong implementations: 31 caught; 1 weak case, 1 weak operator",
    ]


def test_exit_1_where_the_right_implementation_does_not_conform(
    folders: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    folders.record(blend=blend(case()))
    folders.ops.write_text(OPS.replace("self.scale * grad_output", "grad_output * 2"))
    assert folders.run() == 1
    out = capsys.readouterr().out
    assert "5:11): not judged: the right implementation does not conform: backward/grad_input: " in out
    assert "\n1 case not judged\n1 operator, 1 case, 0 wrong implementations" in out


def test_exit_3_where_nothing_is_selected_or_offered(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    folders.record(blend=blend(case(), head=f'{HEAD}equivalent: {{"zeros:forward/output": it is said so}}\n'))
    with pytest.raises(HarnessError, match="no case matches 'f/blond'") as error:
        folders.run("f/blond")
    assert error.value.exit_code == 3
    folders.ops.write_text("")
    assert folders.run() == 3
    assert "has no such operator: f/blend (1)" in " ".join(capsys.readouterr().out.split())


def test_exit_4_where_a_golden_is_missing_or_stale(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    folders.record(blend=blend(case()))
    path = folders.cases / "f" / "blend.yaml"
    path.write_text(blend(case(output="{zeros: [3, 4], shift: 1.0}")))
    assert folders.run() == 4
    assert f"STALE f/blend/case ({path}:5:11): the golden" in capsys.readouterr().out
    path.write_text(blend(case("another")))
    assert folders.run() == 4
    assert "MISSING f/blend/another" in capsys.readouterr().out
    path.write_text(blend(*map(case, "abc")))
    assert folders.run() == 4
    out = capsys.readouterr().out
    assert "harness record f/blend/a` makes it (and 2 more cases of f/blend)\n" in out
    assert out.count("MISSING") == 1
    assert folders.run("--verbose") == 4
    assert capsys.readouterr().out.count("MISSING") == 3


def test_json_lines_have_a_header_a_line_a_case_and_a_footer(folders: Folders, tmp_path: Path) -> None:
    folders.record(blend=blend(case(output="{zeros: [3, 4], shift: 1.0}")))
    folders.run("--json", str(tmp_path / "audit.jsonl"))
    head, one, operator, foot = map(json.loads, (tmp_path / "audit.jsonl").read_text().splitlines())
    assert (head["audit"], head["golden"]) == (1, "torch-2.13.0")
    assert (one["id"], one["missed"], one["outcomes"]["missed"]) == ("f/blend/case", *[["grad_outputs:ones"]] * 2)
    assert (operator["operator"], operator["weak"]) == ("f/blend", ["grad_outputs:ones"])
    assert (foot["cases"], foot["wrong"], foot["caught"], foot["exit_code"]) == (1, 32, 31, 1)


def test_json_lines_on_stdout_leave_the_words_to_stderr(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    folders.record(blend=blend(case()))
    folders.run("--json", "-")
    told = capsys.readouterr()
    assert [min(json.loads(line)) for line in told.out.splitlines()] == ["audit", "flaws", "file", "cases"]
    assert told.err.startswith("Auditing")


def test_a_report_that_cannot_be_written_is_told(folders: Folders, tmp_path: Path) -> None:
    folders.record(blend=blend(case()))
    with pytest.raises(HarnessError, match="cannot be written: No such file or directory"):
        folders.run("--json", str(tmp_path / "nowhere" / "audit.jsonl"))


def test_an_audit_that_breaks_off_has_no_footer(folders: Folders, tmp_path: Path) -> None:
    folders.record(blend=blend(case()), again=AGAIN)
    (folders.cases / "f" / "blend.yaml").write_text("cases: {}")
    with pytest.raises(HarnessError):
        folders.run("--json", str(tmp_path / "audit.jsonl"))
    rows = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert "exit_code" not in rows[-1]


def test_several_processes_say_the_same_as_one(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    folders.record(blend=blend(case(output="{zeros: [3, 4], shift: 1.0}")), again=AGAIN)
    codes = [folders.run("-v", "--jobs", jobs) for jobs in ("1", "2")]
    one, two = capsys.readouterr().out.split("Auditing")[1:]
    assert codes == [1, 1]
    assert one == two


def test_a_mutated_call_that_takes_the_process_down_is_told(folders: Folders) -> None:
    folders.record(blend=blend(case()), again=AGAIN)
    folders.ops.write_text(OPS.replace("if not 0 <=", "if weight != 0.3: import os; os._exit(3)\n        if not 0 <="))
    with pytest.raises(HarnessError, match="a process of the run died") as error:
        folders.run("--jobs", "2")
    assert error.value.exit_code == 1


def test_without_torch_numpy_answers(
    folders: Folders, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folders.record(blend=blend(case()))
    monkeypatch.setattr("harness.cli_audit.find_spec", lambda _: None)
    places = ["--cases-dir", str(folders.cases), "--golden-dir", str(folders.golden)]
    assert command.main(["audit", *places], standalone_mode=False) == 3
    assert "made of numpy\nUNSUPPORTED: numpy has no such operator" in capsys.readouterr().out


# -- words


def test_a_report_in_words() -> None:
    weak = CaseAudit(
        id="f/o/a", where=PLACE, verdict=Verdict.PASS, flaws=("eval/output is all zero",),
        outcomes={"zeros:eval/output": Outcome.MISSED, "param:p": Outcome.CAUGHT, "param:q": Outcome.REFUSED},
        missed=("zeros:eval/output",),
    )  # fmt: skip
    absent = CaseAudit(id="f/o/b", where=PLACE, verdict=Verdict.UNSUPPORTED, message="not today")
    operator = sum_up("f/o", "cases/f/o.yaml", [weak, absent], {"param:p": "says who"}, whole=True)
    tally, out = AuditTally(), io.StringIO()
    report = AuditReport(out)
    report.add(operator)
    tally.add(operator)
    report.finish(tally)
    assert out.getvalue() == (
        "WEAK f/o (cases/f/o.yaml): no case catches zeros:eval/output\n"
        "EQUIVALENT f/o (cases/f/o.yaml): 'param:p' does not belong there: f/o/a catches it\n"
        "note: f/o: no legal other value was found for param:q\n"
        "UNSUPPORTED: not today: f/o (1)\n"
        "weak cases by what they miss: all zero 1, zeros 1; --verbose lists them\n"
        f"{NEXT}\n"
        "1 case unsupported\n"
        "1 entry of `equivalent` to remove\n"
        "1 operator, 2 cases, 2 wrong implementations: 1 caught; 1 weak case, 1 weak operator\n"
    )
    assert describe_case(weak) == (
        "weak f/o/a (cases/f/o.yaml:7:11)\n  misses zeros:eval/output\n  eval/output is all zero"
    )
    assert tally.exit_code == 1


def test_kinds() -> None:
    names = ("zeros:forward/output", "stage:eval answers forward", "param:p", "param:p:default")
    assert [kind_of(name) for name in names] == ["zeros", "stage", "param", "param default"]
    found = ("a is all zero", "a is all nan", "a has a bound wider than the value in 2 of 3", "identical to f/o/a")
    assert [flaw_kind(flaw) for flaw in found] == ["all zero", "all nan", "bound wider", "identical"]
