from __future__ import annotations

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from harness.errors import GoldenError
from harness.goldenfile import (
    MANIFEST,
    Line,
    OperatorFile,
    array_line,
    read_manifest,
    read_operator,
    read_operator_manifest,
    save_operator,
    vouched,
    write_manifest,
)
from harness.model import Array

OPERATOR = "family/operator"
ARRAYS: dict[str, Array] = {
    "one/inputs/x": np.arange(6, dtype=np.float32).reshape(2, 3),
    "one/forward/output": np.array(2.5),
    "one/noise/mask": np.array([True, False, True]),
    "two/forward/output": np.zeros((0, 3), dtype=np.int64),
    "two/forward/wide": np.array([1.5, -2.0], dtype=ml_dtypes.bfloat16),
}


def save(folder: Path, arrays: dict[str, Array] = ARRAYS, operator: str = OPERATOR) -> Path:
    path = folder / f"{operator}.safetensors"
    save_operator(path, arrays)
    lines = [array_line(key, array) for key, array in arrays.items()]
    write_manifest(folder / MANIFEST, {operator: [*lines, Line("one", "case", "-", "digest")]})
    return path


def read(folder: Path, operator: str = OPERATOR) -> OperatorFile:
    return read_operator(folder, operator, read_manifest(folder))


def take_all(file: OperatorFile) -> dict[str, Array]:
    found = {key: file.take(key) for key in {*file.lines, *file.arrays}}
    return {key: array for key, array in found.items() if array is not None}


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    save(tmp_path)
    found = take_all(read(tmp_path))
    assert found.keys() == ARRAYS.keys()
    for key, array in ARRAYS.items():
        assert (found[key].shape, found[key].dtype) == (array.shape, array.dtype)
        assert found[key].tobytes() == array.tobytes()
        assert not found[key].flags.writeable


@given(
    hnp.arrays(
        st.sampled_from([np.float16, np.float32, np.float64, np.int8, np.int64, np.uint8, np.bool_]),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3),
    )
)
def test_any_array_survives_strided_or_not(tmp_path_factory: pytest.TempPathFactory, array: Any) -> None:
    folder = tmp_path_factory.mktemp("golden")
    save_operator(folder / "o.safetensors", {"plain": array, "transposed": array.T})
    found = read_operator(folder, "o", "").arrays
    assert found["plain"].tobytes() == array.tobytes()
    assert found["transposed"].tobytes() == np.ascontiguousarray(array.T).tobytes()
    assert found["transposed"].shape == array.T.shape


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = save(tmp_path / "a"), save(tmp_path / "b", dict(reversed(ARRAYS.items())))
    assert one.read_bytes() == other.read_bytes()
    assert read_manifest(tmp_path / "a") == read_manifest(tmp_path / "b")


def test_manifest_is_sorted_text_with_one_line_an_array(tmp_path: Path) -> None:
    save(tmp_path)
    rows = read_manifest(tmp_path).splitlines()
    assert rows == sorted(rows)
    assert rows[0] == "family/operator/one case - digest"
    assert rows[1].startswith("family/operator/one/forward/output float64 () ")
    assert rows[2].startswith("family/operator/one/inputs/x float32 2x3 ")
    assert rows[4].startswith("family/operator/two/forward/output int64 0x3 ")
    assert rows[5].startswith("family/operator/two/forward/wide bfloat16 2 ")


def test_a_manifest_line_vouches_for_bytes_shape_and_dtype() -> None:
    array = np.zeros((2, 2), dtype=np.float32)
    line = array_line("k", array)
    assert vouched(line, array)
    for other in (array.reshape(4), array.view(np.int32), array + 1):
        assert not vouched(line, other)


def test_only_the_lines_of_the_operator_are_read(tmp_path: Path) -> None:
    names = ["family/oper", "family/operator", "family/operator-x", "family/operator2", "famil/operator"]
    lines = {name: [array_line(f"{name[-1]}/a/b", np.zeros(1)), array_line("c/a/b", np.ones(1))] for name in names}
    write_manifest(tmp_path / MANIFEST, lines)
    for name in names:
        assert set(read(tmp_path, name).lines) == {f"{name[-1]}/a/b", "c/a/b"}
    assert not read(tmp_path, "family/other").lines


def test_keys_and_lines_of_a_case(tmp_path: Path) -> None:
    save(tmp_path)
    file = read(tmp_path)
    assert file.keys_of("one") == ["forward/output", "inputs/x", "noise/mask"]
    assert [line.dtype for line in file.lines_of("one")] == ["float64", "float32", "bool", "case"]
    assert file.notes == {"one": {"case": "digest"}}
    assert file.keys_of("none") == []


