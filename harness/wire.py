"""A program that answers over a pipe, as an Implementation: docs/protocol.md has the messages.

What the program does wrong costs the case at hand: it dies (CRASH), it takes too long (TIMEOUT), it writes what is no
answer (ERROR). It is then killed with its process group, and the next case gets a fresh one.
"""

from __future__ import annotations

import shlex
import sys
import weakref
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any

from harness.answer import Crashed, NoAnswer
from harness.errors import GivenUp, Unsupported, UsageError, speakable
from harness.model import Array, Arrays, Call, Limits, NoiseMode, Outputs, Stage
from harness.pipe import Pipe
from harness.worker import DTYPES, PROTOCOL, BadMessage, encode, to_json

if TYPE_CHECKING:
    from harness.worker import Message

#: seconds that a program has to say hello, and for a case where no limit is given
PATIENCE = 60.0
#: an answer may be so much longer than its question, and this long at any rate
_ROOM = 64
_AT_LEAST = 64 << 20
#: restarts that fail one after the other before the run is given up
_RESTARTS = 3
_PARTS = {stage.value: stage for stage in Stage}
_OWN_NOISE = {NoiseMode.READ_BACK.value, NoiseMode.DERIVED.value}


def program(name: str, limits: Limits) -> Program:
    """Return the program of a name such as `exec:./client --flag`. Raises `UsageError` when it does not start well."""
    try:
        command = shlex.split(name.removeprefix("exec:"))
    except ValueError as error:
        raise UsageError(f"cannot be read as a command: {error}", where=name) from error
    if not command:
        raise UsageError("no command", where=name, hint="write exec:./my_program --flag")
    return Program(command, name=name, limits=limits)


def isolated(name: str, limits: Limits) -> Program:
    """Return a Python implementation that runs in a process of its own. Raises `UsageError` as `program` does."""
    return Program([sys.executable, "-m", "harness", "serve", name], name=name, limits=limits)


