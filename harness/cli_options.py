"""What several commands take: cases by glob, the folders, a version of torch."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from harness.locations import default_cases, default_goldens

patterns_argument = click.argument("patterns", nargs=-1, metavar="[CASES]...")


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


def version_name(version: str | None) -> str:
    """Return the folder name of a torch version as a user may write it: 'torch-1.13.1', '1.13.1' or nothing."""
    from harness.goldens import REFERENCE  # noqa: PLC0415 - `harness list` stays fast without NumPy

    if version is None:
        return REFERENCE
    return version if version.startswith("torch-") else f"torch-{version}"
