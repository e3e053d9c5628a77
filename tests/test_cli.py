"""The command as a user runs it: output, exit codes, and errors in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from harness.goldens import REFERENCE
from harness.locations import default_cases, default_goldens
from harness.schema import json_schema

#: starts hundreds of processes
pytestmark = pytest.mark.slow

DOCUMENT = "regularization/dropout/document"

MY_OPS = '''
import numpy as np

class Dropout:
    """Forgets to rescale the gradient."""
    def __init__(self, p=0.5):
        self.p = p
    def forward(self, input, mask):
        self.mask = mask
        return input * mask / (1 - self.p)
    def backward(self, grad_output):
        return grad_output * self.mask
    def eval(self, input):
        return input
'''


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness", *arguments], capture_output=True, text=True, cwd=cwd, check=False,
        encoding="utf-8",
    )  # fmt: skip


def test_list_prints_one_id_a_line() -> None:
    done = run("list", "regularization/dropout/doc*")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{DOCUMENT}\n", "1 operator, 1 case\n")


def test_list_can_only_count() -> None:
    done = run("list", "--count", "regularization/dropout", "regularization/sgd/small")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"2 operators, {len(run('list', 'regularization/dropout').stdout.splitlines()) + 1} cases\n"


def test_list_counts_every_case() -> None:
    done = run("list")
    ids = done.stdout.splitlines()
    assert len(ids) == len(set(ids)) > 900
    operators = {case_id.split("/")[1] for case_id in ids}
    assert done.stderr == f"{len(operators)} operators, {len(ids)} cases\n"


def test_a_glob_that_matches_nothing_is_exit_3_with_the_nearest_name() -> None:
    done = run("replay", "numpy", "regularization/dropuot")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "harness: no case matches 'regularization/dropuot'; did you mean 'regularization/dropout'?\n"


def test_numpy_passes_every_case_of_a_family() -> None:
    done = run("replay", "numpy", "regularization")
    assert done.returncode == 0, done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.endswith("0 failed, 0 unsupported")
    assert int(last.split()[0]) > 900


def test_several_processes_say_the_same_as_one() -> None:
    pattern = "regularization/*dropout*/small"
    one, two = run("replay", "numpy", pattern, "-v"), run("replay", "numpy", pattern, "-v", "--jobs", "2")
    assert one.stdout == two.stdout
    assert "PASS regularization/dropout/small" in one.stdout


def test_a_wrong_implementation_is_exit_1_and_told_in_numbers(tmp_path: Path) -> None:
    (tmp_path / "my_ops.py").write_text(MY_OPS)
    done = run("replay", "my_ops", DOCUMENT, cwd=tmp_path)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[1].startswith(f"FAIL {DOCUMENT} (")
    assert "  backward/grad_input: 10 of 21 elements differ; judged by: at most 8 times the bound" in lines
    assert "      actual 0.7026223552552463, golden 1.2774951913731751" in lines
    assert lines[-1] == "0 passed, 1 failed, 0 unsupported"


@pytest.mark.parametrize("name", ["my_ops", "my_ops.py", "./my_ops.py", "my_ops:Dropout_holder"])
def test_an_implementation_is_a_module_a_file_or_an_object(tmp_path: Path, name: str) -> None:
    (tmp_path / "my_ops.py").write_text(MY_OPS + "\nclass Dropout_holder:\n    dropout = Dropout\n")
    done = run("replay", name, DOCUMENT, cwd=tmp_path)
    assert "FAIL regularization/dropout/document" in done.stdout, done.stderr


def test_an_implementation_that_offers_nothing_is_exit_3(tmp_path: Path) -> None:
    (tmp_path / "nothing.py").write_text("")
    done = run("replay", "nothing", "regularization/sgd", cwd=tmp_path)
    assert done.returncode == 3
    assert "UNSUPPORTED: nothing has no such operator: regularization/sgd" in done.stdout
    count = len(run("list", "regularization/sgd").stdout.splitlines())
    assert done.stdout.splitlines()[-1] == f"0 passed, 0 failed, {count} unsupported"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nowhere_to_be_found", "importing 'broken' raised ModuleNotFoundError: No module named"),
        ("def f(:", "importing 'broken' raised SyntaxError"),
        ("1 / 0", "importing 'broken' raised ZeroDivisionError: division by zero"),
        ("raise SystemExit(0)", "importing 'broken' raised SystemExit: 0"),
    ],
)
def test_a_module_that_cannot_be_imported_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "broken.py").write_text(text)
    done = run("replay", "broken", DOCUMENT, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_implementation_names_the_nearest(tmp_path: Path) -> None:
    done = run("replay", "nunpy", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "harness: no implementation and no module named 'nunpy'; did you mean 'numpy'?\n"


def test_a_report_of_a_run_that_broke_off_has_no_footer(tmp_path: Path) -> None:
    (tmp_path / "stops.py").write_text("def l1_penalty(weight, lambd):\n    raise KeyboardInterrupt\n")
    path = tmp_path / "out.jsonl"
    done = run("replay", "stops", "regularization/l1_penalty", "--json", str(path), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (130, "\nharness: interrupted\n")
    assert all("exit_code" not in row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()))


def test_json_lines_have_a_header_a_line_a_case_and_a_footer(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    done = run("replay", "numpy", "regularization/renorm", "--json", str(path))
    assert done.returncode == 0
    header, *rows, footer = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert (header["implementation"], header["golden"], header["limit"]) == ("numpy", REFERENCE, 8.0)
    assert footer == {"cases": len(rows), "exit_code": 0, "verdicts": {"PASS": len(rows)}}
    assert all(output["ratio"] <= 8 for row in rows for output in row["outputs"])


def test_json_on_stdout_leaves_the_words_to_stderr() -> None:
    done = run("replay", "numpy", DOCUMENT, "--json", "-")
    assert [json.loads(line) for line in done.stdout.splitlines()][-1]["exit_code"] == 0
    assert done.stderr.splitlines()[-1] == "1 passed, 0 failed, 0 unsupported"


PRINTS = """
import os
print("imported")

