from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.drift import ArrayDrift, Change
from harness.model import Difference, Location, NoiseMode, Result, Stage, Verdict
from harness.report.jsonl import write_footer, write_header, write_result
from harness.report.junit import JUnitWriter
from harness.report.tally import Tally
from harness.report.terminal import TerminalReport
from harness.report.text import describe, describe_drift, headline, summary

WHERE = Location(file="cases/f/o.yaml", line=7, column=11)
PASSED = Difference(stage=Stage.EVAL, name="output", level="ok", total=6, ratio=0.5, judged="at most 8 times the bound")
WRONG = Difference(
    stage=Stage.BACKWARD, name="grad_input", level="values", mismatched=2, total=6, ratio=24.0, first=(0, 1),
    worst=(1, 2), actual=1.5, golden=1.25, truth=1.125, bound=0.015625, ulps=2097152.0,
    judged="at most 8 times the bound",
)  # fmt: skip


def result(verdict: Verdict, message: str = "", *, case: str = "a", **keys: Any) -> Result:
    return Result(id=f"f/o/{case}", verdict=verdict, where=WHERE, message=message, **keys)


FAILED = result(Verdict.FAIL, differences=(PASSED, WRONG))
RESULTS = [
    result(Verdict.PASS, case="p", differences=(PASSED,), seconds=0.25, unsupported={Stage.BACKWARD: "none"}),
    FAILED,
    result(Verdict.ERROR, "ValueError: no\n  at ops.py:3 in f: raise", case="e"),
    result(Verdict.UNSUPPORTED, "mine has no such operator", case="u"),
    result(Verdict.MISSING, "no golden", case="m"),
]


def tally_of(*results: Result) -> Tally:
    tally = Tally()
    for item in results:
        tally.add(item)
    return tally


# -- words


def test_a_pass_is_one_line() -> None:
    assert describe(RESULTS[0]) == "PASS f/o/p (cases/f/o.yaml:7:11)"


def test_a_failure_in_full() -> None:
    assert describe(FAILED) == (
        "FAIL f/o/a (cases/f/o.yaml:7:11)\n"
        "  backward/grad_input: 2 of 6 elements differ; judged by: at most 8 times the bound\n"
        "    first at [0, 1], worst at [1, 2]:\n"
        "      actual 1.5, golden 1.25\n"
        "      |actual - truth| = 0.375, bound 0.0156: error ratio 24 (limit 8), 2.1e+06 ulp from the golden\n"
        "  conforms: eval/output"
    )


def test_a_failure_says_under_which_noise_it_was_judged() -> None:
    text = describe(replace(FAILED, noise_mode=NoiseMode.READ_BACK))
    assert text.splitlines()[1] == "  judged under the noise that it drew and exposed"
    text = describe(replace(FAILED, noise_mode=NoiseMode.INJECT))
    assert text.splitlines()[1] == "  judged under torch's noise, injected"


@pytest.mark.parametrize(
    ("difference", "lines"),
    [
        (
            Difference(stage=Stage.FORWARD, name="", level="names", detail="returned out; expected output"),
            ["  forward: returned out; expected output"],
        ),
        (
            Difference(stage=Stage.FORWARD, name="output", level="shape", detail="shape (3,); expected (2,)"),
            ["  forward/output: shape (3,); expected (2,)"],
        ),
        (
            Difference(
                stage=Stage.FORWARD, name="output", level="nonfinite", mismatched=1, total=1, actual=math.nan,
                golden=math.inf, judged="exact", ulps=math.nan,
            ),
            [
                "  forward/output: 1 of 1 elements differ in nan or inf; judged by: exact",
                "    at []:",
                "      actual nan, golden inf",
            ],
        ),
        (
            Difference(
                stage=Stage.EVAL, name="index", level="values", mismatched=1, total=2, first=(1,), worst=(1,),
                actual=3.0, golden=2.0, judged="exact",
            ),
            [
                "  eval/index: 1 of 2 elements differ; judged by: exact",
                "    at [1]:",
                "      actual 3.0, golden 2.0",
            ],
        ),
    ],
)  # fmt: skip
def test_every_level_in_words(difference: Difference, lines: list[str]) -> None:
    assert describe(result(Verdict.FAIL, differences=(difference,))).splitlines()[1:] == lines


def test_headlines() -> None:
    assert [headline(item) for item in RESULTS] == [
        "PASS f/o/p",
        "FAIL f/o/a: backward/grad_input: 2 of 6 elements differ; judged by: at most 8 times the bound",
        "ERROR f/o/e: ValueError: no",
        "UNSUPPORTED f/o/u: mine has no such operator",
        "MISSING f/o/m: no golden",
    ]


def test_the_summary_of_nothing() -> None:
    assert summary({}, {}, {}) == "0 passed, 0 failed, 0 unsupported"


