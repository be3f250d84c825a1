"""Messages between a sandboxed process and its parent. Edge.

A call is pickled, since the child may trust its parent. A result is MessagePack, decoded by the type that the function
declares: whatever the child sends, decoding can only give values of that type or fail, and never runs code.
"""

import pickle
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import IO, Any, cast, get_type_hints

from msgspec import msgpack

from aggregator.sandbox.limits import Aborted

READY = b"ready"  # first message of a child
MAX_BYTES = 256_000_000  # of a message; 10,000 entries of a document of 10 MB give a tenth
_LENGTH = 8  # bytes, before each message

Result = tuple[bool, Aborted | None, Any]  # whether the process ends with it; the value counts if nothing was aborted


def resolve(function: str) -> Callable[..., Any]:
    """Return the function that "module:function" names."""
    module, _, name = function.partition(":")
    return cast(Callable[..., Any], getattr(import_module(module), name))


class ResultDecoder:
    """Decodes the results of one function. Raises ValueError for anything that is not of its declared type."""

    def __init__(self, function: str) -> None:
        value: Any = get_type_hints(resolve(function))["return"]
        self._decoder: msgpack.Decoder[Result] = msgpack.Decoder(tuple[bool, Aborted | None, value | None])

    def result(self, data: bytes) -> Result:
        """Return the result in `data`."""
        return self._decoder.decode(data)


def encoded_result(is_last: bool, value: Any) -> bytes:
    """Return a result, which may be an `Aborted`, as the child sends it. Raises MemoryError if it is too large."""
    result: Result = (is_last, value, None) if isinstance(value, Aborted) else (is_last, None, value)
    data = msgpack.encode(result)
    if len(data) > MAX_BYTES:
        raise MemoryError
    return data


def write_call(pipe: IO[bytes], arguments: Sequence[Any]) -> None:
    """Send a call to the child. Raises BrokenPipeError."""
    pickle.dump(arguments, pipe, 5)
    pipe.flush()


def read_call(pipe: IO[bytes]) -> Sequence[Any]:
    """Return the next call from our parent. Raises EOFError."""
    call: Sequence[Any] = pickle.load(pipe)  # noqa: S301  # our parent wrote it
    return call


def write_message(pipe: IO[bytes], data: bytes) -> None:
    """Send bytes to the parent."""
    pipe.write(len(data).to_bytes(_LENGTH, "big"))
    pipe.write(data)
    pipe.flush()


def read_message(pipe: IO[bytes]) -> bytes:
    """Return the next bytes from the child. Raises EOFError at the end of the pipe, or if they are too many."""
    length = int.from_bytes(_read(pipe, _LENGTH), "big")
    if length > MAX_BYTES:
        raise EOFError
    return _read(pipe, length)


def _read(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data