def l1_penalty(weight, lambd):
    print("printed")
    os.write(1, b"written\\n")
    os.system("echo from a child")
    return (abs(weight).sum() * lambd).astype(weight.dtype)
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_an_implementation_prints_goes_to_stderr(tmp_path: Path, jobs: str) -> None:
    (tmp_path / "prints.py").write_text(PRINTS)
    patterns = ("regularization/l1_penalty/small", "regularization/sgd/small")
    done = run("replay", "prints", *patterns, "--json", "-", "--jobs", jobs, cwd=tmp_path)
    assert [json.loads(line) for line in done.stdout.splitlines()][-1]["exit_code"] == 0
    assert {"imported", "printed", "written", "from a child"} <= set(done.stderr.splitlines())
    plain = run("replay", "prints", *patterns, "--jobs", jobs, cwd=tmp_path).stdout.splitlines()
    assert plain[0].startswith("Replaying prints ")
    assert not {"imported", "printed", "written", "from a child"} & set(plain)
    shown = run("show", patterns[0], "--implementation", "prints", cwd=tmp_path)
    assert shown.stdout.startswith("inputs/weight :\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full is Linux's")
@pytest.mark.parametrize(
    "command", [["replay", "numpy", DOCUMENT, "--json", "-"], ["replay", "numpy", DOCUMENT], ["list"]]
)
def test_an_output_that_cannot_be_written_is_one_line(command: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "harness", *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "harness: the output: No space left on device"
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_message_that_no_encoding_can_write_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "half.py").write_text("def l1_penalty(weight, lambd):\n    return {'half \\ud800 \u00e9': weight}\n")
    command = [sys.executable, "-m", "harness", "replay", "half", "regularization/l1_penalty/small", "--json", "out"]
    done = subprocess.run(
        command, capture_output=True, cwd=tmp_path, check=False, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert done.returncode == 1, done.stderr
    assert rb"half \ud800 \xe9" in done.stdout
    row = json.loads((tmp_path / "out").read_text(encoding="utf-8").splitlines()[1])
    assert "half \ud800 \u00e9" in row["outputs"][0]["detail"]


def test_the_help_tells_the_exit_codes_in_two_lines() -> None:
    text = run("--help").stdout
    assert "\\b" not in text
    assert (
        text.splitlines()[-1]
        == "  file that cannot be read; 3 nothing was run; 4 a golden is missing, stale or corrupt."
    )


BROKEN = """
from harness.model import Outputs, Stage

class Mute(Exception):
    def __str__(self):
        raise RuntimeError

class Breaks:
    name, version = "breaks", ""
    def __init__(self, act):
        self.act = act
    def run(self, call):
        return self.act()

def raising(error):
    raise error

none = Breaks(lambda: None)
lists = Breaks(lambda: Outputs(stages={Stage.FORWARD: {"output": [1.0]}}))
lacks = Breaks(lambda: Outputs(stages={"backward": None}))
mute = Breaks(lambda: raising(Mute()))
leaves = Breaks(lambda: raising(GeneratorExit()))
"""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none", "`run` returned None; expected harness.model.Outputs"),
        ("lists", "forward/output is a list; expected a NumPy array"),
        ("lacks", "backward is None; expected a mapping"),
        ("mute", "Mute: (its message cannot be had: `__str__` raised RuntimeError)"),
        ("leaves", "GeneratorExit:"),
    ],
)
def test_a_broken_implementation_is_an_error_of_its_case_and_the_run_goes_on(
    tmp_path: Path, name: str, words: str
) -> None:
    (tmp_path / "broken.py").write_text(BROKEN)
    done = run("replay", f"broken:{name}", DOCUMENT, "regularization/sgd/small", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count(f"  {words}") == 2
    assert done.stdout.splitlines()[-1] == "0 passed, 0 failed, 2 raised an error, 0 unsupported"
    shown = run("show", DOCUMENT, "--implementation", f"broken:{name}", cwd=tmp_path)
    assert (shown.returncode, shown.stdout) == (2, "")
    (line,) = shown.stderr.splitlines()
    assert line.startswith(f"harness: broken:{name} fails on {DOCUMENT}: {words}")


def test_an_operator_itself_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "my_ops.py").write_text(MY_OPS)
    done = run("replay", "my_ops:Dropout", DOCUMENT, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    hint = "name the module or object that holds it: 'my_ops'"
    assert done.stderr == f"harness: 'my_ops:Dropout' is an operator itself; {hint}\n"


def test_a_transcript_of_another_shape_is_not_checked(tmp_path: Path) -> None:
    returned = "input * mask / (1 - self.p)"
    (tmp_path / "my_ops.py").write_text(MY_OPS.replace(returned, f"({returned})[:1]"))
    done = run("replay", "my_ops", DOCUMENT, cwd=tmp_path)
    assert "  forward/output: shape (1, 7); expected (3, 7)\n" in done.stdout
    assert "transcript" not in done.stdout


def test_the_last_lines_say_how_the_noise_was_taken(tmp_path: Path) -> None:
    (tmp_path / "my_ops.py").write_text(MY_OPS)
    lines = run("replay", "my_ops", DOCUMENT, cwd=tmp_path).stdout.splitlines()
    assert lines[2] == "  judged under torch's noise, injected"
    assert lines[-2] == "1 case judged under torch's noise, injected"


def test_junit_counts_and_tells(tmp_path: Path) -> None:
    (tmp_path / "my_ops.py").write_text(MY_OPS)
    run("replay", "my_ops", DOCUMENT, "regularization/sgd/small", "--junit", "out.xml", cwd=tmp_path)
    suite = ET.parse(tmp_path / "out.xml").getroot()  # noqa: S314 - our own file
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "2", "failures": "1", "errors": "0", "skipped": "1",
    }  # fmt: skip
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.text is not None
    assert "10 of 21 elements differ" in failure.text


