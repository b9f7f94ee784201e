"""Messages between session and debuggee: a length in four bytes, then a JSON object.

Used by both ends: blocking in the debuggee (`receive`), by feeding chunks elsewhere (`Decoder`).
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, Final

Message = dict[str, Any]

HEADER: Final = struct.Struct(">I")
MAX_LENGTH: Final = 64 * 1024 * 1024


class WireError(ValueError):
    """What arrived is no message of ours."""


def encode(message: Message) -> bytes:
    """Return the bytes of one message.

    Raises:
        WireError: it is longer than the other end accepts.
    """
    body = json.dumps(message, separators=(",", ":")).encode()
    if len(body) > MAX_LENGTH:
        raise WireError(f"a message of {len(body)} bytes is too long")
    return HEADER.pack(len(body)) + body


def decode_length(header: bytes) -> int:
    """Return the length of the body that follows a header.

    Raises:
        WireError: it is longer than any message of ours.
    """
    length: int = HEADER.unpack(header)[0]
    if length > MAX_LENGTH:
        raise WireError(f"a message of {length} bytes is too long")
    return length


def decode_body(body: bytes) -> Message:
    """Return the message in a body.

    Raises:
        WireError: it is no JSON object.
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WireError(f"a message is no JSON: {error}") from None
    if not isinstance(message, dict):
        raise WireError("a message is no JSON object")
    return message


class Decoder:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        """Start with nothing received."""
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Take what arrived and return the messages that are complete now.

        Raises:
            WireError: the stream holds something else.
        """
        self._buffer += data
        messages = []
        while len(self._buffer) >= HEADER.size:
            end = HEADER.size + decode_length(bytes(self._buffer[: HEADER.size]))
            if len(self._buffer) < end:
                break
            messages.append(decode_body(bytes(self._buffer[HEADER.size : end])))
            del self._buffer[:end]
        return messages


def receive(connection: socket.socket) -> Message | None:
    """Wait for one message; None when the other end closed the connection.

    Raises:
        WireError: what arrived is no message.
        OSError: the connection broke.
    """
    header = _exactly(connection, HEADER.size)
    if header is None:
        return None
    body = _exactly(connection, decode_length(header))
    return None if body is None else decode_body(body)


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(min(count - len(data), 1 << 16))
        if not piece:
            return None
        data += piece
    return bytes(data)
