"""What several commands take: cases by glob, the folders, a version of torch."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from harness.locations import default_cases, default_goldens
from harness.model import Limits

patterns_argument = click.argument("patterns", nargs=-1, metavar="[CASES]...")
jobs_option = click.option("--jobs", "-j", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes.")


def folder_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add --cases-dir and --golden-dir; the defaults are what came with the harness."""

    @click.option(
        "--cases-dir",
        type=click.Path(path_type=Path),
        envvar="HARNESS_CASES",
        help="Folder of case files.  [default: those of the harness; env HARNESS_CASES]",
    )
    @click.option(
        "--golden-dir",
        type=click.Path(path_type=Path),
        envvar="HARNESS_GOLDEN",
        help="Folder of goldens.  [default: those of the harness; env HARNESS_GOLDEN]",
    )
    @wraps(command)
    def filled(*args: Any, cases_dir: Path | None, golden_dir: Path | None, **kwargs: Any) -> int:
        folders = {"cases_dir": cases_dir or default_cases(), "golden_dir": golden_dir or default_goldens()}
        return command(*args, **folders, **kwargs)

    return filled


def _size(ctx: click.Context, param: click.Parameter, text: str | None) -> int | None:
    """Return the bytes that a size such as 4GiB means."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?) *([KMGT]?)(i?)B?", text, re.IGNORECASE)
    if found is None:
        raise click.BadParameter(f"{text!r} is no size; write it as 4GiB or 500MB", ctx=ctx, param=param)
    number, prefix, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** " KMGT".index(prefix.upper() or " "))


def limit_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add --isolate, --timeout and --memory-limit, which `command` gets as its argument `limits`."""

    @click.option("--isolate", is_flag=True, help="Run a Python implementation in a process of its own, one a job.")
    @click.option(
        "--timeout",
        "seconds",
        type=click.FloatRange(0, min_open=True),
        metavar="SECONDS",
        help="Kill the process when a case takes longer; implies --isolate.  [default with exec: and --isolate: 60]",
    )
    @click.option(
        "--memory-limit",
        "memory",
        callback=_size,
        metavar="SIZE",
        help="Address space of the process, such as 4GiB; implies --isolate.",
    )
    @wraps(command)
    def filled(*args: Any, isolate: bool, seconds: float | None, memory: int | None, **kwargs: Any) -> int:
        return command(*args, limits=Limits(isolate=isolate, seconds=seconds, memory=memory), **kwargs)

    return filled


def version_name(version: str | None) -> str:
    """Return the folder name of a torch version as a user may write it: 'torch-1.13.1', '1.13.1' or nothing."""
    from harness.goldens import REFERENCE  # noqa: PLC0415 - `harness list` stays fast without NumPy

    if version is None:
        return REFERENCE
    return version if version.startswith("torch-") else f"torch-{version}"
