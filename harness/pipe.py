"""A child process, and messages to and from it under a deadline: docs/protocol.md says how they are written.

One thread does all of it. While the harness waits for the child it also takes what the child says on stderr, of which
the end is kept; the child never waits for that at any other time, because it has nothing to do.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.answer import Crashed, NoAnswer, TimedOut
from harness.errors import UsageError
from harness.model import Array
from harness.worker import BadMessage, check_lengths, decode, left_over

if TYPE_CHECKING:
    from harness.worker import Message

#: bytes that a pipe holds: fewer turns for large arrays
_ROOM = 1 << 20
_SET_ROOM = getattr(fcntl, "F_SETPIPE_SZ", 1031)
_CHUNK = 1 << 16
#: bytes of a message that tell how long it is, and whether it is one
_LENGTH, _TELLING = 8, 17
#: what is kept of stderr, and shown of it
_KEPT = 1 << 14
_FIRST, _LAST = 5, 10
_WIDTH = 300
#: buffers that the system takes at once
_PIECES = 512
#: seconds between looks at whether the child lives, where the system does not tell by itself
_TICK = 0.05
#: seconds for a child that closed its stdout to end, and for one that was told bye
_ENDING = 1.0
_BYE = 2.0


class Pipe:
    """A child process in a process group of its own, asked one message at a time."""

    def __init__(self, command: Sequence[str], *, memory: int | None = None) -> None:
        """Start the child. Raises `UsageError` when there is no such program."""
        try:
            self._child = subprocess.Popen(  # noqa: S603 - the user's own command
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                bufsize=0, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise UsageError(f"{command[0]!r} cannot be started: {error.strerror}") from error
        self._in, self._out, self._err = (
            stream.fileno() for stream in (self._child.stdin, self._child.stdout, self._child.stderr) if stream
        )
        for descriptor in (self._in, self._out, self._err):
            os.set_blocking(descriptor, False)
            with suppress(OSError):  # no more room for this user, or no Linux
                fcntl.fcntl(descriptor, _SET_ROOM, _ROOM)
        self._life = _descriptor_of(self._child.pid)
        if memory is not None:
            _limit_memory(self._child.pid, memory)
        self._poll = select.poll()
        for descriptor in (self._out, self._err, self._life):
            if descriptor >= 0:
                self._poll.register(descriptor, select.POLLIN)
        self._said = b""
        self._over = False

    def is_quiet(self) -> bool:
        """Tell whether the child lives and has said nothing since its last answer."""
        events = dict(self._poll.poll(0))
        if self._err in events:
            self._hear()
        return self._out not in events and not self._is_dead(events)

    def exchange(self, buffers: Sequence[Any], *, seconds: float, limit: int) -> tuple[Message, dict[str, Array]]:
        """Send a message and return the answer, of at most `limit` bytes.

        Raises `Crashed`, `TimedOut`, or `NoAnswer` for what is no message; the child is then of no more use.
        """
        self._said = b""
        deadline = time.monotonic() + seconds
        try:
            self._send(buffers, deadline)
            return self._receive(deadline, limit)
        except _Late as late:
            raise TimedOut(self._told(f"no answer within {seconds:g} s{late}")) from None
        except _Dead as dead:
            raise self._death(str(dead)) from None
        except BadMessage as rubbish:
            raise NoAnswer(self._told(f"it answered {rubbish}")) from None

    # -- to and fro

    def _send(self, buffers: Sequence[Any], deadline: float) -> None:
        left = self._write([memoryview(buffer) for buffer in buffers])
        if not left:
            return
        self._poll.register(self._in, select.POLLOUT)
        try:
            while left:
                self._wait(deadline, " (it has not read the question)")
                left = self._write(left)
        finally:
            self._poll.unregister(self._in)

    def _write(self, buffers: list[memoryview]) -> list[memoryview]:
        """Write what the child takes at once, and return the rest."""
        try:
            return left_over(buffers, os.writev(self._in, buffers[:_PIECES]))
        except BlockingIOError:
            return buffers
        except BrokenPipeError:
            raise _Dead(f" before it had read the question{self._left()}") from None

    def _receive(self, deadline: float, limit: int) -> tuple[Message, dict[str, Array]]:
        head = self._read(deadline, b"")
        while len(head) < _TELLING and (len(head) < _LENGTH or int.from_bytes(head[:_LENGTH], "little") <= limit):
            head += self._read(deadline, head)
        try:
            total, length = check_lengths(head, limit)
        except BadMessage as lie:
            raise self._rubbish(head, lie) from None
        end = 8 + total
        if len(head) > end:
            raise BadMessage(f"{len(head) - end} bytes more than one message: {_shown(head[end:])}")
        while len(head) < 16 + length:
            head += self._read(deadline, head)
        header, start = head[16 : 16 + length], head[16 + length :]
        data = np.empty(end - 16 - length, np.uint8)  # memory is taken as it fills, not as it is claimed
        view = data.data
        view[: len(start)] = start
        at = len(start)
        while at < len(data):
            self._wait(deadline, f" ({at} of {len(data)} bytes of data have come)", self._out)
            found = os.readv(self._out, [view[at:]])
            if not found:
                raise _Dead(" in the middle of a message")
            at += found
        return decode(header, data)

    def _read(self, deadline: float, so_far: bytes) -> bytes:
        """Return some bytes of stdout."""
        late = f" ({len(so_far)} bytes have come: {_shown(so_far)})" if so_far else ""
        self._wait(deadline, late, self._out)
        found = os.read(self._out, _CHUNK)
        if not found:
            raise _Dead(f" in the middle of a message: {_shown(so_far)}" if so_far else " before it answered")
        return found

    def _wait(self, deadline: float, late: str, wanted: int = -1) -> None:
        """Wait until `wanted` (or stdin, where it is polled) is ready. Raises `_Late` and `_Dead`."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise _Late(late)
            events = dict(self._poll.poll((left if self._life >= 0 else min(left, _TICK)) * 1000 + 1))
            if self._err in events:
                self._hear()
            if wanted < 0:
                if self._out in events:
                    raise self._early()
                wanted_now = self._in
            else:
                wanted_now = wanted
            if wanted_now in events:
                return
            if self._is_dead(events):
                raise _Dead(" before it answered")

    def _left(self) -> str:
        """Return what to say of what a child that no longer reads has written, '' when it is nothing."""
        with suppress(BlockingIOError):
            if found := os.read(self._out, _CHUNK):
                return f"; found {_shown(found)} instead of a message: print to stderr"
        return ""

    def _early(self) -> Exception:
        found = os.read(self._out, _CHUNK)
        if not found:
            return _Dead(" before it had read the question")
        return BadMessage(f"{_shown(found)} before it had read the question")

    def _rubbish(self, head: bytes, lie: BadMessage) -> BadMessage:
        """Return what to say of bytes that are no message: most often something that the program prints."""
        text = head[:8]
        if all(31 < byte < 127 or byte in b"\t\r\n" for byte in text[:2]):  # noqa: PLR2004 - what ASCII prints
            return BadMessage(f"what is no message: found {_shown(head)}; print to stderr instead")
        return lie

    # -- stderr, and the end

    def _hear(self) -> None:
        """Take what stderr has, and keep its end."""
        try:
            found = os.read(self._err, _CHUNK)
        except BlockingIOError:
            return
        if not found:
            self._poll.unregister(self._err)
            return
        self._said = (self._said + found)[-_KEPT:]

    def _told(self, problem: str) -> str:
        """Return a problem with the last lines of stderr."""
        with suppress(OSError):
            for _ in range(_FIRST + _LAST):
                found = os.read(self._err, _CHUNK)
                if not found:
                    break
                self._said = (self._said + found)[-_KEPT:]
        text = self._said.decode("utf-8", "backslashreplace")
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > _FIRST + _LAST:  # Python tells of a segfault from the inside out
            lines = [*lines[:_FIRST], "...", *lines[-_LAST:]]
        return "\n".join([problem, *(f"stderr: {line[:_WIDTH]}" for line in lines)])

    def _is_dead(self, events: dict[int, int]) -> bool:
        if self._life >= 0:
            return self._life in events
        status = os.waitid(os.P_PID, self._child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return status is not None

    def _death(self, when: str) -> NoAnswer:
        """Return what to say of a child that is dead, or closed its stdout."""
        end = time.monotonic() + _ENDING
        while not self._is_dead(dict(self._poll.poll(0))):
            if time.monotonic() > end:
                return NoAnswer(self._told(f"it closed its end of the pipe{when}"))
            time.sleep(_TICK / 10)
        told = self._told("")
        code = self.kill()
        problem = f"killed by {_signal(-code)}" if code < 0 else f"ended with exit code {code}"
        return Crashed(f"{problem}{when}{told}")

    def kill(self) -> int:
        """Kill the child and its process group, and return its exit code, a signal as a negative number."""
        if not self._over:
            self._over = True
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
            for stream in (self._child.stdin, self._child.stdout, self._child.stderr):
                if stream is not None:
                    stream.close()
            if self._life >= 0:
                os.close(self._life)
        return self._child.returncode

    def close(self, bye: Sequence[Any]) -> int | None:
        """Say bye, wait a moment, and return the exit code: None for a child that had to be killed."""
        if self._over:
            return None
        with suppress(OSError):
            os.writev(self._in, bye)
        if self._child.stdin is not None:
            self._child.stdin.close()
        end = time.monotonic() + _BYE
        while (left := end - time.monotonic()) > 0:
            events = dict(self._poll.poll(_TICK * 1000))
            if self._is_dead(events):
                return self.kill()
            if self._err in events:
                self._hear()
            if self._out in events and not os.read(self._out, _CHUNK):
                self._poll.unregister(self._out)
            del left
        self.kill()
        return None


class _Late(Exception):
    """The deadline has passed."""


class _Dead(Exception):
    """The child has died, or closed its stdout."""


def _descriptor_of(pid: int) -> int:
    """Return a descriptor that can be read when the process is dead, -1 where the system has none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return -1


def _limit_memory(pid: int, limit: int) -> None:
    try:
        from resource import RLIMIT_AS, prlimit  # noqa: PLC0415 - Linux alone has it
    except ImportError as error:
        raise UsageError("a memory limit needs Linux") from error
    with suppress(ProcessLookupError):
        prlimit(pid, RLIMIT_AS, (limit, limit))


def _shown(found: bytes) -> str:
    """Return the first bytes of what was found, as text where they are."""
    text = repr(found[:40].decode("utf-8", "backslashreplace"))
    return f"{text}..." if len(found) > 40 else text  # noqa: PLR2004 - a line has room for so much


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
