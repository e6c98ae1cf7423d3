"""Mail files: .eml, one message; .mbox, many (RFC 4155), read in one pass however broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from archive.model import Fault

MESSAGE_BYTES = 50 * 1024 * 1024  # the largest that mail providers take is 50 MB
# "From ", an address, a date with time and year (RFC 4155): a line of a text has no such thing.
_SEPARATOR = re.compile(rb"From .*\b\d{1,2}:\d{2}(?::\d{2})?\b.*\d{4}")
# What some writers leave of it; with an empty line above.
_SHORT_SEPARATOR = re.compile(rb"From (?:\S+@\S+|-|\?\?\?@\?\?\?.*)\s*$")
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:")  # a field name (RFC 5322, 2.2)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.M)


def messages(path: Path) -> Iterator[bytes | Fault]:
    """The messages of a mail file; what is no message is a fault of one line.

    Raises OSError. A message of more than MESSAGE_BYTES is left out.
    """
    if path.suffix.lower() == ".eml":
        yield _whole(path)
        return
    number = 0
    for number, message in enumerate(_split(path), 1):
        if message is None:
            size = MESSAGE_BYTES // 1024**2
            yield Fault("too-large", f"message {number} has more than {size} MB", True)
        elif not is_message(message):
            yield Fault("broken-mail", f"message {number} has no mail headers", True)
        else:
            yield message
    if not number:
        yield Fault("broken-mail", "no message begins with a line “From …”", True)


def is_message(body: bytes) -> bool:
    """Whether the first line is a header field."""
    return bool(_HEADER.match(body.lstrip(b"\r\n")))


def _whole(path: Path) -> bytes | Fault:
    if path.stat().st_size > MESSAGE_BYTES:
        return Fault("too-large", f"more than {MESSAGE_BYTES // 1024**2} MB", True)
    body = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if re.match(rb"From \S", body):  # one message of an mbox file
        body = body.partition(b"\n")[2]
    if not body.strip():
        return Fault("empty", "the file is empty", True)
    return body if is_message(body) else Fault("broken-mail", "it has no mail headers", True)


def _split(path: Path) -> Iterator[bytes | None]:
    """The messages without their quoting of "From " (mboxrd); null for one that is too large.

    Nothing before the first separator is a message, unless it begins with header fields.
    """
    lines: list[bytes] = []
    size, is_begun, is_after_blank = 0, False, True
    with open(path, "rb") as file:
        for line in iter(lambda: file.readline(MESSAGE_BYTES), b""):
            if _SEPARATOR.match(line) or (is_after_blank and _SHORT_SEPARATOR.match(line)):
                if is_begun:
                    yield _message(lines, size)
                lines, size, is_begun = [], 0, True
            else:
                is_begun = is_begun or (size == 0 and bool(_HEADER.match(line)))
                size += len(line)
                if size <= MESSAGE_BYTES and is_begun:
                    lines.append(line)
            is_after_blank = not line.strip()
    if is_begun:
        yield _message(lines, size)


def _message(lines: list[bytes], size: int) -> bytes | None:
    if size > MESSAGE_BYTES:
        return None
    return _QUOTED_FROM.sub(rb"\1", b"".join(lines))
