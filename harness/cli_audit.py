"""The command that asks of the cases themselves whether they catch anything: audit."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import click

from harness.cli_options import folder_options, patterns_argument
from harness.errors import UsageError


@click.command()
@patterns_argument
@click.option(
    "--implementation", "-i", help="Who answers for the wrong ones.  [default: torch where it is installed, else numpy]"
)
@click.option("--jobs", "-j", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes.")
@click.option("--json", "json_path", help="Write the audit as JSON lines ('-': stdout).")
@click.option("--verbose", "-v", is_flag=True, help="List every weak case with what it misses.")
@folder_options
def audit(
    patterns: tuple[str, ...], implementation: str | None, jobs: int, json_path: str | None, verbose: bool,
    cases_dir: Path, golden_dir: Path,
) -> int:  # fmt: skip
    """Find cases that wrong implementations pass.

    Makes wrong implementations for every case and compares them with its golden. An operator is WEAK when none of its
    cases catches one of them: see docs/audit.md.
    """
    from harness.audit import audit as audited  # noqa: PLC0415 - `list` stays fast without it
    from harness.goldens import REFERENCE  # noqa: PLC0415
    from harness.report.audit_jsonl import write_audit_footer, write_audit_header, write_operator  # noqa: PLC0415
    from harness.report.audit_tally import AuditTally  # noqa: PLC0415
    from harness.report.audit_text import AuditReport  # noqa: PLC0415
    from harness.session import Session, implementation_of  # noqa: PLC0415

    name = implementation or ("torch" if find_spec("torch") else "numpy")
    session = Session(implementation=name, cases=cases_dir, goldens=golden_dir, version=REFERENCE, patterns=patterns)
    files = session.files()
    right = implementation_of(session)
    tally = AuditTally()
    report = AuditReport(sys.stderr if json_path == "-" else sys.stdout, verbose=verbose)
    with ExitStack() as stack:
        out = _open(stack, json_path)
        report.start(f"{name} {right.version}".rstrip(), session.version)
        if out:
            harness = metadata.version("golden-harness")
            write_audit_header(out, implementation=name, version=right.version, golden=session.version, harness=harness)
        for operator in audited(session, files, jobs=jobs):
            tally.add(operator)
            report.add(operator)
            if out:
                write_operator(out, operator)
        if out:
            write_audit_footer(out, tally)
    report.finish(tally)
    return tally.exit_code


def _open(stack: ExitStack, path: str | None) -> IO[str] | None:
    """Open a report for writing; '-' is stdout."""
    if path is None:
        return None
    try:
        return stack.enter_context(click.open_file(path, "w", encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=path) from error
