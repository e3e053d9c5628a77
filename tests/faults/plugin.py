"""A plug-in whose `neg` does what $HARNESS_FAULT says; its neighbours `abs` and `square` are right."""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

import numpy as np


def abs(input: Any) -> Any:  # noqa: A001 - torch's name
    return np.abs(input)


def square(input: Any) -> Any:
    return np.square(input)


def neg(input: Any) -> Any:
    FAULTS[os.environ["HARNESS_FAULT"]]()
    return -input


def segfault() -> None:
    ctypes.string_at(0)


def signal_to_the_group() -> None:
    os.killpg(0, signal.SIGTERM)
    time.sleep(60)


def ignores_sigterm() -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        pass


def holds_the_gil() -> None:
    re.match(r"(a+)+$", "a" * 64 + "b")


def sleeps_in_c() -> None:
    ctypes.PyDLL(None).sleep(60)


def prints() -> None:
    print("Hello world")  # noqa: T201
    os.write(1, b"from the descriptor\n")
    subprocess.run(["/bin/echo", "from a child"], check=True)


def endless_stderr() -> NoReturn:
    while True:
        sys.stderr.write("nonsense " * 1000 + "\n")


def much_stderr() -> None:
    for _ in range(1000):
        sys.stderr.write("nonsense " * 1000 + "\n")


def last_words() -> None:
    sys.stderr.write("first\nlast words\n")
    os._exit(7)


def many_threads() -> None:
    for _ in range(1000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    time.sleep(60)


def leaves_a_child() -> None:
    child = subprocess.Popen(["/bin/sleep", "60"])
    Path(os.environ["HARNESS_CHILD"]).write_text(str(child.pid))
    os.abort()


def hogs_memory() -> None:
    np.ones(1 << 32)


def exits() -> None:
    sys.exit(3)


def closes_all() -> None:
    os.closerange(0, 64)


def closes_stdout() -> None:
    os.close(1)


def reads_stdin() -> None:
    sys.stdin.read()
    os.read(0, 1)


FAULTS = {
    "segfault": segfault,
    "os._exit": lambda: os._exit(5),
    "abort": os.abort,
    "sigkill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "signal to the group": signal_to_the_group,
    "sys.exit": exits,
    "keyboard interrupt": lambda: signal.raise_signal(signal.SIGINT),
    "sleeps": lambda: time.sleep(60),
    "ignores sigterm": ignores_sigterm,
    "holds the gil": holds_the_gil,
    "sleeps in C": sleeps_in_c,
    "prints": prints,
    "reads stdin": reads_stdin,
    "endless stderr": endless_stderr,
    "much stderr": much_stderr,
    "last words": last_words,
    "many threads": many_threads,
    "leaves a child": leaves_a_child,
    "hogs memory": hogs_memory,
    "closes all": closes_all,
    "closes stdout": closes_stdout,
}
