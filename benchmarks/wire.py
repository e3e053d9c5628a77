"""What the pipe costs: a replay of NumPy in this process beside one through `harness serve` and through worker.py.

    python benchmarks/wire.py

Prints the milliseconds a case that the pipe adds for small arrays, and how fast large arrays travel there and back.
"""

from __future__ import annotations

import fcntl
import functools
import math
import os
import shlex
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from harness.casefile import read_case_file
from harness.goldens import REFERENCE, open_goldens
from harness.implementation import load_implementation
from harness.inputs import Drawer
from harness.locations import default_cases, default_goldens
from harness.model import Arrays, Call, Implementation, Limits
from harness.replay import make_call
from harness.selection import case_files
from harness.wire import Program
from harness.worker import write_all

WORKER = Path(__file__).resolve().parent.parent / "harness" / "worker.py"
NUMPY = "harness.implementations.numpy"
#: what the cases of the first table come from: enough of them, and quick ones
FAMILIES = ("activation", "regularization")
#: arrays of up to this many elements are small
SMALL = 100
ROUNDS = 7
LARGE = 128 << 20


def small_calls() -> list[Call]:
    """Return the calls of cases whose arrays are small."""
    goldens = open_goldens(default_goldens(), REFERENCE)
    drawer = Drawer()
    calls = []
    for file in case_files(default_cases()):
        if file.parent.name not in FAMILIES:
            continue
        cases = [case for case in read_case_file(file, default_cases()) if not case.laws]
        operator = goldens.operator(f"{file.parent.name}/{file.stem}")
        calls += [make_call(case, *drawer.draw(case), noise=operator.golden(case.name).noise) for case in cases]
    return [call for call in calls if all(array.size <= SMALL for array in call.inputs.values())]


def milliseconds(implementations: list[Implementation], calls: list[Call]) -> list[float]:
    """Return the time of one call of each implementation: the mean over the calls of each one's best of ROUNDS.

    All answer one call after the other, so that what else the machine does meets them alike.
    """
    best = [[math.inf] * len(calls) for _ in implementations]
    for _ in range(ROUNDS):
        for i, call in enumerate(calls):
            for row, implementation in zip(best, implementations, strict=True):
                row[i] = min(row[i], seconds_of(functools.partial(implementation.run, call)))
    return [statistics.mean(row) * 1e3 for row in best]


def seconds_of(action: Callable[[], object]) -> float:
    """Return the time of an action."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def best_seconds(action: Callable[[], object]) -> float:
    """Return the best time of an action over ROUNDS."""
    return min(seconds_of(action) for _ in range(ROUNDS))


def through_cat(count: int) -> float:
    """Return the bytes a second that a bare pipe to `cat` and back carries: what the machine can do just now."""
    block = np.zeros(count, np.uint8).data
    back = np.empty(count, np.uint8).data

    def there_and_back() -> None:
        with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            for stream in (child.stdin, child.stdout):
                fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, 1 << 20)
            sender = threading.Thread(target=write_all, args=(child.stdin.fileno(), [block]))
            sender.start()
            at = 0
            while at < count:
                at += os.readv(child.stdout.fileno(), [back[at:]])
            sender.join()

    return 2 * count / best_seconds(there_and_back)


def speed(program: Program, arrays: Arrays) -> float:
    """Return the bytes a second that arrays travel when they are sent and come back: both ways count."""
    count = sum(array.nbytes for array in arrays.values())
    return 2 * count / best_seconds(lambda: program.ask({"type": "echo"}, arrays, limit=2 * count))


def main() -> None:
    """Print the figures."""
    calls = small_calls()
    here = load_implementation(NUMPY)
    served = load_implementation(NUMPY, Limits(isolate=True))
    alone = load_implementation(f"exec:{shlex.quote(sys.executable)} {shlex.quote(str(WORKER))} {NUMPY}")
    assert isinstance(served, Program)
    assert isinstance(alone, Program)
    own, *piped = milliseconds([here, served, alone], calls)
    print(f"{len(calls)} cases of small arrays, milliseconds a case, the best of {ROUNDS} rounds each:")
    print(f"  in this process       {own:.3f}")
    for name, whole in zip(("harness serve", "worker.py"), piped, strict=True):
        print(f"  through {name:13s} {whole:.3f}   ({whole - own:.3f} for the pipe; to reach: 0.5)")
    print("arrays sent and sent back, GB/s, both ways counted (to reach: 1):")
    for size in (1 << 20, 16 << 20, LARGE):
        arrays: Arrays = {"inputs/input": np.ones(size // 8)}
        speeds = [speed(program, arrays) / 1e9 for program in (served, alone)]
        bare = through_cat(size) / 1e9
        print(
            f"  {size >> 20:4d} MiB   {speeds[0]:.2f} (serve)   {speeds[1]:.2f} (worker.py)   {bare:.2f} (bare, to cat)"
        )
    for program in (served, alone):
        program.close()


if __name__ == "__main__":
    main()
