"""Results as JUnit XML, written as they come: the counts in the head are filled in at the end."""

from __future__ import annotations

import re
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from harness.model import Result, Verdict
from harness.report.tally import Tally
from harness.report.text import describe

_TAGS = {
    Verdict.FAIL: "failure",
    Verdict.UNEXPECTED_PASS: "failure",
    Verdict.UNSUPPORTED: "skipped",
    Verdict.EXPECTED_FAIL: "skipped",
}
#: characters that XML 1.0 cannot hold
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: room for the counts, which are known last
_HEAD = 200


class JUnitWriter:
    """Writes one test suite to a file that can be sought in."""

    def __init__(self, out: IO[str], *, suite: str) -> None:
        """Reserve the head of the document."""
        self._out = out
        self._suite = suite
        out.write('<?xml version="1.0" encoding="utf-8"?>\n')
        self._start = out.tell()
        out.write(" " * (_HEAD + len(quoteattr(suite).encode())) + "\n")

    def add(self, result: Result) -> None:
        """Write one case."""
        operator, _, case = result.id.rpartition("/")
        head = f"  <testcase classname={_attribute(operator)} name={_attribute(case)} time={_time(result)}"
        if result.verdict is Verdict.PASS:
            self._out.write(f"{head}/>\n")
            return
        tag = _TAGS.get(result.verdict, "error")
        text = _FORBIDDEN.sub("?", describe(result))
        first = text.splitlines()[1].strip() if "\n" in text else text
        body = "" if tag == "skipped" else escape(text)
        inner = f"<{tag} type={_attribute(result.verdict.value)} message={_attribute(first)}>{body}</{tag}>"
        self._out.write(f"{head}>\n    {inner}\n  </testcase>\n")

    def close(self, tally: Tally) -> None:
        """Write the end, and the counts into the head."""
        self._out.write("</testsuite>\n")
        counts = tally.verdicts
        failures = sum(counts[verdict] for verdict, tag in _TAGS.items() if tag == "failure")
        skipped = sum(counts[verdict] for verdict, tag in _TAGS.items() if tag == "skipped")
        errors = sum(counts[verdict] for verdict in counts if verdict is not Verdict.PASS and verdict not in _TAGS)
        total = sum(counts.values())
        self._out.seek(self._start)
        head = f"<testsuite name={_attribute(self._suite)} tests={_attribute(str(total))}"
        self._out.write(f'{head} failures="{failures}" errors="{errors}" skipped="{skipped}">')


def _attribute(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("?", text))


def _time(result: Result) -> str:
    return f'"{result.seconds:.6f}"'
