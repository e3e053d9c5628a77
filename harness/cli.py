"""The command `harness`: parse, one call, render, exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

import click

from harness.cli_audit import audit
from harness.cli_goldens import accept, drift, record
from harness.cli_options import folder_options, patterns_argument, version_name
from harness.cli_output import give_up_stdout, keep_stdout, open_report, stdout_alone
from harness.errors import HarnessError
from harness.selection import case_files, select_ids

if TYPE_CHECKING:
    from harness.model import Result
    from harness.report.tally import Tally
    from harness.session import Session


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExit codes: 0 all as expected; 1 something does not conform; 2 usage, or a case\nfile that cannot be "
    "read; 3 nothing was run; 4 a golden is missing, stale or corrupt.",
)
@click.version_option(package_name="golden-harness")
def harness() -> None:
    """Judge neural-network operators by golden files recorded from PyTorch."""


def main() -> NoReturn:
    """Run the command line; an error with an address is one message on stderr and its exit code."""
    keep_stdout()
    try:
        code = harness.main(standalone_mode=False)
        if sys.stdout is not None:  # a process may be started without one
            sys.stdout.flush()
    except HarnessError as error:
        click.echo(f"harness: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("harness: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        click.echo(f"harness: {error.filename or 'the output'}: {error.strerror or error}", err=True)
        give_up_stdout()
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)


@harness.command("list")
@patterns_argument
@click.option("--count", "only_count", is_flag=True, help="Print only how many there are.")
@folder_options
def list_cases(patterns: tuple[str, ...], only_count: bool, cases_dir: Path, golden_dir: Path) -> int:
    """Print the ids of the cases that match globs such as 'regularization/dropout/*'."""
    del golden_dir
    count = 0
    operators = set()
    for file, ids in select_ids(cases_dir, patterns):
        if not only_count:
            click.echo("\n".join(ids))
        count += len(ids)
        operators.add(file.stem)
    numbers = ((len(operators), "operator"), (count, "case"))
    words = [f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in numbers]
    click.echo(", ".join(words), err=not only_count)
    return 0


@harness.command()
@click.argument("case")
@click.option("--implementation", "-i", default="numpy", show_default=True, help="Whose arrays to print.")
@click.option("--golden", "version", help="Version of the goldens.")
@folder_options
def show(case: str, implementation: str, version: str | None, cases_dir: Path, golden_dir: Path) -> int:
    """Print what an implementation answers to CASE, laid out as its transcript."""
    from harness.show import show_case  # noqa: PLC0415 - `list` stays fast without it

    with stdout_alone() as stdout:
        shown = show_case(
            case, implementation=implementation, cases=cases_dir, goldens=golden_dir, version=version_name(version)
        )
        stdout.write(f"{shown.text}\n")
    if shown.note:
        click.echo(f"note: {shown.note}", err=True)
    return 0


@harness.command()
@click.argument("implementation")
@patterns_argument
@click.option("--jobs", "-j", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes.")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the results as JSON lines ('-': stdout)."
)
@click.option("--junit", "junit_path", type=click.Path(path_type=Path), help="Write the results as JUnit XML.")
@click.option("--golden", "version", help="Version of the goldens, such as torch-1.13.1.  [default: the reference]")
@click.option("--verbose", "-v", is_flag=True, help="Print every case, not only those that do not pass.")
@folder_options
def replay(
    implementation: str, patterns: tuple[str, ...], jobs: int, json_path: Path | None, junit_path: Path | None,
    version: str | None, verbose: bool, cases_dir: Path, golden_dir: Path,
) -> int:  # fmt: skip
    """Judge IMPLEMENTATION by the goldens.

    IMPLEMENTATION is a name (numpy, torch), a module (my_ops, pkg.my_ops), a file (path/to/my_ops.py) or an object in
    a module (pkg.mod:object). CASES are globs over case ids; a family or an operator means all of its cases.
    """
    from harness.report.tally import Tally  # noqa: PLC0415
    from harness.report.terminal import TerminalReport  # noqa: PLC0415
    from harness.session import Session, implementation_of, worker_pool  # noqa: PLC0415

    session = Session(
        implementation=implementation,
        cases=cases_dir,
        goldens=golden_dir,
        version=version_name(version),
        patterns=patterns,
        ratios=json_path is not None,
    )
    tally = Tally()
    with stdout_alone() as stdout:
        files = session.files()
        with ExitStack() as stack:
            pool = stack.enter_context(worker_pool(jobs))
            title = f"{implementation} {implementation_of(session).version}".rstrip()
            json_out = open_report(stack, json_path, stdout)
            report = TerminalReport(sys.stderr if json_out is stdout else stdout, verbose=verbose)
            writers = list(_writers(json_out, open_report(stack, junit_path, stdout), session, title))
            sinks = [report.add, *(add for add, _ in writers)]
            report.start(title, session.version)
            advance = stack.enter_context(_progress(len(files), stdout))
            for file, results in session.results(files, pool=pool):
                for result in results:
                    tally.add(result)
                    for sink in sinks:
                        sink(result)
                advance(file)
            for _, close in writers:  # a report of a run that broke off has no end: it is not whole
                close(tally)
        report.finish(tally)
    return tally.exit_code


def _writers(
    json_out: TextIO | None, junit_out: TextIO | None, session: Session, title: str
) -> Iterator[tuple[Callable[[Result], None], Callable[[Tally], None]]]:
    """Yield what takes each result into a file, and what writes the file's end."""
    from importlib import metadata  # noqa: PLC0415

    from harness.report.jsonl import write_footer, write_header, write_result  # noqa: PLC0415
    from harness.report.junit import JUnitWriter  # noqa: PLC0415

    if json_out is not None:
        name, _, version = title.partition(" ")
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


@harness.command()
@click.option("--write", "folder", type=click.Path(path_type=Path), help="Write operators.md and operators/ there.")
@folder_options
def operators(folder: Path | None, cases_dir: Path, golden_dir: Path) -> int:
    """Print what each operator computes, takes and returns, as Markdown made from the case files."""
    from harness.casefile import read_operator  # noqa: PLC0415
    from harness.report.operators import operator_pages  # noqa: PLC0415

    del golden_dir
    pages = operator_pages([read_operator(file, cases_dir) for file in case_files(cases_dir)])
    for name, text in pages.items():
        if folder is None:
            click.echo(text)
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


@harness.command()
def schema() -> int:
    """Print the JSON Schema of case files, for editors."""
    from harness.schema import json_schema  # noqa: PLC0415

    click.echo(json.dumps(json_schema(), indent=2))
    return 0


harness.add_command(record)
harness.add_command(accept)
harness.add_command(drift)
harness.add_command(audit)
