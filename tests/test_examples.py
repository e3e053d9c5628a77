"""The examples in other languages: judged through the command, over the whole catalogue, and given rubbish."""

import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.frameworks

ROOT = Path(__file__).parents[1]
TFJS = ROOT / "examples" / "tfjs"
C = ROOT / "examples" / "c"
OF_C = ["regularization/dropout", "regularization/l1_penalty", "activation/gelu", "normalization/layer_norm"]


def needs(path: Path, command: str) -> None:
    """Skip a test of what is not built here; in CI that is a failure."""
    if path.exists():
        return
    if os.environ.get("CI"):
        pytest.fail(f"{path.relative_to(ROOT)} is missing: run `{command}`")
    pytest.skip(f"{path.relative_to(ROOT)} is missing: `{command}` makes it")


def node() -> str:
    found = shutil.which("node")
    if found is None and os.environ.get("CI"):
        pytest.fail("Node.js is missing: install Node.js 20 or newer")
    if found is None:
        pytest.skip("Node.js is missing")
    return found


def harness(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_tensorflow_js_differs_where_it_is_known_to(tmp_path: Path) -> None:
    node()
    needs(TFJS / "node_modules", "npm ci --prefix examples/tfjs")
    report = tmp_path / "tfjs.jsonl"
    known = ROOT / "deviations" / "tfjs.yaml"
    run = harness("replay", "exec:node examples/tfjs/client.js", "--deviations", str(known), "--json", str(report))
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
    rows = [json.loads(line) for line in report.read_text().splitlines()]
    passed = {row["id"].rpartition("/")[0] for row in rows if row.get("verdict") == "PASS"}
    assert len(passed) >= 190


def test_the_messages_of_the_tfjs_client() -> None:
    run = subprocess.run([node(), "--test"], cwd=TFJS, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_the_lock_file_names_no_registry() -> None:
    text = (TFJS / "package-lock.json").read_text()
    assert "resolved" not in text
    assert "://" not in text


def test_c_conforms_in_all_that_it_offers() -> None:
    needs(C / "client", "make -C examples/c")
    run = harness("replay", "exec:examples/c/client", *OF_C, "scheduler")
    assert run.returncode == 0, run.stdout
    assert re.search(r"^1\d\d passed, 0 failed, \d+ unsupported$", run.stdout.splitlines()[-1])


def test_c_conforms_under_the_sanitizers() -> None:
    needs(C / "client-checked", "make -C examples/c client-checked")
    run = harness("replay", "exec:examples/c/client-checked", *OF_C)
    assert run.returncode == 0, run.stdout


def framed(blob: bytes) -> bytes:
    return struct.pack("<Q", len(blob)) + blob


def message(body: object, tensors: dict[str, object], numbers: bytes = b"") -> bytes:
    header = json.dumps({"__metadata__": {"message": json.dumps(body)}, **tensors}).encode()
    return framed(framed(header) + numbers)


def tensor(shape: list[float], begin: float, end: float, dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


HELLO = message({"type": "hello", "protocol": 1}, {})
BYE = message({"type": "bye"}, {})
GELU = {"type": "run", "operator": "gelu", "params": {}, "stages": ["forward"], "inputs": ["input"]}
NORM = {"type": "run", "operator": "layer_norm", "params": {"normalized_shape": [3]}, "stages": ["forward", "backward"]}

#: framed as it should be, and wrong inside: each is answered with an error, or as unsupported
LIES = {
    "nothing": framed(b""),
    "short header": framed(b"abc"),
    "header longer than its message": framed(struct.pack("<Q", 9) + b"{}"),
    "header of 2^64 - 1 bytes": framed(struct.pack("<Q", 2**64 - 1) + b"{}"),
    "no JSON": framed(framed(b"{")),
    "no object": framed(framed(b"[]")),
    "no message": framed(framed(b"{}")),
    "no type": message({}, {}),
    "tensor outside": message(GELU, {"inputs/input": tensor([2], 0, 8)}, b"1234"),
    "tensor that ends before it begins": message(GELU, {"inputs/input": tensor([1], 8, 4)}, b"12345678"),
    "shape larger than its bytes": message(GELU, {"inputs/input": tensor([9], 0, 4)}, b"1234"),
    "shape that overflows": message(GELU, {"inputs/input": tensor([2**32, 2**32, 2**32], 0, 4)}, b"1234"),
    "shape of no size": message(GELU, {"inputs/input": tensor([-1, 0.5], 0, 4)}, b"1234"),
    "unknown dtype": message(GELU, {"inputs/input": tensor([4], 0, 4, "I8")}, b"1234"),
    "numbers that no tensor has": message(GELU, {"inputs/input": tensor([1], 0, 4)}, b"12345678"),
    "no input": message(GELU, {}),
    "rows that do not divide": message(NORM, {"inputs/input": tensor([4], 0, 16)}, bytes(16)),
    "gradient that is missing": message(NORM, {"inputs/input": tensor([3], 0, 12)}, bytes(12)),
}
#: what no answer can follow: the program ends with 1
ENDS = {"half a length": b"abc", "half a message": framed(b"abc")[:-1], "2^63 bytes": struct.pack("<Q", 2**63) + b"abc"}


def answers(stdout: bytes) -> list[str]:
    kinds = []
    while stdout:
        end = 8 + int.from_bytes(stdout[:8], "little")
        header = json.loads(stdout[16 : 16 + int.from_bytes(stdout[8:16], "little")])
        kinds.append(json.loads(header["__metadata__"]["message"])["type"])
        stdout = stdout[end:]
    return kinds


def talk(command: list[str], said: bytes) -> tuple[int, list[str], str]:
    run = subprocess.run(command, cwd=ROOT, input=said, capture_output=True, check=False)
    return run.returncode, answers(run.stdout), run.stderr.decode()


@pytest.fixture(params=["c", "tfjs"])
def client(request: pytest.FixtureRequest) -> list[str]:
    if request.param == "tfjs":
        needs(TFJS / "node_modules", "npm ci --prefix examples/tfjs")
        return [node(), str(TFJS / "client.js")]
    needs(C / "client-checked", "make -C examples/c client-checked")
    return [str(C / "client-checked")]


def test_smoke_finds_nothing(client: list[str]) -> None:
    run = harness("smoke", f"exec:{shlex.join(client)}")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "no echo" not in run.stdout


def test_every_lie_is_answered(client: list[str]) -> None:
    status, kinds, stderr = talk(client, HELLO + b"".join(LIES.values()) + HELLO + BYE)
    assert status == 0, stderr
    assert (kinds[0], kinds[-1]) == ("hello", "hello")
    found = dict(zip(LIES, kinds[1:-1], strict=True))
    assert set(found.values()) <= {"error", "unsupported"}, found


@pytest.mark.parametrize("name", ENDS)
def test_a_stream_that_breaks_off_ends_the_client(client: list[str], name: str) -> None:
    status, kinds, stderr = talk(client, HELLO + ENDS[name])
    assert (status, kinds) == (1, ["hello"])
    assert "Sanitizer" not in stderr
    assert stderr.strip()
