"""What a replay costs beyond the implementation, beside pytest-regressions on the same arrays in the same run.

    python benchmarks/replay.py

Needs the extra `dev`. Prints the cost a case, the time of `harness list`, and the memory of a replay of the family and
of eight times as many cases; with torch installed also the time to record the family.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from harness.casefile import read_case_file
from harness.goldens import REFERENCE, open_goldens
from harness.locations import default_cases, default_goldens
from harness.model import Case, Stage
from harness.replay import replay_file
from harness.selection import case_files
from harness.session import Session, prepared

#: arrays of up to this many elements are what the cost a case is stated for
SMALL = 100
ROUNDS = 7
#: bfloat16 is unknown to npz
_WIDER: dict[str, Any] = {"bfloat16": np.float32}

PYTEST_REGRESSIONS = """
import json, pathlib, time
import numpy as np

def test_all(ndarrays_regression):
    folder = pathlib.Path(__file__).parent
    files = sorted(folder.glob("*.npz.in"))
    loaded = []
    for path in files:
        with np.load(path) as arrays:
            loaded.append((path.name.split(".")[0], dict(arrays)))
    start = time.perf_counter()
    for name, arrays in loaded:
        ndarrays_regression.check(arrays, basename=name)
    (folder / "seconds.json").write_text(json.dumps((time.perf_counter() - start) / len(loaded)))
"""


def small_cases() -> Iterator[tuple[Path, list[Case]]]:
    """Yield each case file with its cases whose arrays are small and that no law judges."""
    for file in case_files(default_cases()):
        cases = [case for case in read_case_file(file, default_cases()) if not case.laws and is_small(case)]
        yield file, cases


def is_small(case: Case) -> bool:
    """Tell whether every array that a case draws has at most SMALL elements."""
    return all(np.prod(draw.shape) <= SMALL for draw in (*case.inputs.values(), *case.grad_outputs.values()))


def median_seconds(action: Callable[[], object]) -> float:
    """Return the median time of an action over ROUNDS, after one that does not count."""
    action()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def own_cost() -> tuple[int, float, float]:
    """Return cases, and milliseconds a case: of the whole replay, and of the implementation alone within it."""
    root = default_cases()
    session = Session(implementation="numpy", cases=root, goldens=default_goldens(), version=REFERENCE)
    judge, _ = prepared(session)
    chosen = {file: {case.id for case in cases} for file, cases in small_cases()}
    count = sum(map(len, chosen.values()))
    seconds: list[float] = []

    def whole() -> None:
        goldens = open_goldens(default_goldens(), REFERENCE)
        spent = 0.0
        for file, ids in chosen.items():
            cases = [case for case in read_case_file(file, root) if case.id in ids]
            spent += sum(r.seconds for r in replay_file(judge, file, cases, root=root, goldens=goldens))
        seconds.append(spent)

    total = median_seconds(whole)
    return count, total / count * 1e3, statistics.median(seconds) / count * 1e3


def regressions_cost(folder: Path) -> float:
    """Return pytest-regressions' milliseconds a case: `ndarrays_regression.check` on the golden outputs."""
    goldens = open_goldens(default_goldens(), REFERENCE)
    for file, cases in small_cases():
        operator = goldens.operator(f"{file.parent.name}/{file.stem}")
        for case in cases:
            golden = operator.golden(case.name)
            arrays: dict[str, Any] = {
                f"{stage.value}_{name}": one.golden.astype(_WIDER.get(one.golden.dtype.name, one.golden.dtype))
                for stage in Stage
                for name, one in golden.expected.get(stage, {}).items()
            }
            with (folder / f"{case.id.replace('/', '-')}.npz.in").open("wb") as out:
                np.savez(out, **arrays)
    (folder / "test_regressions.py").write_text(PYTEST_REGRESSIONS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:golden_harness"]
    subprocess.run([*command, "--regen-all"], cwd=folder, capture_output=True, check=False)
    times = []
    for _ in range(3):
        subprocess.run(command, cwd=folder, capture_output=True, check=True)
        times.append(float(json.loads((folder / "seconds.json").read_text())))
    return statistics.median(times) * 1e3


def command_seconds(*arguments: str) -> float:
    """Return the median wall time of a command of the harness, its start included."""
    command = [sys.executable, "-m", "harness", *arguments]
    return median_seconds(lambda: subprocess.run(command, capture_output=True, check=True))


MEMORY = """
import sys
from pathlib import Path
from harness.session import Session
session = Session(implementation="numpy", cases=Path(sys.argv[1]), goldens=Path(sys.argv[2]), version="torch-2.13.0")
count = sum(len(results) for _, results in session.results(session.files()))
status = Path("/proc/self/status").read_text()  # VmHWM starts anew with a program, ru_maxrss does not
print(count, int(status.partition("VmHWM:")[2].split()[0]) / 1024)
"""


def peak_memory(cases: Path, goldens: Path) -> tuple[int, float]:
    """Return cases and peak memory in MiB of a replay in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(cases), str(goldens)], capture_output=True, text=True, check=True
    )
    count, peak = done.stdout.split()
    return int(count), float(peak)


@contextmanager
def many_cases(times: int) -> Iterator[tuple[Path, Path]]:
    """Make folders with `times` copies of the family, each case under its own seed, recorded from NumPy."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    from test_record import accepted  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as name:
        cases, goldens = Path(name) / "cases", Path(name) / "golden"
        for number in range(times):
            shutil.copytree(default_cases() / "regularization", cases / f"copy{number}")
        accepted((cases, goldens))
        yield cases, goldens


def main() -> None:
    """Print the figures."""
    count, total, implementation = own_cost()
    with tempfile.TemporaryDirectory() as name:
        theirs = regressions_cost(Path(name))
    ours = total - implementation
    print(f"{count} cases of up to {SMALL} elements, milliseconds a case, medians of {ROUNDS}:")
    print(f"  replay of numpy, YAML to verdict   {total:.3f}")
    print(f"  of which the implementation        {implementation:.3f}")
    print(f"  the harness's own cost             {ours:.3f}   (to reach: 0.25)")
    print(f"  ndarrays_regression.check          {theirs:.3f}   ({theirs / ours:.1f} times the harness's)")
    print(f"harness list, whole process          {command_seconds('list'):.3f} s   (to reach: 0.3)")
    for times in (1, 8):
        with many_cases(times) as (cases, goldens):
            number, peak = peak_memory(cases, goldens)
            print(f"peak memory of a replay of {number:5d} cases  {peak:.1f} MiB")
    if importlib.util.find_spec("torch"):
        print(f"harness record --check, whole process {command_seconds('record', '--check'):.1f} s   (to reach: 60)")


if __name__ == "__main__":
    main()
