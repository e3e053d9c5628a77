"""What the whole catalogue costs, beside ONNX's node tests on onnxruntime in the same run.

    pip install onnx onnxruntime        # for the comparison; without them it is left out, and that is said
    python benchmarks/catalogue.py

Prints the cost a case of a replay of `numpy` on one process and on two, of `harness list`, and with torch installed of
recording and of the audit; then the cost a test of ONNX's node suite. Whole processes, medians of three where they are
short.
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import time
import unittest
import warnings

from harness.locations import default_cases
from harness.selection import case_files, select_ids

ROUNDS = 3


def seconds_of(*arguments: str, rounds: int = ROUNDS) -> float:
    """Return the median wall time of a command of the harness, its start included."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "harness", *arguments], capture_output=True, text=True, check=False
        )
        times.append(time.perf_counter() - start)
        if done.returncode:
            sys.exit(f"harness {' '.join(arguments)} exits with {done.returncode}:\n{done.stdout}{done.stderr}")
    return statistics.median(times)


def onnx_node_suite() -> tuple[int, int, int, float]:
    """Return tests that passed, that failed, that were skipped, and the seconds of all; making them is not counted."""
    import onnx.backend.test  # noqa: PLC0415
    import onnxruntime  # noqa: PLC0415
    import onnxruntime.backend  # noqa: PLC0415

    onnxruntime.set_default_logger_severity(4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runner = onnx.backend.test.BackendTest(onnxruntime.backend, __name__)
        runner.include("_cpu$")
        suite = unittest.TestLoader().loadTestsFromTestCase(runner.test_cases["OnnxBackendNodeModelTest"])
        result = unittest.TestResult()
        start = time.perf_counter()
        suite.run(result)
        spent = time.perf_counter() - start
    wrong = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    return result.testsRun - wrong - skipped, wrong, skipped, spent


def main() -> None:
    """Print the figures."""
    files = select_ids(default_cases(), ()) or []
    count = sum(len(ids) for _, ids in files)
    print(f"{len(case_files(default_cases()))} case files, {count} cases")
    print(f"harness list                    {seconds_of('list'):7.2f} s")
    one, two = seconds_of("replay", "numpy"), seconds_of("replay", "numpy", "--jobs", "2")
    print(f"replay of numpy                 {one:7.2f} s   {one / count * 1e3:6.2f} ms a case   (to reach: 30 s)")
    print(f"replay of numpy, --jobs 2       {two:7.2f} s   {one / two:6.2f} times as fast    (to reach: 1.6)")
    if importlib.util.find_spec("torch"):
        spent = seconds_of("record", "--check", rounds=1)
        print(
            f"record --check                  {spent:7.2f} s   {spent / count * 1e3:6.2f} ms a case   (to reach: 600 s)"
        )
        spent = seconds_of("audit", "--jobs", "2", rounds=1)
        print(
            f"audit, --jobs 2                 {spent:7.2f} s   {spent / count * 1e3:6.2f} ms a case   (to reach: 900 s)"
        )
    else:
        print("record, audit: torch is not installed, left out")
    if importlib.util.find_spec("onnx") and importlib.util.find_spec("onnxruntime"):
        passed, wrong, skipped, spent = onnx_node_suite()
        run = passed + wrong
        print(f"ONNX's node suite, onnxruntime  {spent:7.2f} s   {spent / run * 1e3:6.2f} ms a test", end="")
        print(f"   ({passed} passed, {wrong} failed, {skipped} skipped)")
        print(f"a replayed case costs {spent / run / (one / count):.1f} times less than one of ONNX's node tests")
    else:
        print("ONNX's node suite: pip install onnx onnxruntime; left out")


if __name__ == "__main__":
    main()
