"""Every fault costs its own case and one restart; its neighbours pass."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest

import harness.wire
from harness.cli_options import limit_options
from harness.errors import GivenUp, UsageError
from harness.goldens import REFERENCE, open_goldens
from harness.implementation import load_implementation
from harness.locations import default_cases, default_goldens
from harness.model import Limits, Result, Verdict
from harness.replay import replay
from harness.session import make_judge
from harness.wire import Program

#: starts hundreds of processes
pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
WORKER = f"exec:{shlex.quote(sys.executable)} {HERE.parent}/harness/worker.py {HERE}/faults/plugin.py"
#: `neg` misbehaves, the other two are its neighbours
CASES = ("elementwise/abs/small", "elementwise/neg/small", "elementwise/square/small")


@contextmanager
def program(name: str, limits: Limits) -> Iterator[Program]:
    found = load_implementation(name, limits)
    assert isinstance(found, Program)
    try:
        yield found
    finally:
        found.stop()


def judged(name: str, limits: Limits) -> tuple[list[Result], int]:
    """Return the results of the three cases, and how often the program was started."""
    with program(name, limits) as found:
        results = list(replay(make_judge(found), default_cases(), CASES, open_goldens(default_goldens(), REFERENCE)))
        return results, found.starts


def check(name: str, verdict: Verdict, words: str, *, restarts: int, limits: Limits) -> str:
    results, starts = judged(name, limits)
    middle = results[1]
    assert [result.verdict for result in results] == [Verdict.PASS, verdict, Verdict.PASS], middle.message
    assert words in middle.message
    assert starts == 1 + restarts
    return middle.message


FAULTS = [
    ("segfault", Verdict.CRASH, "killed by SIGSEGV before it answered\nstderr: Fatal Python error: Segmentation fault"),
    ("os._exit", Verdict.CRASH, "ended with exit code 5 before it answered"),
    ("abort", Verdict.CRASH, "killed by SIGABRT before it answered"),
    ("sigkill", Verdict.CRASH, "killed by SIGKILL before it answered"),
    ("signal to the group", Verdict.CRASH, "killed by SIGTERM before it answered"),
    ("last words", Verdict.CRASH, "ended with exit code 7 before it answered\nstderr: first\nstderr: last words"),
    ("closes all", Verdict.CRASH, "ended with exit code 1"),
    ("sleeps", Verdict.TIMEOUT, "no answer within 1 s"),
    ("ignores sigterm", Verdict.TIMEOUT, "no answer within 1 s"),
    ("holds the gil", Verdict.TIMEOUT, "no answer within 1 s"),
    ("sleeps in C", Verdict.TIMEOUT, "no answer within 1 s"),
    ("endless stderr", Verdict.TIMEOUT, "no answer within 1 s\nstderr: "),
    ("many threads", Verdict.TIMEOUT, "no answer within 1 s"),
]


@pytest.mark.parametrize(("fault", "verdict", "words"), FAULTS, ids=[fault for fault, *_ in FAULTS])
def test_a_plug_in_that_takes_its_process_down(
    fault: str, verdict: Verdict, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_FAULT", fault)
    check(WORKER, verdict, words, restarts=1, limits=Limits(seconds=1))


@pytest.mark.parametrize("fault", ["prints", "much stderr", "closes stdout", "reads stdin"])
def test_what_a_plug_in_does_with_its_streams_does_no_harm(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_FAULT", fault)
    check(WORKER, Verdict.PASS, "", restarts=0, limits=Limits(seconds=20))


@pytest.mark.parametrize(("fault", "words"), [("sys.exit", "SystemExit: 3"), ("keyboard interrupt", "KeyboardInter")])
def test_what_a_plug_in_raises_is_its_error_and_no_restart(
    fault: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_FAULT", fault)
    check(WORKER, Verdict.ERROR, words, restarts=0, limits=Limits(seconds=20))


def test_memory_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_FAULT", "hogs memory")
    check(WORKER, Verdict.ERROR, "Unable to allocate 32.0 GiB", restarts=0, limits=Limits(seconds=20, memory=4 << 30))


def test_a_child_that_is_left_behind_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HARNESS_FAULT", "leaves a child")
    monkeypatch.setenv("HARNESS_CHILD", str(tmp_path / "pid"))
    check(WORKER, Verdict.CRASH, "killed by SIGABRT", restarts=1, limits=Limits(seconds=20))
    child = int((tmp_path / "pid").read_text())
    for _ in range(100):
        if not is_running(child):
            return
        time.sleep(0.05)
    pytest.fail("the child still runs")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def test_a_python_implementation_is_isolated_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_FAULT", "segfault")
    name = str(HERE / "faults" / "plugin.py")
    text = check(name, Verdict.CRASH, "killed by SIGSEGV", restarts=1, limits=Limits(isolate=True))
    assert "plugin.py" in text  # where it happened


# -- programs with bytes of their own


def raw(fault: str) -> str:
    return f"exec:{shlex.quote(sys.executable)} {HERE}/faults/program.py {shlex.quote(fault)}"


BYTES = [
    ("claims 100 GB", Verdict.ERROR, "a message of 107374182400 bytes; at most "),
    ("streams", Verdict.ERROR, "it answered a message of 72057594054705152 bytes; at most"),
    ("half a message", Verdict.TIMEOUT, "no answer within 1 s ("),
    ("half a message, then the end", Verdict.CRASH, "ended with exit code 0 in the middle of a message"),
    ("claims what fits and sends nothing", Verdict.TIMEOUT, "no answer within 1 s (17 bytes have come: "),
    ("closes its stdout", Verdict.ERROR, "it closed its end of the pipe before it answered"),
    ("late", Verdict.TIMEOUT, "no answer within 1 s"),
    ("stale", Verdict.ERROR, "it answered question 1, and was asked question 2"),
    ("another question", Verdict.ERROR, "it answered question 1, and was asked question 2"),
    ("twice", Verdict.ERROR, "bytes more than one message"),
    ("prints", Verdict.ERROR, "it answered what is no message: found 'Hello world\\n"),
    ("prints one letter", Verdict.ERROR, "a header that is no JSON object"),
    ("no JSON", Verdict.ERROR, "a header that is no JSON: Expecting property name"),
    ("deep JSON", Verdict.ERROR, "a header that is no JSON"),
    ("no message", Verdict.ERROR, 'a header without "__metadata__": {"message": "<JSON>"}'),
    ("not an object", Verdict.ERROR, 'a message without a "type"'),
    ("header beyond the end", Verdict.ERROR, "a message of 20 bytes with a header of 1099511627776"),
    ("offsets outside", Verdict.ERROR, "'forward/output' is described wrongly: F32 [3] at 0:12 of 4 bytes"),
    ("offsets negative", Verdict.ERROR, "its shape or offsets are no counts"),
    ("offsets overlap", Verdict.ERROR, "tensors that overlap at byte 2"),
    ("a gap", Verdict.ERROR, "tensors that leave a gap at byte 0"),
    ("more data", Verdict.ERROR, "tensors of 4 bytes, and 8 bytes of data"),
    ("shape of another size", Verdict.ERROR, "F32 [2] at 0:4 of 4 bytes"),
    ("shape of many axes", Verdict.ERROR, "its shape or offsets are no counts"),
    ("shape too large for zero", Verdict.ERROR, "'forward/output' is described wrongly"),
    ("dtype unknown", Verdict.ERROR, "'forward/output' is described wrongly: KeyError: 'F31'"),
    ("boolean 2", Verdict.ERROR, "holds a byte that is neither 0 nor 1"),
    ("no fields", Verdict.ERROR, "'forward/output' is described wrongly: TypeError"),
    ("wrong key", Verdict.ERROR, "a tensor 'output'; expected one of forward, backward, eval or noise before the '/'"),
    ("unknown type", Verdict.ERROR, "a message of type 'answer'; expected outputs, unsupported or error"),
    ("unsupported without a reason", Verdict.ERROR, "a message of type 'unsupported' whose \"reason\" is None"),
    ("unsupported of another stage", Verdict.ERROR, "expected a reason for each of some of forward, backward, eval"),
]


@pytest.mark.parametrize(("fault", "verdict", "words"), BYTES, ids=[fault for fault, *_ in BYTES])
def test_a_program_that_answers_wrongly(fault: str, verdict: Verdict, words: str) -> None:
    check(raw(fault), verdict, words, restarts=1, limits=Limits(seconds=1))


def test_an_error_costs_no_restart() -> None:
    check(raw("an error"), Verdict.ERROR, "no device", restarts=0, limits=Limits(seconds=20))


HELLOS = [
    ("dies", "ended with exit code 1 before it answered stderr: no device"),
    ("greets", "found 'Welcome!\\n'"),
    ("protocol 2", "it answered protocol 2; this harness speaks protocol 1"),
    ("nameless", 'a hello whose "name" is None'),
    ("dtype", "a hello whose \"dtypes\" names 'float31'; expected some of float64, "),
    ("silent", "no answer within 1 s"),
]


@pytest.mark.parametrize(("fault", "words"), HELLOS, ids=[fault for fault, _ in HELLOS])
def test_a_program_that_does_not_say_hello(fault: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness.wire, "PATIENCE", 1.0)
    with pytest.raises(UsageError) as caught:
        load_implementation(raw(fault), Limits(seconds=1))
    assert words in str(caught.value)
    assert "did not say hello" in str(caught.value)


def test_a_program_that_cannot_start_again_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HARNESS_CHILD", str(tmp_path / "died"))
    with program(raw("not again"), Limits(seconds=20)) as found:
        judge = make_judge(found)
        goldens = open_goldens(default_goldens(), REFERENCE)
        verdicts = [result.verdict for result in replay(judge, default_cases(), CASES, goldens)]
        assert verdicts == [Verdict.PASS, Verdict.CRASH, Verdict.CRASH]
        with pytest.raises(GivenUp, match="failed to start again 3 times in a row"):
            list(replay(judge, default_cases(), ["elementwise/square"], goldens))


def test_nothing_is_left_open() -> None:
    before = {path.name for path in Path("/proc/self/fd").iterdir()}
    judged(raw("an error"), Limits(seconds=20))
    assert {path.name for path in Path("/proc/self/fd").iterdir()} == before


def test_bye_ends_a_program_with_0() -> None:
    with program(raw("an error"), Limits(seconds=20)) as found:
        assert found.close() == 0


# -- on the command line and in pytest


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], capture_output=True, text=True, check=False, cwd=HERE.parent
    )


def test_a_crash_is_told_everywhere_and_is_exit_1(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HARNESS_FAULT", "last words")
    plugin = f"{HERE}/faults/plugin.py"
    reports = ["--json", str(tmp_path / "r.jsonl"), "--junit", str(tmp_path / "r.xml")]
    done = command("harness", "replay", plugin, *CASES, "--isolate", "--jobs", "2", *reports)
    assert done.returncode == 1, done.stderr
    assert f"CRASH {CASES[1]} (" in done.stdout
    assert "  ended with exit code 7 before it answered\n  stderr: first\n  stderr: last words\n" in done.stdout
    assert done.stdout.splitlines()[-1] == "2 passed, 0 failed, 1 crashed, 0 unsupported"
    assert '"verdict": "CRASH"' in (tmp_path / "r.jsonl").read_text()
    assert '<error type="CRASH" message="ended with exit code 7' in (tmp_path / "r.xml").read_text()


def test_a_timeout_implies_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_FAULT", "holds the gil")
    done = command("harness", "replay", f"{HERE}/faults/plugin.py", *CASES, "--timeout", "1")
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1] == "2 passed, 0 failed, 1 timed out, 0 unsupported"


def test_show_and_pytest_ask_a_program(tmp_path: Path) -> None:
    shown = command("harness", "show", CASES[0], "-i", raw("an error"))
    assert shown.returncode == 0, shown.stderr
    selected = [word for case in CASES for word in ("--golden-cases", case)]
    done = command(
        "pytest", "-q", "-p", "no:cacheprovider", "--implementation", raw("an error"), *selected, str(tmp_path)
    )
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert "no device" in done.stdout


@pytest.mark.parametrize("name", ["exec:/bin/false", "nowhere/ops.py"])
def test_what_does_not_start_is_exit_2(name: str) -> None:
    done = command("harness", "replay", name, CASES[0], "--isolate")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"harness: {name}: did not say hello: ended with exit code ")


@pytest.mark.parametrize(("text", "size"), [("4GiB", 4 << 30), ("1.5K", 1500), ("100", 100), ("2mb", 2_000_000)])
def test_a_size(text: str, size: int) -> None:
    found = []

    @click.command()
    @limit_options
    def taken(limits: Limits) -> int:
        found.append(limits.memory)
        return 0

    taken.main(["--memory-limit", text], standalone_mode=False)
    assert found == [size]
    with pytest.raises(click.BadParameter, match="is no size; write it as 4GiB or 500MB"):
        taken.main(["--memory-limit", "much"], standalone_mode=False)
