"""What waits for `accept`: words, selection, and a folder that is not whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import GoldenError
from harness.goldenfile import MANIFEST, Line, write_manifest
from harness.goldens import RECORD
from harness.pending import PENDING, Pending, read_pending, remove_pending, write_pending

ALL = Pending(cases=("f/o/a", "f/o/b"), changed=("f/o/a",), gone=("f/o/c",), transcripts={"f/o/a": "text"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "torch-2.13.0.new"
    path.mkdir()
    write_manifest(path / MANIFEST, {"f/o": [Line("a", "case", "-", "text"), Line("b", "absent", "-", "text")]})
    (path / RECORD).write_text("{}")
    write_pending(path, ALL)
    return path


def test_it_is_told_by_what_changes() -> None:
    assert str(ALL) == "1 case, 1 transcript and 1 removal"
    assert str(Pending(cases=("f/o/a",))) == "0 cases, 0 transcripts and 0 removals"
    assert [ALL.differs, Pending(cases=("f/o/a",)).differs] == [True, False]


def test_it_is_divided_and_joined_by_case() -> None:
    one, other = ALL.only(lambda case_id: case_id == "f/o/a"), ALL.only(lambda case_id: case_id != "f/o/a")
    assert one == Pending(cases=("f/o/a",), changed=("f/o/a",), transcripts={"f/o/a": "text"})
    assert other == Pending(cases=("f/o/b",), gone=("f/o/c",))
    assert one.joined(other) == ALL


def test_it_comes_back_as_it_was_written(folder: Path) -> None:
    assert read_pending(folder) == ALL


def test_without_its_list_it_is_no_pending_recording(folder: Path) -> None:
    (folder / PENDING).unlink()
    assert read_pending(folder) is None
    remove_pending(folder)
    assert read_pending(folder) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ("\xff", "not JSON"),
        ("[]", "not a JSON object: found a list"),
        ("null", "not a JSON object: found a NoneType"),
        ("{}", "does not say what is pending"),
        ('{"cases": 1, "changed": [], "gone": [], "transcripts": {}}', "does not say what is pending"),
        ('{"cases": [[]], "changed": [], "gone": [], "transcripts": {}}', "does not say what is pending"),
        ('{"cases": [], "changed": [], "gone": [], "transcripts": {"a": 1}}', "does not say what is pending"),
    ],
)
def test_a_damaged_list_is_an_error(folder: Path, text: str, problem: str) -> None:
    (folder / PENDING).write_bytes(text.encode("latin-1"))
    with pytest.raises(GoldenError) as caught:
        read_pending(folder)
    assert str(caught.value).startswith(f"{folder / PENDING}: {problem}")
    assert str(caught.value).endswith("; `harness record` makes the recording anew")


def test_a_case_that_manifest_does_not_hold_is_an_error(folder: Path) -> None:
    write_manifest(folder / MANIFEST, {"f/o": [Line("a", "case", "-", "text")]})
    with pytest.raises(GoldenError, match=r"MANIFEST: the pending recording has nothing of 'f/o/b'"):
        read_pending(folder)


def test_a_recording_without_provenance_is_an_error(folder: Path) -> None:
    (folder / RECORD).unlink()
    with pytest.raises(GoldenError, match=r"RECORD\.json: the pending recording lacks this file"):
        read_pending(folder)


@pytest.mark.parametrize("text", ["{", "[]", '{"absent": []}'])
def test_a_damaged_provenance_is_an_error(folder: Path, text: str) -> None:
    (folder / RECORD).write_text(text)
    with pytest.raises(GoldenError, match=r"RECORD\.json: .*; restore the file or record anew"):
        read_pending(folder)