def test_a_folder_without_anything_holds_nothing(tmp_path: Path) -> None:
    file = read(tmp_path)
    assert (file.lines, file.arrays, file.take("one/forward/output")) == ({}, {}, None)


# -- corruption


def test_every_flipped_bit_of_the_arrays_names_the_array(tmp_path: Path) -> None:
    path = save(tmp_path)
    blob = bytearray(path.read_bytes())
    manifest = read_manifest(tmp_path)
    start = 8 + int.from_bytes(blob[:8], "little")
    assert len(blob) - start == sum(array.nbytes for array in ARRAYS.values())
    for index in range(start, len(blob)):
        for bit in range(8):
            blob[index] ^= 1 << bit
            path.write_bytes(blob)
            with pytest.raises(GoldenError, match=r"array 'one/[a-z]+/[a-z]+' is not|array 'two/forward/wide' is not"):
                take_all(read_operator(tmp_path, OPERATOR, manifest))
            blob[index] ^= 1 << bit


def test_no_flipped_bit_of_the_header_goes_unnoticed(tmp_path: Path) -> None:
    path = save(tmp_path)
    blob = bytearray(path.read_bytes())
    manifest = read_manifest(tmp_path)
    header = 8 + int.from_bytes(blob[:8], "little")
    note = range(blob.index(b"golden-harness 1"), blob.index(b"golden-harness 1") + 16)
    for index in (index for index in range(header) if index not in note):
        blob[index] ^= 4
        path.write_bytes(blob)
        try:
            found = take_all(read_operator(tmp_path, OPERATOR, manifest))
        except GoldenError:
            pass
        else:
            assert {key: array.tobytes() for key, array in found.items()} == {k: a.tobytes() for k, a in ARRAYS.items()}
        blob[index] ^= 4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"F32"', b'"F22"'),
        (b'"F32"', b'"F64"'),
        (b'"shape":[2,3]', b'"shape":[2,7]'),
        (b'"dtype":"F32"', b'"dtypf":"F32"'),
        (b'"F32","shape":[2,3],"data_offsets":', b'"F32","shape":[2,3],"data_ofgsets":'),
    ],
)
def test_a_header_that_names_another_dtype_shape_or_place_names_the_array(
    tmp_path: Path, old: bytes, new: bytes
) -> None:
    path = save(tmp_path)
    blob = path.read_bytes()
    assert blob.count(old) == 1
    path.write_bytes(blob.replace(old, new))
    with pytest.raises(GoldenError, match="not a golden file: array 'one/inputs/x' is described wrongly: "):
        read(tmp_path)


@pytest.mark.parametrize("keep", [1, 7, 8, 100, -1])
def test_a_truncated_file_is_an_error_with_its_path(tmp_path: Path, keep: int) -> None:
    path = save(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(GoldenError) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(f"{path}: not a golden file: ")
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("content", [None, b""])
def test_a_file_that_is_gone_or_empty_names_the_missing_array(tmp_path: Path, content: bytes | None) -> None:
    path = save(tmp_path)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GoldenError) as caught:
        read(tmp_path).take("one/forward/output")
    hint = "restore the file or record it anew"
    assert str(caught.value) == f"{path}: array 'one/forward/output' is missing; {hint}"


def test_an_array_that_manifest_does_not_name_is_an_error(tmp_path: Path) -> None:
    path = save(tmp_path)
    save_operator(path, {**ARRAYS, "one/forward/extra": np.zeros(1)})
    with pytest.raises(GoldenError, match="array 'one/forward/extra' is not the array that MANIFEST names"):
        take_all(read(tmp_path))


def test_a_manifest_line_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    save(tmp_path)
    (tmp_path / MANIFEST).write_text("family/operator/one/forward/output float64\n", encoding="utf-8")
    with pytest.raises(
        GoldenError, match=r"MANIFEST: cannot read the line 'family/operator/one/forward/output float64'"
    ):
        read(tmp_path)


def test_a_manifest_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    save(tmp_path)
    blob = bytearray((tmp_path / MANIFEST).read_bytes())
    blob[-10] ^= 0x80
    (tmp_path / MANIFEST).write_bytes(blob)
    with pytest.raises(GoldenError, match=r"MANIFEST: not UTF-8: .*; restore the file"):
        read_manifest(tmp_path)
    with pytest.raises(GoldenError, match=r"MANIFEST: not UTF-8: .*; restore the file"):
        read_operator_manifest(tmp_path, OPERATOR)


def test_a_dtype_that_goldens_do_not_have_is_an_error(tmp_path: Path) -> None:
    path = save(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"BF16"', b'"U16" '))
    with pytest.raises(GoldenError, match="not a golden file: array 'two/forward/wide' is described wrongly: "):
        read(tmp_path)
