"""Accepting: whole or not at all, and case files keep every comment."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from test_record import CASES, Reference, accepted, folders, moved, recorded

from harness.accept import accept
from harness.casefile import read_case_file
from harness.errors import GoldenError, NothingSelected
from harness.goldens import open_goldens
from harness.pending import pending_folder

__all__ = ["folders"]  # a fixture

COMMENTED = """\
# A comment above.
summary: L1 penalty, for the tests of accepting.   # beside
reference: harness.reference.regularization.l1_penalty
stages: [forward]
cases:
  # about the case
  - name: block
    params: {lambd: 0.5}
    inputs: {weight: {value: [1, -2]}}
    transcript:
      options: {precision: 3}
      expect: |  # the number
        forward/output :
         99

  # between the cases

  - name: quoted
    params: {lambd: 1.0}
    inputs: {weight: {value: [4]}}
    transcript:
      expect: ""   # not yet
      layout: "{forward/output}"
  - name: flow
    params: {lambd: 2.0}
    inputs: {weight: {value: [4]}}
    transcript: {expect: "", layout: "{forward/output}"}   # behind
# the end
"""


def load_all(root: Path) -> int:
    """Read every array of the goldens; raises when anything is not whole."""
    goldens = open_goldens(root)
    count = 0
    for path in goldens.operators():
        operator = goldens.operator(path)
        for case in operator.cases():
            count += len(operator.arrays_of(case))
    return count


def test_only_the_selected_cases_are_accepted(folders: tuple[Path, Path]) -> None:
    recorded(folders)
    accept(folders[1], "torch-2.13.0", ("family/l1_penalty/plain",), cases_root=folders[0])
    assert open_goldens(folders[1]).case_ids() == ["family/l1_penalty/plain"]
    accept(folders[1], "torch-2.13.0", (), cases_root=folders[0])
    assert len(open_goldens(folders[1]).case_ids()) == 3
    assert not (folders[1] / "torch-2.13.0.new").exists()


def test_nothing_pending_is_said(folders: tuple[Path, Path]) -> None:
    with pytest.raises(NothingSelected, match=r"nothing is pending for torch-2\.13\.0; `harness record`"):
        accept(folders[1], "torch-2.13.0", (), cases_root=folders[0])


def test_a_pattern_that_matches_nothing_pending_is_said(folders: tuple[Path, Path]) -> None:
    recorded(folders)
    with pytest.raises(NothingSelected, match="no pending case matches"):
        accept(folders[1], "torch-2.13.0", ("family/none",), cases_root=folders[0])


def test_what_was_accepted_is_told_in_the_words_of_record(folders: tuple[Path, Path]) -> None:
    accepted(folders)
    (folders[0] / "family" / "dropout.yaml").unlink()
    recorded(folders, Reference(change=moved(5000.0)))
    done = accept(folders[1], "torch-2.13.0", (), cases_root=folders[0])
    assert str(done) == "1 case, 0 transcripts and 1 removal"
    assert (len(done.cases), done.changed, done.gone) == (2, ("family/l1_penalty/plain",), ("family/dropout/plain",))


def test_nothing_waits_any_more_once_all_that_changes_is_accepted(folders: tuple[Path, Path]) -> None:
    accepted(folders)
    recorded(folders, Reference(change=moved(5000.0)))
    accept(folders[1], "torch-2.13.0", ("family/*/plain",), cases_root=folders[0])
    assert not pending_folder(folders[1], "torch-2.13.0").exists()


# -- a pending recording that is not whole


@pytest.mark.parametrize("patterns", [(), ("family/dropout",)])
def test_goldens_stay_when_the_pending_manifest_is_gone(folders: tuple[Path, Path], patterns: tuple[str, ...]) -> None:
    accepted(folders)
    before = (folders[1] / "torch-2.13.0" / "MANIFEST").read_bytes()
    recorded(folders, Reference(change=moved(5000.0)))
    (pending_folder(folders[1], "torch-2.13.0") / "MANIFEST").unlink()
    with pytest.raises(GoldenError) as caught:
        accept(folders[1], "torch-2.13.0", patterns, cases_root=folders[0])
    assert caught.value.exit_code == 4
    assert "has nothing of 'family/dropout/plain'" in str(caught.value)
    assert "`harness record` makes the recording anew" in str(caught.value)
    assert (folders[1] / "torch-2.13.0" / "MANIFEST").read_bytes() == before
    assert load_all(folders[1]) > 0


def test_an_array_that_the_pending_manifest_lost_is_named(folders: tuple[Path, Path]) -> None:
    recorded(folders)
    manifest = pending_folder(folders[1], "torch-2.13.0") / "MANIFEST"
    rows = manifest.read_text().splitlines(keepends=True)
    manifest.write_text("".join(row for row in rows if not row.startswith("family/l1_penalty/plain/forward/")))
    with pytest.raises(GoldenError, match="array 'plain/forward/output' is not the array that MANIFEST names"):
        accept(folders[1], "torch-2.13.0", (), cases_root=folders[0])


def test_a_pending_recording_whose_removal_was_interrupted_is_none(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder's removal stops after its first file, MANIFEST: what is left cannot be accepted."""
    accepted(folders)
    recorded(folders, Reference(change=moved(5000.0)))
    pending = pending_folder(folders[1], "torch-2.13.0")
    rmtree = shutil.rmtree

    def stopped(path: Path, *, ignore_errors: bool = False) -> None:
        if path == pending:
            (path / "MANIFEST").unlink()
            raise KeyboardInterrupt
        rmtree(path, ignore_errors=ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", stopped)
    with pytest.raises(KeyboardInterrupt):
        accept(folders[1], "torch-2.13.0", (), cases_root=folders[0])
    monkeypatch.undo()
    assert pending.exists()
    with pytest.raises(NothingSelected, match="nothing is pending"):
        accept(folders[1], "torch-2.13.0", (), cases_root=folders[0])
    assert load_all(folders[1]) > 0


def test_transcripts_change_only_their_own_bytes(folders: tuple[Path, Path]) -> None:
    path = folders[0] / "family" / "l1_penalty.yaml"
    path.write_text(COMMENTED)
    accepted(folders)
    expected = (
        COMMENTED.replace(
            "forward/output :\n         99",
            "inputs/weight :\n         [ 1. -2.]\n        forward/output :\n         1.5",
        )
        .replace('expect: ""   # not yet\n', "expect: |   # not yet\n        4.\n")
        .replace('expect: "", layout', 'expect: "8.", layout')
    )
    assert path.read_text() == expected
    texts = [case.transcript.expect for case in read_case_file(path, folders[0]) if case.transcript]
    assert texts == ["inputs/weight :\n [ 1. -2.]\nforward/output :\n 1.5\n", "4.\n", "8."]


@pytest.mark.parametrize("step", range(4))
def test_an_accept_that_is_interrupted_leaves_goldens_whole(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Each rename of an accept fails in turn: the old goldens or the new ones can be read, and the next one works."""
    accepted(folders)
    recorded(folders, Reference(change=moved(5000.0)))
    rename, calls = Path.rename, []

    def failing(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) > step:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    if step < 3:
        with pytest.raises(KeyboardInterrupt):
            accept(folders[1], "torch-2.13.0", (), cases_root=folders[0])
    else:
        accept(folders[1], "torch-2.13.0", (), cases_root=folders[0])
    monkeypatch.undo()
    assert load_all(folders[1]) > 0
    recorded(folders, Reference(change=moved(9000.0)))
    accept(folders[1], "torch-2.13.0", (), cases_root=folders[0])
    assert load_all(folders[1]) > 0


def _accept_for_ever(cases: Path, goldens: Path) -> None:
    for number in range(1000):
        recorder = recorded((cases, goldens), Reference(change=moved(1000.0 * (number % 7 + 1))))
        if recorder.found.differs:  # a process before this one may have been killed just after accepting the same
            accept(goldens, "torch-2.13.0", (), cases_root=cases)


@pytest.mark.skipif(not hasattr(os, "kill"), reason="needs signals")
def test_a_kill_at_any_moment_leaves_goldens_whole(folders: tuple[Path, Path]) -> None:
    accepted(folders)
    context = multiprocessing.get_context("fork")
    for round_number in range(8):
        process = context.Process(target=_accept_for_ever, args=folders)
        process.start()
        time.sleep(0.05 + 0.013 * round_number)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert load_all(folders[1]) > 0


def test_the_cases_of_the_tests_are_what_they_say() -> None:
    assert CASES.count("- name:") == 2
