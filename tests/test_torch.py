"""torch as an implementation: the reference itself, where it is installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from test_cli import DOCUMENT, run

from harness.casefile import read_operator
from harness.errors import RecordError, Unsupported
from harness.inputs import dtype_of
from harness.locations import default_cases
from harness.selection import case_files

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed"),
]


@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64", "bool", "int64"])
def test_arrays_come_back_from_tensors_as_they_went(shape: tuple[int, ...], dtype: str) -> None:
    from harness.reference.answering import to_arrays, to_tensor  # noqa: PLC0415

    array = np.ones(shape, dtype=dtype_of(dtype))
    back = to_arrays({"x": to_tensor(array)})["x"]
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert np.array_equal(back, array)


def test_only_names_below_torch_and_the_references_resolve() -> None:
    from harness.reference.answering import resolve  # noqa: PLC0415

    assert callable(resolve("torch.nn.functional.gelu"))
    with pytest.raises(Unsupported, match="has no 'dropuot'; did you mean 'dropout'"):
        resolve("torch.nn.functional.dropuot")


@pytest.mark.parametrize(
    "reference",
    [
        "torch.load", "torch.save", "torch.compile", "torch.import_ir_module", "torch.from_file",
        "torch.set_num_threads", "torch.manual_seed", "torch.nn.functional.handle_torch_function",
        "torch.optim.lr_scheduler.partial", "harness.reference.regularization.Callable",
    ],
)  # fmt: skip
def test_what_is_no_function_of_tensors_does_not_resolve(reference: str) -> None:
    from harness.reference.answering import resolve  # noqa: PLC0415

    with pytest.raises(RecordError, match=f"reference '{reference}' is no function of tensors; name one that computes"):
        resolve(reference)


def test_every_reference_of_the_case_files_resolves() -> None:
    from harness.reference.answering import resolve  # noqa: PLC0415

    files = case_files(default_cases())
    references = {read_operator(file, default_cases()).reference for file in files}
    assert all(callable(getattr(found := resolve(name), "law", found)) for name in references)


def test_the_document_is_the_same_from_torch() -> None:
    one, other = run("show", DOCUMENT), run("show", DOCUMENT, "--implementation", "torch")
    assert one.returncode == other.returncode == 0
    assert one.stdout == other.stdout


def test_torch_conforms_to_the_goldens() -> None:
    done = run("replay", "torch")
    assert done.returncode == 0, done.stdout
    assert ", 0 failed, " in done.stdout.splitlines()[-1]


def test_an_operator_that_torch_lacks_is_an_error_at_its_case(tmp_path: Path) -> None:
    folder = tmp_path / "cases" / "family"
    folder.mkdir(parents=True)
    (folder / "wrong.yaml").write_text(
        "summary: An operator that torch has not.\nreference: torch.nn.functional.dropuot\nstages: [forward]\n"
        "cases:\n  - name: only\n    inputs: {input: {randn: [2]}}\n"
    )
    (folder / "right.yaml").write_text(
        "summary: An operator that torch has.\nreference: torch.nn.functional.gelu\nstages: [forward, backward]\n"
        "cases:\n  - name: only\n    inputs: {input: {randn: [2]}}\n    grad_outputs: {output: {randn: [2]}}\n"
    )
    folders = ("--cases-dir", str(tmp_path / "cases"), "--golden-dir", str(tmp_path / "golden"))
    done = run("record", *folders)
    assert done.returncode == 1
    assert "wrong.yaml:5:11: family/wrong/only: reference 'torch.nn.functional.dropuot'" in done.stdout
    assert "did you mean 'dropout'?" in done.stdout
    assert run("accept", *folders).returncode == 0
    assert run("replay", "torch", "family/right", *folders).returncode == 0
