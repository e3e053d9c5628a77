from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from harness.errors import GoldenError
from harness.goldenfile import MANIFEST, Line, array_lines, save_operator, write_manifest
from harness.goldens import RECORD, REFERENCE, base_digest, goldens_at, open_goldens, ready, recorded_versions
from harness.model import Array, Stage

OTHER = "torch-1.13.1"
X = np.array([1.0, 2.0], dtype=np.float32)
ARRAYS: dict[str, Array] = {
    "a/inputs/x": X,
    "a/noise/mask": np.array([True, False]),
    "a/forward/output": 2 * X,
    "a/bound/forward/output": np.array([0.5, 0.25]),
    "a/truth/forward/output": np.array([2.0, 4.0625]),
    "a/eval/index": np.array([1, 0]),
}


def write(root: Path, version: str, arrays: Mapping[str, Array], notes: Mapping[str, str]) -> Path:
    """Write a version's goldens of the operator f/o; `notes` belong to the case `a`."""
    folder = root / version
    folder.mkdir(exist_ok=True)
    if arrays:
        save_operator(folder / "f" / "o.safetensors", arrays)
    lines = array_lines(arrays)
    lines += [Line("*" if note == "base" else "a", note, "-", digest) for note, digest in notes.items()]
    write_manifest(folder / MANIFEST, {"f/o": lines})
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, REFERENCE, ARRAYS, {"case": "text"})
    return tmp_path


def write_overlay(root: Path, arrays: Mapping[str, Array], **notes: str) -> None:
    base = open_goldens(root).operator("f/o").own
    write(root, OTHER, arrays, {"base": base_digest(base, "a"), **notes})


# -- one version


def test_a_golden_has_noise_truth_and_bound(root: Path) -> None:
    golden = open_goldens(root).operator("f/o").golden("a")
    expected = golden.expected[Stage.FORWARD]["output"]
    assert golden.noise["mask"].tolist() == [True, False]
    assert (expected.golden.tolist(), expected.truth.tolist(), expected.bound.tolist()) == (
        [2, 4],
        [2, 4.0625],
        [0.5, 0.25],
    )


def test_what_is_not_floating_is_its_own_truth(root: Path) -> None:
    expected = open_goldens(root).operator("f/o").golden("a").expected[Stage.EVAL]["index"]
    assert expected.truth is expected.golden
    assert expected.bound.tolist() == [0, 0]


def test_a_truth_that_is_left_out_is_the_golden(root: Path) -> None:
    write(root, REFERENCE, {key: array for key, array in ARRAYS.items() if "truth" not in key}, {"case": "text"})
    truth = open_goldens(root).operator("f/o").golden("a").expected[Stage.FORWARD]["output"].truth
    assert (truth.dtype.name, truth.tolist()) == ("float64", [2, 4])


def test_a_missing_bound_names_the_array(root: Path) -> None:
    write(root, REFERENCE, {key: array for key, array in ARRAYS.items() if "bound" not in key}, {"case": "text"})
    with pytest.raises(GoldenError, match=r"array 'a/forward/output' has no bound; record it anew"):
        open_goldens(root).operator("f/o").golden("a")


def test_one_flipped_bit_names_the_array(root: Path) -> None:
    path = root / REFERENCE / "f" / "o.safetensors"
    blob = bytearray(path.read_bytes())
    at = blob.index((2 * X).tobytes())
    blob[at] ^= 1
    path.write_bytes(blob)
    with pytest.raises(GoldenError, match=r"o\.safetensors: array 'a/forward/output' is not the array that MANIFEST"):
        open_goldens(root).operator("f/o").golden("a")


@pytest.mark.parametrize("part", ["truth", "bound"])
def test_one_flipped_bit_in_what_is_derived_names_its_output(root: Path, part: str) -> None:
    path = root / REFERENCE / "f" / "o.safetensors"
    blob = bytearray(path.read_bytes())
    blob[blob.index(ARRAYS[f"a/{part}/forward/output"].tobytes())] ^= 1
    path.write_bytes(blob)
    with pytest.raises(GoldenError, match=r"o\.safetensors: array 'a/forward/output' is not the array that MANIFEST"):
        open_goldens(root).operator("f/o").golden("a")


