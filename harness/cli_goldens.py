"""The commands that make goldens and compare them: record, accept, drift."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli_options import folder_options, jobs_option, patterns_argument, version_name
from harness.errors import GoldenError

if TYPE_CHECKING:
    from harness.record import Recording


@click.command()
@patterns_argument
@click.option("--check", is_flag=True, help="Only report; leave nothing pending.")
@jobs_option
@click.option("--accept", "accept_now", is_flag=True, help="Accept at once, unless a case could not be recorded.")
@folder_options
def record(
    patterns: tuple[str, ...], check: bool, jobs: int, accept_now: bool, cases_dir: Path, golden_dir: Path
) -> int:
    """Record goldens from the installed torch, beside those there are.

    Nothing is overwritten: what is new or differs waits for `harness accept`.
    """
    from harness.accept import accept as accept_pending  # noqa: PLC0415
    from harness.drift import loud  # noqa: PLC0415
    from harness.goldens import REFERENCE  # noqa: PLC0415
    from harness.implementation import load_implementation  # noqa: PLC0415
    from harness.record import Recorder  # noqa: PLC0415
    from harness.session import worker_pool  # noqa: PLC0415

    recorder = Recorder(load_implementation("torch"), cases=cases_dir, goldens=golden_dir)
    click.echo(f"Recording {recorder.version}")
    with worker_pool(jobs) as pool:
        for _ in recorder.record(patterns, keep=not check, pool=pool):
            pass
    found = recorder.found
    _print_found(found)
    if not check:
        _print_pending(found)
    accepted = accept_now and found.differs and not found.errors and not check
    if accepted:
        chosen = accept_pending(golden_dir, recorder.version, patterns, cases_root=cases_dir)
        click.echo(f"{chosen} accepted into {golden_dir / recorder.version}")
    own = found.drifts if recorder.version == REFERENCE else found.before
    return 1 if found.errors or (loud(own) and not accepted) else 0


def _print_found(found: Recording) -> None:
    """Print what a recording found: absent cases, what became of every array, removals, transcripts, errors."""
    from harness.goldens import REFERENCE  # noqa: PLC0415
    from harness.report.text import describe_drift  # noqa: PLC0415

    click.echo(f"{len(found.cases)} cases, {len(found.absent)} of them absent in {found.version}")
    for reason, count in found.absent_reasons().items():
        click.echo(f"  absent: {count} x {reason}")
    click.echo(describe_drift(found.drifts, REFERENCE))
    if found.before:
        click.echo(describe_drift(found.before, f"the recording of {found.version} that there was"))
    for case_id in found.gone:
        click.echo(f"gone: {case_id} is in no case file any more")
    for case_id in found.transcripts:
        click.echo(f"transcript: {case_id} prints another text than its case file expects")
    for error in found.errors:
        click.echo(f"not recorded: {error}")
    if not found.differs:
        click.echo("nothing differs from the goldens")


def _print_pending(found: Recording) -> None:
    """Print what waits for `accept` now, and how much of it an earlier recording left."""
    from harness.goldens import REFERENCE  # noqa: PLC0415

    waiting = found.pending.joined(found.kept)
    if found.kept.differs:
        click.echo(f"{found.kept} of an earlier recording stay pending")
    if waiting.differs:
        flag = "" if found.version == REFERENCE else f" --torch {found.version.removeprefix('torch-')}"
        click.echo(f"{waiting} are pending: `harness accept{flag}` makes them the goldens")


@click.command()
@patterns_argument
@click.option("--torch", "version", help="Version whose recording to accept.  [default: the reference]")
@folder_options
def accept(patterns: tuple[str, ...], version: str | None, cases_dir: Path, golden_dir: Path) -> int:
    """Make what `harness record` left pending the goldens, and its transcripts those of the case files."""
    from harness.accept import accept as accept_pending  # noqa: PLC0415

    name = version_name(version)
    accepted = accept_pending(golden_dir, name, patterns, cases_root=cases_dir)
    click.echo(f"{accepted} accepted into {golden_dir / name}")
    return 0


@click.command()
@click.argument("old")
@click.argument("new")
@folder_options
def drift(old: str, new: str, cases_dir: Path, golden_dir: Path) -> int:
    """Print how the goldens of two torch versions differ, array by array.

    What was recorded over another reference than there is cannot be compared: exit code 4.
    """
    from harness.drift import Change, drift_between  # noqa: PLC0415
    from harness.goldens import open_goldens  # noqa: PLC0415
    from harness.report.text import describe_drift  # noqa: PLC0415

    del cases_dir
    before, after = (open_goldens(golden_dir, version_name(version)) for version in (old, new))
    drifts = [
        row
        for path in sorted({*before.operators(), *after.operators()})
        for row in drift_between(before.operator(path), after.operator(path), path)
    ]
    click.echo(f"{after.version}: {describe_drift(drifts, before.version)}")
    return GoldenError.exit_code if any(row.change is Change.STALE for row in drifts) else 0