def test_a_version_that_is_not_recorded_lists_those_that_are() -> None:
    done = run("replay", "numpy", "--golden", "torch-0.4.1")
    assert done.returncode == 4
    assert "no goldens of 'torch-0.4.1'" in done.stderr
    assert "torch-1.13.1, torch-2.13.0, torch-2.15.0" in done.stderr


@pytest.mark.parametrize("version", ["torch-2.15.0", "1.13.1"])
def test_a_recorded_version_can_be_named_with_and_without_torch(version: str) -> None:
    done = run("replay", "numpy", "regularization/l1_penalty", "--golden", version)
    assert done.returncode == 0, done.stdout
    assert ", 0 failed, " in done.stdout.splitlines()[-1]


def test_show_prints_the_transcript_of_the_case_to_the_character() -> None:
    done = run("show", DOCUMENT)
    assert done.returncode == 0
    text = (default_cases() / "regularization" / "dropout.yaml").read_text(encoding="utf-8")
    block = text[text.index("      expect: |\n", text.index("name: document")) :].split("\n", 1)[1]
    expected = [line[8:].rstrip() for line in block.splitlines()]
    printed = done.stdout.splitlines()
    assert printed == expected[: len(printed)]
    assert len(printed) == 45


def test_show_of_a_case_without_a_transcript_prints_every_stage() -> None:
    done = run("show", "regularization/l2_penalty/shapes-float32-1d")
    assert done.stdout.startswith("inputs/weight :\n")
    assert "backward/grad_weight :" in done.stdout