def test_a_deleted_file_names_an_array(root: Path) -> None:
    (root / REFERENCE / "f" / "o.safetensors").unlink()
    with pytest.raises(GoldenError, match=r"array 'a/[a-z/]+' is missing"):
        open_goldens(root).operator("f/o").golden("a")


def test_the_status_of_a_case(root: Path) -> None:
    operator = open_goldens(root).operator("f/o")
    assert [operator.status("a", "text"), operator.status("a", "other"), operator.status("b", "text")] == [
        "ok", "stale", "missing",
    ]  # fmt: skip
    assert operator.cases() == {"a"}


def test_inputs_other_than_those_recorded_are_named(root: Path) -> None:
    operator = open_goldens(root).operator("f/o")
    assert operator.other_than_recorded("a", {"inputs": {"x": X}, "noise": {"mask": np.array([True, False])}}) == ""
    for other in (X + 1, X.astype(np.float64), X.reshape(1, 2)):
        assert operator.other_than_recorded("a", {"inputs": {"x": other}}) == "inputs/x"
    assert operator.other_than_recorded("a", {"inputs": {"y": X}}) == "inputs/y"


def test_case_ids(root: Path) -> None:
    assert open_goldens(root).case_ids() == ["f/o/a"]
    assert open_goldens(root).operators() == ["f/o"]


# -- versions


def test_an_unknown_version_lists_those_that_are_recorded(root: Path) -> None:
    write_overlay(root, {})
    with pytest.raises(GoldenError) as caught:
        open_goldens(root, "torch-9.9.9")
    assert str(caught.value) == (
        f"no goldens of 'torch-9.9.9' in {root}; recorded here: torch-1.13.1, torch-2.13.0; `harness record` makes them"
    )


def test_a_folder_without_goldens_says_none(tmp_path: Path) -> None:
    with pytest.raises(GoldenError, match="recorded here: none"):
        open_goldens(tmp_path)


def test_an_overlay_lies_over_the_reference(root: Path) -> None:
    own: dict[str, Array] = {
        "a/forward/output": 3 * X,
        "a/bound/forward/output": np.ones(2),
        "a/truth/forward/output": 3.0 * X.astype(float),
    }
    write_overlay(root, own)
    operator = open_goldens(root, OTHER).operator("f/o")
    golden = operator.golden("a")
    assert operator.status("a", "text") == "ok"
    assert operator.differs("a")
    assert golden.expected[Stage.FORWARD]["output"].golden.tolist() == [3, 6]
    assert golden.expected[Stage.FORWARD]["output"].bound.tolist() == [1, 1]
    assert golden.expected[Stage.EVAL]["index"].golden.tolist() == [1, 0]
    assert operator.other_than_recorded("a", {"inputs": {"x": X}}) == ""


def test_an_overlay_that_holds_nothing_is_the_reference(root: Path) -> None:
    write_overlay(root, {})
    operator = open_goldens(root, OTHER).operator("f/o")
    assert not operator.differs("a")
    assert operator.golden("a").expected[Stage.FORWARD]["output"].golden.tolist() == [2, 4]


def test_an_overlay_is_stale_by_the_text_of_its_case(root: Path) -> None:
    write_overlay(root, {})
    assert open_goldens(root, OTHER).operator("f/o").status("a", "edited") == "stale"


def test_an_overlay_is_stale_when_the_reference_below_it_moved(root: Path) -> None:
    write_overlay(root, {})
    write(root, REFERENCE, {**ARRAYS, "a/forward/output": 5 * X}, {"case": "text"})
    assert open_goldens(root).operator("f/o").status("a", "text") == "ok"
    assert open_goldens(root, OTHER).operator("f/o").status("a", "text") == "stale"


def test_why_a_case_is_stale(root: Path) -> None:
    write_overlay(root, {})
    assert open_goldens(root).operator("f/o").why_stale("a", "edited") == (
        "the golden of torch-2.13.0 is of another case text; record it anew"
    )
    assert open_goldens(root, OTHER).operator("f/o").why_stale("a", "edited") == (
        "the golden of torch-1.13.1 is of another case text; record it anew"
    )
    write(root, REFERENCE, {**ARRAYS, "a/forward/output": 5 * X}, {"case": "text"})
    assert open_goldens(root, OTHER).operator("f/o").why_stale("a", "text") == (
        "the golden of torch-1.13.1 stands on another recording of torch-2.13.0; record it anew"
    )


