"""How commands speak: results on standard output, messages on standard error, exit codes."""

from __future__ import annotations

import errno
import json
import os
import re
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import click

from archive.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

EXIT_FAILURES = 1
EXIT_NOT_WRITABLE = 4
EXIT_STOPPED = 130  # as shells say it of a process ended by Ctrl+C
NOT_WRITABLE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG}
)
SQLITE_NOT_WRITABLE = ("full", "readonly", "unable to open", "disk I/O")
NO_WRAP = 100_000  # columns; in a pipe each text is a line of its own, for grep and its kin

# Control characters but tab and line feed: text from the web must not drive the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Commands(click.Group):
    """A group whose output need not be read to its end: click would make a failure of that."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except BrokenPipeError:
            _end_unread()


def run(group: click.Group) -> NoReturn:
    """Run the command line: the one place where errors become a line and an exit code."""
    # Consoles with another encoding must not end a command over a dash.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        try:
            code = group.main(standalone_mode=False)
        finally:
            sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        fail("stopped", EXIT_STOPPED)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.ClickException as error:
        fail(_one_line(error), error.exit_code)
    except BrokenPipeError:
        _end_unread()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # rich makes a failure of it, too
            _end_unread()
        raise
    except Exception as error:
        if "--debug" in sys.argv:
            traceback.print_exception(error)
        fail(*_explain(error))


def fail(message: str, code: int) -> NoReturn:
    """End with one line on standard error and an exit code."""
    click.echo(f"Error: {visible(message)}", err=True)
    sys.exit(code)


def say(message: str) -> None:
    """A line for the user, on standard error: standard output is for results."""
    click.echo(visible(message), err=True)


def print_json(document: Any) -> None:
    """One JSON document on standard output: UTF-8 (RFC 8259), whatever the console's encoding."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2).encode())


def visible(text: str) -> str:
    """The text without the control characters that would drive a terminal."""
    return _CONTROL.sub("", text)


def counted(count: int, noun: str) -> str:
    """A number and what is counted: "1 article", "1,200 articles"."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def megabytes(count: int) -> str:
    """A number of bytes as people read it: "3.4 MB"."""
    return f"{count / 1e6:,.1f} MB"


def console(stderr: bool = False) -> Console:
    """Where people read: coloured and as wide as the terminal; plain and unwrapped in pipes."""
    from rich.console import Console

    in_pipe = not stderr and not sys.stdout.isatty() and "COLUMNS" not in os.environ
    width = NO_WRAP if in_pipe else None
    return Console(stderr=stderr, width=width, soft_wrap=False, emoji=False, highlight=False)


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; the function moves it on by so many."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import Progress

    with Progress(console=console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=total)
        yield lambda steps: bars.advance(task, steps)


def write(out: Console, text: str, style: str = "", indent: int = 0) -> None:
    """Print a text from the web: nothing in it is markup, nothing drives the terminal."""
    from rich.padding import Padding
    from rich.text import Text

    out.print(Padding(Text(visible(text), style), (0, 0, 0, indent), expand=False))


def table(names: Iterable[str], rows: Iterable[Iterable[Any]]) -> Table:
    """A table without frame, and an empty line behind it; numbers to the right."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold")
    listed = [list(row) for row in rows]
    for column, name in enumerate(names):
        is_number = all(isinstance(row[column], int | float) for row in listed)
        made.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in listed:
        made.add_row(*(Text(f"{v:,}" if isinstance(v, int) else visible(str(v))) for v in row))
    made.add_row()
    return made


def _one_line(error: click.ClickException) -> str:
    message = " ".join(error.format_message().split())
    if isinstance(error, click.UsageError) and error.ctx:
        return f"{message} (see `{error.ctx.command_path} --help`)"
    return message


def _explain(error: Exception) -> tuple[str, int]:
    """What to tell the user about an error, and the exit code."""
    if isinstance(error, UserError):
        return str(error), error.exit_code
    if isinstance(error, OSError):
        place = f": {error.filename}" if error.filename else ""
        if error.errno in NOT_WRITABLE:
            return f"{error.strerror}{place}; nothing that was stored is lost", EXIT_NOT_WRITABLE
        return f"{error.strerror or error}{place}", EXIT_FAILURES
    if isinstance(error, sqlite3.Error):
        text = str(error)
        if any(word in text for word in SQLITE_NOT_WRITABLE):
            return f"archive.db: {text}; nothing that was stored is lost", EXIT_NOT_WRITABLE
        return f"archive.db: {text} (check it with `newsarchive verify`)", EXIT_FAILURES
    first = " ".join(f"{type(error).__name__}: {error}".split())
    return f"{first} (a fault of this program: run it again with --debug)", EXIT_FAILURES


def _end_unread() -> NoReturn:
    """End quietly: the reader of our output has seen enough (`| head`)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)