def test_the_summary_of_everything() -> None:
    text = summary(
        {verdict: number for number, verdict in enumerate(Verdict, start=1)},
        {Stage.EVAL: 1, Stage.BACKWARD: 2},
        {NoiseMode.INJECT: 3, NoiseMode.DERIVED: 1},
    )
    assert text == (
        "stage eval is not offered in 1 case that otherwise passed or failed\n"
        "stage backward is not offered in 2 cases that otherwise passed or failed\n"
        "3 cases judged under torch's noise, injected\n"
        "1 case judged under the noise derived from its output\n"
        "1 passed, 2 failed, 3 raised an error, 4 crashed, 5 timed out, 7 without a usable golden, 8 stale, "
        "9 expected fail, 10 unexpected pass, 6 unsupported"
    )


def test_a_drift_in_words() -> None:
    drifts = [
        ArrayDrift(case_id="f/o/a", key="forward/output", change=Change.IDENTICAL),
        ArrayDrift(case_id="f/o/a", key="eval/output", change=Change.WITHIN, ratio=2.5),
        ArrayDrift(case_id="f/o/b", key="eval/output", change=Change.BEYOND, ratio=306.2),
        ArrayDrift(case_id="f/o/c", key="noise/mask", change=Change.NOISE),
    ]
    assert describe_drift(drifts, "torch-2.13.0") == (
        "4 arrays against torch-2.13.0:\n"
        "       1 identical\n"
        "       1 within the bound\n"
        "       1 beyond the bound\n"
        "       1 noise changed\n"
        "  largest error ratio 306: f/o/b eval/output\n"
        "  beyond the bound: f/o/b eval/output (error ratio 306)\n"
        "  noise changed: f/o/c noise/mask"
    )


def test_a_long_drift_is_cut() -> None:
    drifts = [ArrayDrift(case_id=f"f/o/{i}", key="eval/output", change=Change.GONE) for i in range(23)]
    text = describe_drift(drifts, "torch-2.13.0")
    assert text.endswith("  gone: f/o/19 eval/output\n  ... and 3 more")


# -- counts


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([], 3), (["UNSUPPORTED"], 3), (["PASS"], 0), (["PASS", "UNSUPPORTED"], 0), (["EXPECTED_FAIL"], 0),
        (["PASS", "FAIL"], 1), (["PASS", "ERROR"], 1), (["CRASH"], 1), (["TIMEOUT"], 1),
        (["PASS", "UNEXPECTED_PASS"], 1), (["PASS", "MISSING"], 4), (["FAIL", "STALE"], 4),
    ],
)  # fmt: skip
def test_exit_codes(verdicts: list[str], code: int) -> None:
    assert tally_of(*(result(Verdict(verdict)) for verdict in verdicts)).exit_code == code


def test_every_verdict_has_an_exit_code_of_its_own_accord() -> None:
    fine = {Verdict.PASS, Verdict.EXPECTED_FAIL}
    assert {verdict for verdict in Verdict if tally_of(result(verdict)).exit_code == 0} == fine


def test_stages_that_are_not_offered_count_only_where_a_case_was_judged() -> None:
    missing = {Stage.EVAL: "none"}
    tally = tally_of(result(Verdict.PASS, unsupported=missing), result(Verdict.UNSUPPORTED, unsupported=missing))
    assert tally.partial == {Stage.EVAL: 1}


# -- a terminal


def terminal(*results: Result, verbose: bool = False) -> str:
    out = io.StringIO()
    report = TerminalReport(out, verbose=verbose)
    report.start("mine 1.0", "torch-2.13.0")
    for item in results:
        report.add(item)
    report.finish(tally_of(*results))
    return out.getvalue()


def test_a_run_on_a_terminal() -> None:
    assert terminal(*RESULTS) == (
        "Replaying mine 1.0 against the goldens of torch-2.13.0\n"
        f"{describe(FAILED)}\n"
        "ERROR f/o/e (cases/f/o.yaml:7:11)\n"
        "  ValueError: no\n"
        "    at ops.py:3 in f: raise\n"
        "MISSING f/o/m (cases/f/o.yaml:7:11)\n"
        "  no golden\n"
        "UNSUPPORTED: mine has no such operator: f/o (1)\n"
        "stage backward is not offered in 1 case that otherwise passed or failed\n"
        "1 passed, 1 failed, 1 raised an error, 1 without a usable golden, 1 unsupported\n"
    )


def test_a_verbose_run_tells_of_every_case() -> None:
    text = terminal(*RESULTS, verbose=True)
    for item in RESULTS:
        assert describe(item) in text


def test_a_note_is_told() -> None:
    assert "note: f/o/a: the text differs\n" in terminal(result(Verdict.PASS, note="the text differs"))


def test_many_failures_are_one_line_each() -> None:
    text = terminal(*(replace(FAILED, id=f"f/o/{i}") for i in range(25)))
    assert text.count("conforms:") == 20
    assert text.count(f"\n{headline(replace(FAILED, id='f/o/24'))}\n") == 1
    assert "\n(5 of these in one line each; --verbose tells all in full)\n" in text


# -- JSON lines