def test_a_version_without_its_reference_is_an_error(root: Path) -> None:
    write_overlay(root, {})
    (root / REFERENCE).rename(root / "elsewhere")
    with pytest.raises(GoldenError) as caught:
        open_goldens(root, OTHER)
    assert str(caught.value) == (
        f"{root}: the goldens of torch-1.13.1 stand on the reference torch-2.13.0, which is not there; "
        "restore the reference, or record both anew"
    )


def test_what_stays_within_the_bound_is_judged_by_what_this_version_lost(root: Path) -> None:
    """The reference lost 0.0625, and its bound is 0.5 and 0.25: another version that lost 0.03125 is judged by less."""
    close = np.array([2.0, 4.03125], dtype=np.float32)
    write_overlay(root, {"a/forward/output": close})
    expected = open_goldens(root, OTHER).operator("f/o").golden("a").expected[Stage.FORWARD]["output"]
    assert expected.golden.tolist() == close.tolist()
    assert expected.truth.tolist() == [2, 4.0625]
    assert expected.bound.tolist() == [0.46875, 0.21875]


def test_what_a_version_decided_is_recorded_over_this_reference_or_absent(root: Path) -> None:
    write_overlay(root, {})
    assert open_goldens(root, OTHER).decided() == {"f/o/a"}
    write(root, REFERENCE, {**ARRAYS, "a/forward/output": 5 * X}, {"case": "text"})
    assert open_goldens(root, OTHER).decided() == set()
    write(root, OTHER, {}, {"absent": "text"})
    assert open_goldens(root, OTHER).decided() == {"f/o/a"}
    assert open_goldens(root).decided() == {"f/o/a"}


def test_why_an_absent_case_is_stale(root: Path) -> None:
    write(root, OTHER, {}, {"absent": "text"})
    operator = open_goldens(root, OTHER).operator("f/o")
    assert "is of another case text" in operator.why_stale("a", "edited")


def test_a_case_that_a_version_cannot_do_is_absent(root: Path) -> None:
    folder = write(root, OTHER, {}, {"absent": "text"})
    (folder / RECORD).write_text(json.dumps({"absent": {"f/o/a": "no such operator"}}), encoding="utf-8")
    goldens = open_goldens(root, OTHER)
    operator = goldens.operator("f/o")
    assert (operator.status("a", "text"), operator.status("a", "edited")) == ("absent", "stale")
    assert (operator.cases(), operator.absent()) == (set(), {"a"})
    assert (goldens.absent("f/o/a"), goldens.absent("f/o/b")) == ("no such operator", "not offered")


def test_a_record_that_is_no_json_is_an_error(root: Path) -> None:
    (root / REFERENCE / RECORD).write_text("{", encoding="utf-8")
    with pytest.raises(GoldenError, match=r"RECORD\.json: not JSON"):
        open_goldens(root).absent("f/o/a")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[]", "not a JSON object: found a list"),
        (b"3", "not a JSON object: found a int"),
        (b"\xff{}", "not JSON: "),
        (b'{"absent": []}', "'absent' is not a JSON object"),
    ],
)
def test_a_record_of_another_form_is_an_error(root: Path, content: bytes, problem: str) -> None:
    path = root / REFERENCE / RECORD
    path.write_bytes(content)
    with pytest.raises(GoldenError) as caught:
        open_goldens(root).absent("f/o/a")
    assert str(caught.value).startswith(f"{path}: {problem}")
    assert str(caught.value).endswith("; restore the file or record anew")


@pytest.mark.parametrize("suffix", [".new", ".old", ".building", ".recording", ".new.next", ".new.old"])
def test_what_is_pending_or_left_over_is_no_version(root: Path, suffix: str) -> None:
    write(root, f"{OTHER}{suffix}", {}, {})
    assert recorded_versions(root) == [REFERENCE]


def test_a_next_state_stands_in_for_a_folder_that_is_gone(root: Path) -> None:
    folder = root / REFERENCE
    folder.rename(ready(folder))
    assert recorded_versions(root) == [REFERENCE]
    assert open_goldens(root).operator("f/o").status("a", "text") == "ok"


def test_a_version_may_have_none_yet(tmp_path: Path) -> None:
    assert goldens_at(tmp_path, REFERENCE).operator("f/o").status("a", "text") == "missing"
