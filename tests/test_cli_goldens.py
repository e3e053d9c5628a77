"""record, accept and drift as commands: what they print, and their exit codes; the reference is made of NumPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from test_record import LAW, Reference, accepted, folders, moved

from harness.cli import harness as command
from harness.model import Call, Outputs

__all__ = ["folders"]  # a fixture

Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def run(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs a command with a reference in the place of torch; exit code and lines printed."""

    def run_with(*arguments: str, torch: Reference | None = None) -> tuple[int, list[str]]:
        monkeypatch.setattr("harness.implementation.load_implementation", lambda _name: torch or Reference())
        where = ["--cases-dir", str(folders[0]), "--golden-dir", str(folders[1])]
        code = command.main([*arguments, *where], standalone_mode=False)
        return code, capsys.readouterr().out.splitlines()

    return run_with


def test_record_then_accept_say_the_same(folders: tuple[Path, Path], run: Run) -> None:
    waiting = "3 cases, 0 transcripts and 0 removals"
    code, lines = run("record")
    assert (code, lines[0]) == (0, "Recording torch-2.13.0")
    assert lines[-1] == f"{waiting} are pending: `harness accept` makes them the goldens"
    assert run("accept") == (0, [f"{waiting} accepted into {folders[1] / 'torch-2.13.0'}"])
    assert run("record")[1][-1] == "nothing differs from the goldens"


def test_only_what_changes_is_said_to_be_accepted(folders: tuple[Path, Path], run: Run) -> None:
    accepted(folders)
    (folders[0] / "family" / "dropout.yaml").unlink()
    run("record", torch=Reference(change=moved(5000.0)))
    code, lines = run("accept")
    assert (code, lines) == (0, [f"1 case, 0 transcripts and 1 removal accepted into {folders[1] / 'torch-2.13.0'}"])


def test_a_loud_change_is_exit_1_until_it_is_accepted(folders: tuple[Path, Path], run: Run) -> None:
    accepted(folders)
    changed = Reference(change=moved(5000.0))
    assert run("record", torch=changed)[0] == 1
    assert run("record", "--check", torch=changed)[0] == 1
    code, lines = run("record", "--accept", torch=changed)
    assert code == 0
    assert any("beyond the bound: family/l1_penalty/plain forward/output" in line for line in lines)
    assert lines[-1] == f"2 cases, 0 transcripts and 0 removals accepted into {folders[1] / 'torch-2.13.0'}"


def test_another_version_that_draws_other_noise_than_it_did_is_accepted(folders: tuple[Path, Path], run: Run) -> None:
    accepted(folders)
    accepted(folders, Reference("1.13.1"))

    class OtherSeed(Reference):
        def run(self, call: Call) -> Outputs:
            return LAW.run(replace(call, noise_seed=call.noise_seed + 1))

    assert run("record", torch=OtherSeed("1.13.1"))[0] == 1
    code, lines = run("record", "--accept", torch=OtherSeed("1.13.1"))
    assert code == 0
    assert "noise changed" in "\n".join(lines)
    assert lines[-1].endswith(f"accepted into {folders[1] / 'torch-1.13.1'}")


def test_a_case_that_cannot_be_recorded_is_exit_1_and_nothing_is_accepted(folders: tuple[Path, Path], run: Run) -> None:
    accepted(folders)

    def fail(call: Call, outputs: Outputs) -> Outputs:
        if call.operator == "dropout":
            raise ValueError("no")
        return moved(5000.0)(call, outputs)

    code, lines = run("record", "--accept", torch=Reference(change=fail))
    assert code == 1
    assert lines[-1] == "1 case, 0 transcripts and 0 removals are pending: `harness accept` makes them the goldens"


def test_what_an_earlier_recording_left_pending_is_counted(folders: tuple[Path, Path], run: Run) -> None:
    accepted(folders)
    run("record", torch=Reference(change=moved(5000.0)))
    _, lines = run("record", "family/l1_penalty/plain", torch=Reference(change=moved(9000.0)))
    assert lines[-2:] == [
        "1 case, 0 transcripts and 0 removals of an earlier recording stay pending",
        "2 cases, 0 transcripts and 0 removals are pending: `harness accept` makes them the goldens",
    ]
    code, lines = run("record", "family/l1_penalty/plain")
    assert code == 0
    assert lines[-3:] == [
        "nothing differs from the goldens",
        "1 case, 0 transcripts and 0 removals of an earlier recording stay pending",
        "1 case, 0 transcripts and 0 removals are pending: `harness accept` makes them the goldens",
    ]


def test_drift_against_a_reference_recorded_anew_is_exit_4(folders: tuple[Path, Path], run: Run) -> None:
    accepted(folders)
    accepted(folders, Reference("1.13.1"))
    code, lines = run("drift", "2.13.0", "1.13.1")
    assert (code, lines) == (0, ["torch-1.13.1: 14 arrays against torch-2.13.0:", "      14 identical"])
    accepted(folders, Reference(change=moved(1.0)))
    code, lines = run("drift", "2.13.0", "1.13.1")
    assert code == 4
    assert lines[1:4] == [
        "       4 identical",
        "      10 stale: recorded over another reference",
        "  stale: recorded over another reference: family/dropout/plain backward/grad_input",
    ]