class Program:
    """An implementation that is a program: started when it is made, and anew after a fault."""

    def __init__(self, command: Sequence[str], *, name: str, limits: Limits) -> None:
        """Start the program. Raises `UsageError` when it does not say hello, or in another protocol."""
        self.name = name
        self.starts = 0
        self._command = command
        self._limits = limits
        self._seconds = PATIENCE if limits.seconds is None else limits.seconds
        self._seeded: dict[str, bool] = {}
        self._asked = 0
        self._failures = 0
        self._pipe: Pipe | None = None
        try:
            self._hello = self._start()
        except NoAnswer as fault:
            raise UsageError(f"did not say hello: {' '.join(str(fault).split())}", where=name) from fault
        self.version: str = self._hello["version"]

    def run(self, call: Call) -> Outputs:
        """Answer a call. Raises `Unsupported`, and `NoAnswer` for what the program does wrong."""
        self._refuse(call)
        message = _question(call)
        if not self._injects:
            message["noise"] = []
        arrays = _given(call, with_noise=self._injects)
        try:
            buffers = encode(message | {"id": self._next_id()}, arrays)
        except TypeError as error:
            raise Unsupported(f"it cannot be sent: {error}") from error
        reply, tensors = self._exchange(buffers, _AT_LEAST + _ROOM * sum(map(len, buffers)))
        try:
            return self._outputs(call, reply, tensors)
        except BadMessage as fault:
            self.stop()
            raise NoAnswer(f"it answered {fault}") from fault

    def provenance(self) -> dict[str, Any]:
        """Return what of the program's build and machine decides the bits, as its hello told."""
        return dict(self._hello["provenance"])

    def takes_seed(self, operator: str) -> bool:
        """Tell whether an operator can be told its seed, as its answers said; until one does, it is thought to."""
        return self._seeded.get(operator, True)

    def ask(self, message: Message, arrays: Arrays, *, limit: int = _AT_LEAST) -> tuple[Message, dict[str, Array]]:
        """Send any message and return what comes back. Raises `NoAnswer` as `run` does."""
        return self._exchange(encode(message | {"id": self._next_id()}, arrays), limit)

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The dtypes that the program takes, () when it did not say."""
        return tuple(self._hello["dtypes"] or ())

    @property
    def runs(self) -> bool:
        """True unless a fault has ended the program, and no question has started it again."""
        return self._pipe is not None

    def is_quiet(self) -> bool:
        """Tell whether the program runs and has said nothing since its last answer."""
        return self._pipe is not None and self._pipe.is_quiet()

    def start(self) -> None:
        """Start the program where it does not run. Raises `Crashed`, and `GivenUp` after a few failures in a row."""
        self._running()

    def stop(self) -> None:
        """End the program at once, and all that it started."""
        if self._pipe is not None:
            self._pipe.kill()
            self._ending.detach()
            self._pipe = None

    def close(self) -> int | None:
        """Say bye, and return the exit code: None where the program had to be killed."""
        pipe, self._pipe = self._pipe, None
        return None if pipe is None else pipe.close(encode({"type": "bye"}, {}))

    # -- starting

    def _start(self) -> Message:
        pipe = Pipe(self._command, memory=self._limits.memory)
        try:
            greeting = {"type": "hello", "protocol": PROTOCOL, "harness": _own_version()}
            found, _ = pipe.exchange(encode(greeting, {}), seconds=max(PATIENCE, self._seconds), limit=_AT_LEAST)
            greeted = _greeted(found)
        except BadMessage as fault:
            pipe.kill()
            raise NoAnswer(f"it answered {fault}") from fault
        except BaseException:
            pipe.kill()
            raise
        self._ending = weakref.finalize(self, pipe.close, encode({"type": "bye"}, {}))
        self._pipe = pipe
        self.starts += 1
        return greeted

    def _running(self) -> Pipe:
        """Return the pipe to the program, started anew where it must be."""
        if self._pipe is not None and not self._pipe.is_quiet():
            self.stop()
        if self._pipe is not None:
            return self._pipe
        if self._failures >= _RESTARTS:
            problem = f"given up: it failed to start again {self._failures} times in a row"
            raise GivenUp(problem, where=self.name)
        try:
            self._start()
        except NoAnswer as fault:
            self._failures += 1
            raise Crashed(f"it could not be started again: {fault}") from fault
        except UsageError as error:
            self._failures += 1
            raise Crashed(f"it could not be started again: {error}") from error
        self._failures = 0
        assert self._pipe is not None  # noqa: S101 - `_start` made it
        return self._pipe

    def _next_id(self) -> int:
        self._asked += 1
        return self._asked

    def _exchange(self, buffers: Sequence[Any], limit: int) -> tuple[Message, dict[str, Array]]:
        pipe = self._running()
        try:
            reply, tensors = pipe.exchange(buffers, seconds=self._seconds, limit=limit)
        except BaseException:
            self.stop()
            raise
        if reply.get("id", self._asked) != self._asked:
            self.stop()
            raise NoAnswer(f"it answered question {reply['id']!r}, and was asked question {self._asked}")
        return reply, tensors

    # -- what is sent

    @property
    def _injects(self) -> bool:
        return NoiseMode.INJECT.value in self._hello["noise"]

    def _refuse(self, call: Call) -> None:
        """Raise `Unsupported` for a call that the program's hello rules out."""
        known = self._hello["dtypes"]
        if known is not None:
            for part in (call.inputs, call.grad_outputs, call.noise):
                for array in part.values():
                    if array.dtype.name not in known:
                        raise Unsupported(f"it takes no {array.dtype.name} (it takes {', '.join(known)})")
        if call.noise_names and not (call.noise and self._injects) and not _OWN_NOISE & self._hello["noise"]:
            raise Unsupported("it draws no noise of its own")

    # -- what comes back

    def _outputs(self, call: Call, reply: Message, tensors: Arrays) -> Outputs:
        kind = reply["type"]
        if kind == "unsupported":
            raise Unsupported(_text(reply, "reason"))
        if kind == "error":
            raise NoAnswer(_text(reply, "message"))
        if kind != "outputs":
            raise BadMessage(f"a message of type {kind!r}; expected outputs, unsupported or error")
        if isinstance(seeded := reply.get("takes_seed"), bool):
            self._seeded[call.operator] = seeded
        stages: dict[Stage, dict[str, Array]] = {}
        noise = {}
        for key, array in tensors.items():
            part, _, name = key.partition("/")
            if part == "noise":
                noise[name] = array
            elif part in _PARTS:
                stages.setdefault(_PARTS[part], {})[name] = array
            else:
                raise BadMessage(f"a tensor {key!r}; expected one of {', '.join(_PARTS)} or noise before the '/'")
        refused = _stages(reply.get("unsupported", {}))
        mode = reply.get("noise_mode", NoiseMode.NONE)
        for stage in call.stages:  # a stage that is neither answered nor refused has answered nothing
            if stage not in refused:
                stages.setdefault(stage, {})
        return Outputs(stages=stages, unsupported=refused, noise_mode=mode, noise=noise)


