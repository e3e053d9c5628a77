"""The command that asks of the cases themselves whether they catch anything: audit."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import click

from harness.cli_options import folder_options, jobs_option, patterns_argument
from harness.cli_output import open_report, stdout_alone


@click.command()
@patterns_argument
@click.option(
    "--implementation", "-i", help="Who answers for the wrong ones.  [default: torch where it is installed, else numpy]"
)
@jobs_option
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the audit as JSON lines ('-': stdout)."
)
@click.option("--verbose", "-v", is_flag=True, help="List every weak case with what it misses.")
@folder_options
def audit(
    patterns: tuple[str, ...], implementation: str | None, jobs: int, json_path: Path | None, verbose: bool,
    cases_dir: Path, golden_dir: Path,
) -> int:  # fmt: skip
    """Find cases that wrong implementations pass.

    Makes wrong implementations for every case and compares them with its golden. An operator is WEAK when none of its
    cases catches one of them: see docs/audit.md.
    """
    from importlib import metadata  # noqa: PLC0415

    from harness.audit import audit as audited  # noqa: PLC0415 - `list` stays fast without it
    from harness.goldens import REFERENCE  # noqa: PLC0415
    from harness.report.audit_jsonl import write_audit_footer, write_audit_header, write_operator  # noqa: PLC0415
    from harness.report.audit_tally import AuditTally  # noqa: PLC0415
    from harness.report.audit_text import AuditReport  # noqa: PLC0415
    from harness.session import Session, implementation_of, worker_pool  # noqa: PLC0415

    name = implementation or ("torch" if find_spec("torch") else "numpy")
    session = Session(implementation=name, cases=cases_dir, goldens=golden_dir, version=REFERENCE, patterns=patterns)
    tally = AuditTally()
    with stdout_alone() as stdout, ExitStack() as stack:
        files = session.files()
        pool = stack.enter_context(worker_pool(jobs))
        right = implementation_of(session)
        out = open_report(stack, json_path, stdout)
        report = AuditReport(sys.stderr if out is stdout else stdout, verbose=verbose)
        report.start(f"{name} {right.version}".rstrip(), session.version)
        if out:
            harness = metadata.version("golden-harness")
            write_audit_header(out, implementation=name, version=right.version, golden=session.version, harness=harness)
        for operator in audited(session, files, pool=pool):
            tally.add(operator)
            report.add(operator)
            if out:
                write_operator(out, operator)
        if out:
            write_audit_footer(out, tally)
        report.finish(tally)
    return tally.exit_code