def test_a_run_as_json_lines() -> None:
    out = io.StringIO()
    write_header(out, implementation="mine", version="1.0", golden="torch-2.13.0", harness="0.1.0")
    write_result(out, replace(RESULTS[0], noise_mode=NoiseMode.INJECT))
    write_footer(out, tally_of(RESULTS[0]))
    assert out.getvalue() == (
        '{"report": 1, "harness": "0.1.0", "implementation": "mine", "version": "1.0", "golden": "torch-2.13.0", '
        '"limit": 8.0}\n'
        '{"id": "f/o/p", "verdict": "PASS", "where": "cases/f/o.yaml:7:11", "message": "", "note": "", '
        '"noise": "inject", "unsupported": {"backward": "none"}, '
        '"outputs": [{"stage": "eval", "name": "output", "level": "ok", "ratio": 0.5, "total": 6}], "seconds": 0.25}\n'
        '{"cases": 1, "verdicts": {"PASS": 1}, "exit_code": 0}\n'
    )


def test_a_failure_as_json_holds_every_field() -> None:
    out = io.StringIO()
    write_result(out, FAILED)
    row = json.loads(out.getvalue())["outputs"][1]
    assert row.keys() == set(Difference.__dataclass_fields__)
    assert (row["first"], row["worst"], row["stage"], row["bound"]) == ([0, 1], [1, 2], "backward", 0.015625)


def test_nan_and_inf_are_words_in_json() -> None:
    out = io.StringIO()
    write_result(out, replace(FAILED, differences=(replace(WRONG, ratio=math.inf, actual=-math.inf, ulps=math.nan),)))
    row = json.loads(out.getvalue(), parse_constant=pytest.fail)["outputs"][0]
    assert (row["ratio"], row["actual"], row["ulps"]) == ("inf", "-inf", "nan")


@given(st.text())
def test_any_message_is_one_json_line(message: str) -> None:
    out = io.StringIO()
    write_result(out, result(Verdict.ERROR, message))
    assert out.getvalue().count("\n") == 1
    assert json.loads(out.getvalue())["message"] == message


# -- JUnit


def junit(path: Path, *results: Result, suite: str = "mine against torch-2.13.0") -> str:
    with path.open("w", encoding="utf-8") as out:
        writer = JUnitWriter(out, suite=suite)
        for item in results:
            writer.add(item)
        writer.close(tally_of(*results))
    return path.read_text(encoding="utf-8")


def test_a_run_as_junit(tmp_path: Path) -> None:
    text = junit(tmp_path / "j.xml", RESULTS[0], RESULTS[3], RESULTS[4])
    head, _, rest = text.partition(">" + " " * 20)
    assert head == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<testsuite name="mine against torch-2.13.0" tests="3" failures="0" errors="1" skipped="1"'
    )
    assert rest.lstrip(" ") == (
        "\n"
        '  <testcase classname="f/o" name="p" time="0.250000"/>\n'
        '  <testcase classname="f/o" name="u" time="0.000000">\n'
        '    <skipped type="UNSUPPORTED" message="mine has no such operator"></skipped>\n'
        "  </testcase>\n"
        '  <testcase classname="f/o" name="m" time="0.000000">\n'
        '    <error type="MISSING" message="no golden">MISSING f/o/m (cases/f/o.yaml:7:11)\n'
        "  no golden</error>\n"
        "  </testcase>\n"
        "</testsuite>\n"
    )


def test_the_body_of_a_failure_is_its_description(tmp_path: Path) -> None:
    suite = ET.fromstring(junit(tmp_path / "j.xml", FAILED))  # noqa: S314 - our own text
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.text == describe(FAILED)
    assert failure.get("message", "").startswith("backward/grad_input: 2 of 6 elements differ")


def test_the_counts_are_those_of_the_cases(tmp_path: Path) -> None:
    suite = ET.fromstring(junit(tmp_path / "j.xml", *RESULTS))  # noqa: S314 - our own text
    assert suite.attrib == {
        "name": "mine against torch-2.13.0", "tests": "5", "failures": "1", "errors": "2", "skipped": "1",
    }  # fmt: skip
    assert [len(suite.findall(f"testcase/{tag}")) for tag in ("failure", "error", "skipped")] == [1, 2, 1]


@given(st.text(), st.sampled_from([Verdict.ERROR, Verdict.FAIL, Verdict.UNSUPPORTED]))
@example("\x00\x1b[31m\ufffe\uffff]]> & < \" ' \x85\u2028", Verdict.ERROR)
@example("\n", Verdict.ERROR)
@example("\x1c", Verdict.FAIL)
def test_any_message_is_well_formed_xml(
    tmp_path_factory: pytest.TempPathFactory, message: str, verdict: Verdict
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.xml"
    junit(path, result(verdict, message), suite=f"é {message}")
    suite = ET.parse(path).getroot()  # noqa: S314 - our own text
    assert len(suite.findall("testcase")) == 1


def test_a_lone_surrogate_is_well_formed_xml(tmp_path: Path) -> None:
    junit(tmp_path / "j.xml", result(Verdict.ERROR, "a file named \udcff"))
    assert ET.parse(tmp_path / "j.xml").getroot().get("tests") == "1"  # noqa: S314 - our own text