def test_show_names_one_case() -> None:
    done = run("show", "regularization/dropout")
    assert done.returncode == 2
    assert "cases match 'regularization/dropout'; name one, such as regularization/dropout/small" in done.stderr


def edited(folder: Path, old: str, new: str) -> Path:
    """Return a folder of case files that holds the dropout cases, the first `old` in them replaced."""
    target = folder / "cases" / "regularization" / "dropout.yaml"
    target.parent.mkdir(parents=True)
    text = (default_cases() / "regularization" / "dropout.yaml").read_text(encoding="utf-8")
    assert old in text
    target.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder / "cases"


def test_show_of_an_edited_case_is_stale(tmp_path: Path) -> None:
    cases = edited(tmp_path, "params: {p: 0.25}", "params: {p: 0.5}")
    done = run("show", "regularization/dropout/small", "--cases-dir", str(cases))
    assert (done.returncode, done.stdout) == (4, "")
    (line,) = done.stderr.splitlines()
    assert f"regularization/dropout/small: the golden of {REFERENCE} is of another case text" in line
    assert line.endswith("; `harness record regularization/dropout/small` makes it anew")


def test_show_of_a_new_case_says_that_it_has_no_golden(tmp_path: Path) -> None:
    cases = edited(tmp_path, "name: small", "name: mine")
    done = run("show", "regularization/dropout/mine", "--cases-dir", str(cases))
    assert done.returncode == 0
    assert done.stdout.startswith("inputs/input :\n")
    assert done.stderr == f"note: no golden of {REFERENCE}: `harness record regularization/dropout/mine` makes it\n"


def test_the_schema_beside_the_case_files_is_current() -> None:
    done = run("schema")
    assert json.loads(done.stdout) == json_schema()
    assert (default_cases() / "case.schema.json").read_text(encoding="utf-8") == done.stdout


def test_every_case_file_points_editors_at_the_schema() -> None:
    for path in default_cases().glob("*/*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=../case.schema.json", path


def test_no_case_has_a_tolerance_of_its_own() -> None:
    for path in default_cases().glob("*/*.yaml"):
        assert "tolerance:" not in path.read_text(encoding="utf-8"), path


def test_a_usage_error_is_exit_2() -> None:
    assert run("replay").returncode == 2
    assert run("replay", "numpy", "--jobs", "0").returncode == 2
    assert run("no-such-command").returncode == 2


def test_drift_between_recorded_versions() -> None:
    done = run("drift", "2.13.0", "2.15.0")
    assert done.returncode == 0
    head, identical, *_ = done.stdout.splitlines()
    assert head.startswith("torch-2.15.0: ")
    assert head.endswith(" arrays against torch-2.13.0:")
    assert int(identical.split()[0]) > 0.99 * int(head.split()[1])
    assert "beyond the bound: elementwise/clamp/" in done.stdout


def test_a_flipped_bit_is_exit_4_and_names_the_array(tmp_path: Path) -> None:
    golden = tmp_path / "golden" / REFERENCE / "regularization"
    golden.mkdir(parents=True)
    source = default_goldens() / REFERENCE
    (golden.parent / "MANIFEST").write_bytes((source / "MANIFEST").read_bytes())
    blob = bytearray((source / "regularization" / "renorm.safetensors").read_bytes())
    blob[-1] ^= 1
    (golden / "renorm.safetensors").write_bytes(blob)
    done = run("replay", "numpy", "regularization/renorm", "--golden-dir", str(tmp_path / "golden"))
    assert done.returncode == 4
    missing = [line for line in done.stdout.splitlines() if line.startswith("MISSING")]
    assert len(missing) == 1
    assert "is not the array that MANIFEST names" in done.stdout
    (golden / "renorm.safetensors").unlink()
    done = run("replay", "numpy", "regularization/renorm", "--golden-dir", str(tmp_path / "golden"))
    assert done.returncode == 4
    assert "is missing" in done.stdout


def test_replaying_numpy_leaves_torch_alone() -> None:
    program = (
        "import sys\n"
        "sys.argv = ['harness', 'replay', 'numpy', 'regularization/*/small']\n"
        "from harness.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    assert not any(name.partition('.')[0] == 'torch' for name in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
