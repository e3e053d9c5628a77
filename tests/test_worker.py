"""The file that stands alone: what it may use, and that it answers as the harness does."""

from __future__ import annotations

import ast
import json
import re
import shlex
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from harness import worker
from harness.implementation import load_implementation
from harness.model import Array, Limits
from harness.smoke import smoke
from harness.wire import Program

ROOT = Path(__file__).parents[1]
SOURCE = Path(worker.__file__)
PYTHON = shlex.quote(sys.executable)


def test_it_is_python_3_7_and_needs_numpy_only() -> None:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 7))
    found = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert found - set(sys.stdlib_module_names) == {"numpy", "ml_dtypes"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Match | ast.NamedExpr)]
    strict = [k for node in ast.walk(tree) if isinstance(node, ast.Call) for k in node.keywords if k.arg == "strict"]
    assert not strict


def blob(message: Mapping[str, Any], tensors: Mapping[str, Array] | None = None) -> bytes:
    return b"".join(worker.encode(message, tensors or {}))


def back(data: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    total, length = worker.check_lengths(data[:17], 1 << 30)
    assert total == len(data) - 8
    return worker.decode(data[16 : 16 + length], data[16 + length :])


@pytest.mark.parametrize("dtype", [*worker.DTYPES.values()])
@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (3,), (2, 3)])
def test_arrays_come_through(dtype: str, shape: tuple[int, ...]) -> None:
    kind = np.dtype(ml_dtypes.bfloat16) if dtype == "bfloat16" else np.dtype(dtype)
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(kind)
    message, tensors = back(blob({"type": "x"}, {"a": array, "b": np.ones(3, np.uint8)}))
    assert message == {"type": "x"}
    assert (tensors["a"].dtype, tensors["a"].shape) == (kind, shape)
    assert np.array_equal(tensors["a"], array)
    assert not tensors["a"].flags.writeable
    assert tensors["a"].flags.aligned


def test_large_and_strided_arrays_come_through() -> None:
    array = np.arange(1 << 18, dtype=np.float32).reshape(512, 512).T
    _, tensors = back(blob({"type": "x"}, {"a": array, "b": array[::2, ::-1]}))
    assert np.array_equal(tensors["a"], array)
    assert np.array_equal(tensors["b"], array[::2, ::-1])


def test_a_message_is_a_safetensors_file_behind_its_length() -> None:
    data = blob({"type": "x"}, {"a": np.arange(3, dtype=np.float32)})
    assert safetensors.numpy.load(data[8:])["a"].tolist() == [0, 1, 2]
    theirs = safetensors.numpy.save({"a": np.arange(3, dtype=np.int64)}, metadata={"message": '{"type": "y"}'})
    message, tensors = back(struct.pack("<Q", len(theirs)) + theirs)
    assert (message, tensors["a"].tolist()) == ({"type": "y"}, [0, 1, 2])


@given(st.binary(min_size=1, max_size=300), st.integers(0, 300))
def test_no_bytes_do_more_than_raise(data: bytes, split: int) -> None:
    with pytest.raises(worker.BadMessage):
        worker.decode(data[:split], data[split:])


def test_params_that_json_does_not_have() -> None:
    params = [1, 2.5, True, None, "inf", float("inf"), [float("-inf"), (3,)]]
    sent = json.loads(json.dumps(worker.to_json(params), allow_nan=False))
    assert worker.from_json(sent) == [*params[:6], [float("-inf"), [3]]]
    assert np.isnan(worker.from_json(worker.to_json(float("nan"))))


# -- as a program


@pytest.mark.parametrize("name", [f"exec:{PYTHON} {SOURCE} harness.implementations.numpy", "numpy"])
def test_its_manners_are_right(name: str) -> None:
    program = load_implementation(name, Limits(isolate=True))
    assert isinstance(program, Program)
    checks = list(smoke(program))
    assert len(checks) > 20
    assert [check.problem for check in checks if check.problem] == []


def test_smoke_says_what_is_wrong() -> None:
    program = load_implementation(f"exec:{PYTHON} {ROOT}/tests/faults/program.py prints", Limits(seconds=20))
    assert isinstance(program, Program)
    found = {check.name: check.problem for check in smoke(program)}
    lacks = found["an operator that it lacks is unsupported"]
    assert lacks.startswith('answer {"type": "unsupported", "reason": "..."} for an operator that is not there\nended')
    assert found["a scalar comes back"] == ""
    assert found["bye ends it with exit code 0"] == ""


def test_without_an_argument_it_says_how_it_is_called() -> None:
    done = subprocess.run([sys.executable, SOURCE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "usage: worker.py MODULE | FILE.py | MODULE:OBJECT\n")


# -- the example of the documentation


def hexdump(data: bytes) -> list[str]:
    """Return bytes as `xxd` prints them."""
    rows = [data[i : i + 16] for i in range(0, len(data), 16)]
    text = [bytes(byte if 31 < byte < 127 else 46 for byte in row).decode() for row in rows]
    pairs = [" ".join(row[i : i + 2].hex() for i in range(0, len(row), 2)) for row in rows]
    return [f"{16 * i:08x}: {p:39}  {t}".rstrip() for i, (p, t) in enumerate(zip(pairs, text, strict=True))]


def test_the_exchange_of_the_documentation_is_a_real_one() -> None:
    page = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    dumps = re.findall(r"```hexdump\n(.*?)```", page, re.DOTALL)
    assert len(dumps) == 2
    asked, answered = (bytes.fromhex("".join(row[10:49] for row in dump.splitlines())) for dump in dumps)
    message, tensors = back(asked)
    assert blob(message, tensors) == asked
    assert "\n".join(hexdump(asked)) + "\n" == dumps[0]
    operators = worker.Operators(SimpleNamespace(square=lambda x: x * x), "my_ops")
    found = operators.run(worker.Question(message, tensors))
    reply, arrays = worker.outputs_message(found.stages, found.unsupported, found.noise_mode, found.noise)
    assert blob({**reply, "id": message["id"]}, arrays) == answered


def test_the_client_of_the_documentation_keeps_the_protocol(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    sketch = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    (tmp_path / "client.py").write_text(sketch, encoding="utf-8")
    program = load_implementation(f"exec:{PYTHON} {tmp_path}/client.py", Limits(seconds=20))
    assert isinstance(program, Program)
    assert [check.problem for check in smoke(program) if check.problem] == []
