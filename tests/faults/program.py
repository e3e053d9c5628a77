"""A program that answers `neg` as its argument says, with bytes of its own; everything else it answers rightly."""

from __future__ import annotations

import os
import struct
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from harness import worker

#: what the fault belongs to when it is no case
HELLOS = ("silent", "dies", "greets", "protocol 2", "nameless", "dtype", "not again")


def message(content: Mapping[str, Any], tensors: Mapping[str, Any] | None = None) -> bytes:
    return b"".join(worker.encode(content, tensors or {}))


def raw(header: bytes, data: bytes = b"") -> bytes:
    return struct.pack("<QQ", 8 + len(header) + len(data), len(header)) + header + data


def lying(entry: str, data: bytes = b"") -> bytes:
    head = r'{"__metadata__":{"message":"{\"type\":\"outputs\"}"},"forward/output":' + entry + "}"
    return raw(head.encode(), data)


def misbehave(fault: str, right: bytes, stale: bytes, number: int) -> bytes:
    """Do what a fault says, and return the bytes that are left to be written."""
    if fault == "streams":
        while True:
            os.write(1, b"\0\0\0\1" * 4096)
    if fault == "half a message":
        os.write(1, right[:-2])
        time.sleep(60)
    if fault == "half a message, then the end":
        os.write(1, right[:-2])
        os._exit(0)
    if fault == "claims what fits and sends nothing":
        os.write(1, struct.pack("<QQ", 60 << 20, 100) + b"{")
        time.sleep(60)
    if fault == "closes its stdout":
        os.close(1)
        time.sleep(60)
    if fault == "late":
        time.sleep(1.5)
    if fault == "stale":
        return stale
    answers = {
        "late": right,
        "claims 100 GB": struct.pack("<QQ", 100 << 30, 100) + b"{",
        "prints": b"Hello world\n" + right,
        "prints one letter": b"x" + right,
        "twice": right + right,
        "another question": message({"type": "outputs", "id": number - 1}),
        "no JSON": raw(b"{nonsense}"),
        "deep JSON": raw(b'{"__metadata__":' + b"[" * 100_000),
        "no message": raw(b"{}"),
        "not an object": raw(b'{"__metadata__":{"message":"[]"}}'),
        "header beyond the end": struct.pack("<QQ", 20, 1 << 40) + b"{}          ",
        "offsets outside": lying('{"dtype":"F32","shape":[3],"data_offsets":[0,12]}', b"\0\0\0\0"),
        "offsets negative": lying('{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}', b"\0\0\0\0"),
        "offsets overlap": lying(
            '{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"forward/b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}',
            b"\0" * 6,
        ),
        "a gap": lying('{"dtype":"F32","shape":[1],"data_offsets":[4,8]}', b"\0" * 8),
        "more data": lying('{"dtype":"F32","shape":[1],"data_offsets":[0,4]}', b"\0" * 8),
        "shape of another size": lying('{"dtype":"F32","shape":[2],"data_offsets":[0,4]}', b"\0" * 4),
        "shape of many axes": lying('{"dtype":"F32","shape":[' + "1," * 99 + '1],"data_offsets":[0,4]}', b"\0" * 4),
        "shape too large for zero": lying('{"dtype":"F32","shape":[0,9223372036854775807,9],"data_offsets":[0,0]}'),
        "dtype unknown": lying('{"dtype":"F31","shape":[1],"data_offsets":[0,4]}', b"\0" * 4),
        "boolean 2": lying('{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}', b"\2"),
        "no fields": lying("7"),
        "wrong key": message({"type": "outputs"}, {"output": np.zeros(1)}),
        "unknown type": message({"type": "answer"}),
        "unsupported without a reason": message({"type": "unsupported"}),
        "unsupported of another stage": message({"type": "outputs", "unsupported": {"sideward": "no"}}),
        "an error": message({"type": "error", "message": "no device"}),
    }
    return answers[fault]


def main(fault: str) -> int:
    operators = worker.Operators(type("ops", (), {"abs": np.abs, "square": np.square, "neg": np.negative}), "raw")
    if fault == "not again" and Path(os.environ["HARNESS_CHILD"]).exists():
        sys.exit("no second time")
    stale = b""
    while True:
        asked, tensors = worker.read_message(sys.stdin.buffer)
        if asked["type"] == "bye":
            return 0
        if asked["type"] == "hello":
            os.write(1, greeting(fault))
            continue
        found = operators.run(worker.Question(asked, tensors))
        content, arrays = worker.outputs_message(found.stages, found.unsupported, found.noise_mode, found.noise)
        right = message({**content, "id": asked["id"]}, arrays)
        if fault == "not again" and asked["operator"] == "neg":
            Path(os.environ["HARNESS_CHILD"]).touch()
            os._exit(1)
        if asked["operator"] == "neg" and fault not in HELLOS:
            right = misbehave(fault, right, stale, asked["id"])
        os.write(1, right)
        stale = right


def greeting(fault: str) -> bytes:
    if fault == "silent":
        time.sleep(60)
    if fault == "dies":
        sys.exit("no device")
    greetings = {
        "greets": b"Welcome!\n",
        "protocol 2": message({"type": "hello", "protocol": 2, "name": "raw"}),
        "nameless": message({"type": "hello", "protocol": 1}),
        "dtype": message({"type": "hello", "protocol": 1, "name": "raw", "dtypes": ["float31"]}),
    }
    return greetings.get(fault, message({"type": "hello", "protocol": 1, "name": "raw", "version": "1"}))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