def _stages(refused: Any) -> dict[Stage, str]:
    if not isinstance(refused, dict) or not all(s in _PARTS and isinstance(r, str) for s, r in refused.items()):
        raise BadMessage(f'"unsupported": {refused!r}; expected a reason for each of some of {", ".join(_PARTS)}')
    return {_PARTS[stage]: speakable(reason) for stage, reason in refused.items()}


def _text(reply: Message, key: str) -> str:
    text = reply.get(key)
    if not isinstance(text, str):
        raise BadMessage(f'a message of type {reply["type"]!r} whose "{key}" is {text!r}')
    return speakable(text)


def _greeted(reply: Message) -> Message:
    """Return a hello with all of its fields. Raises `UsageError` or `BadMessage` for one that says something else."""
    if reply["type"] == "error":
        raise BadMessage(f"an error: {_text(reply, 'message')}")
    if reply["type"] != "hello":
        raise BadMessage(f"a message of type {reply['type']!r}; expected hello")
    if reply.get("protocol") != PROTOCOL:
        raise BadMessage(f"protocol {reply.get('protocol')!r}; this harness speaks protocol {PROTOCOL}")
    dtypes, noise = reply.get("dtypes"), reply.get("noise", [mode.value for mode in NoiseMode])
    for field, values, known in (
        ("dtypes", dtypes or [], list(DTYPES.values())),
        ("noise", noise, [mode.value for mode in NoiseMode]),
    ):
        strange = [value for value in values if value not in known] if isinstance(values, list) else [values]
        if strange:
            raise BadMessage(f'a hello whose "{field}" names {strange[0]!r}; expected some of {", ".join(known)}')
    for field, value in (("name", reply.get("name")), ("version", reply.get("version", ""))):
        if not isinstance(value, str):
            raise BadMessage(f'a hello whose "{field}" is {value!r}; expected a string')
    version = speakable(reply.get("version", ""))
    provenance = reply.get("provenance", {})
    if not isinstance(provenance, dict):
        raise BadMessage(f'a hello whose "provenance" is {provenance!r}; expected an object')
    return {
        "name": speakable(reply["name"]), "version": version, "dtypes": dtypes, "noise": set(noise),
        "provenance": provenance,
    }  # fmt: skip


def _question(call: Call) -> dict[str, Any]:
    """Return the message that asks what a call asks."""
    message: dict[str, Any] = {
        "type": "run",
        "operator": call.operator,
        "reference": call.reference,
        "dtype": call.dtype,
        "params": {name: to_json(value) for name, value in call.params.items()},
        "inputs": list(call.inputs),
        "noise": list(call.noise),
        "noise_names": call.noise_names,
        "noise_seed": call.noise_seed,
        "grad_outputs": list(call.grad_outputs),
        "differentiable": call.differentiable,
        "stages": call.stages,
        "outputs": call.outputs,
        "updates": call.form.updates,
        "complex": call.form.complex,
        "sequences": call.form.sequences,
    }
    return message | ({"widest": True} if call.widest else {})


def _given(call: Call, *, with_noise: bool) -> Mapping[str, Array]:
    arrays = {f"inputs/{name}": array for name, array in call.inputs.items()}
    arrays |= {f"grad_outputs/{name}": array for name, array in call.grad_outputs.items()}
    return arrays | {f"noise/{name}": array for name, array in call.noise.items()} if with_noise else arrays


def _own_version() -> str:
    try:
        return metadata.version("golden-harness")
    except metadata.PackageNotFoundError:  # a source tree that is not installed
        return ""
