"""The options that commands share: which archive, how to answer, which articles."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


class _Text(click.types.StringParamType):
    """An argument that is text; bytes that are no UTF-8 become U+FFFD, and so are not found."""

    def convert(self, value: Any, *place: Any) -> Any:
        return str(super().convert(value, *place)).encode("utf-8", "replace").decode()


TEXT = _Text()


def default_directory() -> Path:
    """The archive's folder where none is named: NEWSARCHIVE_DIR, else the user's data folder."""
    import platformdirs

    named = os.environ.get("NEWSARCHIVE_DIR")
    return Path(named) if named else platformdirs.user_data_path("newsletter-archive")


def archive_options(command: Command) -> Command:
    """`--archive`, `--json` and `--debug` as they are."""
    folder = click.Path(path_type=Path)
    where = "The archive's folder [NEWSARCHIVE_DIR, else the user's data folder]."
    as_json = "Print one JSON document and nothing else."
    for option in (
        click.option("--debug", is_flag=True, help="Show tracebacks."),
        click.option("--json", "as_json", is_flag=True, help=as_json),
        click.option("--archive", "archive", type=folder, help=where),
    ):
        command = option(command)
    return command


def shared_options(command: Command) -> Command:
    """`--archive`, `--json` and `--debug`, before or behind the command's name.

    The function is given `directory: Path` and `as_json: bool`.
    """

    @archive_options
    @functools.wraps(command)
    def wrapped(archive: Path | None, as_json: bool, debug: bool, **values: Any) -> Any:
        context = click.get_current_context()
        above = context.find_root().params
        context.find_root().meta["debug"] = debug or bool(above.get("debug"))
        directory = archive or above.get("archive") or default_directory()
        return command(directory=directory, as_json=as_json or bool(above.get("as_json")), **values)

    return wrapped  # type: ignore[return-value]


sources_option = click.option(
    "--sources", "file", type=click.Path(path_type=Path),
    help="The list of sources [sources.toml in the archive's folder].",
)  # fmt: skip


def filter_options(command: Command) -> Command:
    """The filters, the same everywhere; the function is given `filters: Filters`."""

    @click.option(
        "--source", "sources", type=TEXT, multiple=True, help="Only of this source; repeatable."
    )
    @click.option(
        "--language",
        "languages",
        type=TEXT,
        multiple=True,
        help="Only in this language; repeatable.",
    )
    @click.option("--tag", "tags", type=TEXT, multiple=True, help="Only with this tag; repeatable.")
    @click.option(
        "--author", "authors", type=TEXT, multiple=True, help="Only by this author; repeatable."
    )
    @click.option("--since", help="Published on or after this day (ISO 8601).")
    @click.option("--until", help="Published on or before this day (ISO 8601).")
    @click.option("--query", help="Only what this query finds.")
    @click.option(
        "--min-words", type=click.IntRange(0), help="Only texts of so many words or more."
    )
    @functools.wraps(command)
    def wrapped(
        sources: tuple[str, ...],
        languages: tuple[str, ...],
        tags: tuple[str, ...],
        authors: tuple[str, ...],
        since: str | None,
        until: str | None,
        query: str | None,
        min_words: int | None,
        **values: Any,
    ) -> Any:
        from archive.search import Filters

        filters = Filters(query, sources, languages, since, until, min_words, tags, authors)
        return command(filters=filters, **values)

    return wrapped  # type: ignore[return-value]
