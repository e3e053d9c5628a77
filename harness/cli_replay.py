"""The command `harness replay`: judge an implementation, print and write what came out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from harness.cli_options import folder_options, jobs_option, limit_options, patterns_argument, version_name
from harness.cli_output import open_report, stdout_alone

if TYPE_CHECKING:
    from harness.model import Limits, Result
    from harness.report.tally import Tally
    from harness.session import Session


@click.command()
@click.argument("implementation")
@patterns_argument
@jobs_option
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the results as JSON lines ('-': stdout)."
)
@click.option("--junit", "junit_path", type=click.Path(path_type=Path), help="Write the results as JUnit XML.")
@click.option("--golden", "version", help="Version of the goldens, such as torch-1.13.1.  [default: the reference]")
@click.option(
    "--deviations", "deviations_path", type=click.Path(path_type=Path), help="What is known to differ, as YAML."
)
@click.option(
    "--write-deviations", "write_path", type=click.Path(path_type=Path), help="Write what differs, for --deviations."
)
@click.option("--verbose", "-v", is_flag=True, help="Print every case, not only those that do not pass.")
@limit_options
@folder_options
def replay(
    implementation: str, patterns: tuple[str, ...], jobs: int, json_path: Path | None, junit_path: Path | None,
    version: str | None, deviations_path: Path | None, write_path: Path | None, verbose: bool, limits: Limits,
    cases_dir: Path, golden_dir: Path,
) -> int:  # fmt: skip
    """Judge IMPLEMENTATION by the goldens.

    IMPLEMENTATION is a name (numpy, torch), a module (my_ops, pkg.my_ops), a file (path/to/my_ops.py), an object in a
    module (pkg.mod:object) or a program that speaks the protocol ('exec:./my_program --flag'). CASES are globs over
    case ids; a family or an operator means all of its cases.
    """
    from harness.cli_deviations import KnownDeviations  # noqa: PLC0415
    from harness.report.tally import Tally  # noqa: PLC0415
    from harness.report.terminal import TerminalReport  # noqa: PLC0415
    from harness.session import Session, implementation_of, worker_pool  # noqa: PLC0415

    session = Session(
        implementation=implementation,
        cases=cases_dir,
        goldens=golden_dir,
        version=version_name(version),
        patterns=patterns,
        ratios=json_path is not None or deviations_path is not None,
        limits=limits,
    )
    tally = Tally()
    with stdout_alone() as stdout:
        files = session.files()
        with ExitStack() as stack:
            pool = stack.enter_context(worker_pool(jobs))
            found = implementation_of(session)
            title = f"{implementation} {found.version}".rstrip()
            known = KnownDeviations(deviations_path, write_path, session, version=found.version)
            json_out = open_report(stack, json_path, stdout)
            report = TerminalReport(sys.stderr if json_out is stdout else stdout, verbose=verbose)
            writers = list(_writers(json_out, open_report(stack, junit_path, stdout), session, title))
            sinks = [report.add, *(add for add, _ in writers)]
            report.start(title, session.version)
            advance = stack.enter_context(_progress(len(files), stdout))
            for file, results in session.results(files, pool=pool):
                for result in map(known.judge, results):
                    tally.add(result)
                    for sink in sinks:
                        sink(result)
                advance(file)
            for _, close in writers:  # a report of a run that broke off has no end: it is not whole
                close(tally)
        report.finish(tally, known.finish())
    return tally.exit_code


def _writers(
    json_out: TextIO | None, junit_out: TextIO | None, session: Session, title: str
) -> Iterator[tuple[Callable[[Result], None], Callable[[Tally], None]]]:
    """Yield what takes each result into a file, and what writes the file's end."""
    from importlib import metadata  # noqa: PLC0415

    from harness.report.jsonl import write_footer, write_header, write_result  # noqa: PLC0415
    from harness.report.junit import JUnitWriter  # noqa: PLC0415

    if json_out is not None:
        name = session.implementation
        version = title.removeprefix(name).lstrip()
        installed = metadata.version("golden-harness")
        write_header(json_out, implementation=name, version=version, golden=session.version, harness=installed)
        yield partial(write_result, json_out), partial(write_footer, json_out)
    if junit_out is not None:
        writer = JUnitWriter(junit_out, suite=f"{title} against {session.version}")
        yield writer.add, writer.close


@contextmanager
def _progress(total: int, stdout: TextIO) -> Iterator[Callable[[Path], None]]:
    """Show a progress bar over case files on a terminal, and nothing elsewhere."""
    if not (sys.stderr.isatty() and stdout.isatty()):
        yield lambda _file: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("case files"))
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda file: bar.update(task, advance=1, description=file.stem)
