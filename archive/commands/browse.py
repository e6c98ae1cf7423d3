"""The archive as web pages: browse."""

from __future__ import annotations

from pathlib import Path

import click

from archive.options import shared_options


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True)
@click.option("--name", "names", multiple=True, help="Answer by this host name, too; repeatable.")
@click.option("--open", "open_browser", is_flag=True, help="Open a browser window on it.")
@shared_options
def browse(
    host: str,
    port: int,
    names: tuple[str, ...],
    open_browser: bool,
    directory: Path,
    as_json: bool,
) -> None:
    """Serve the archive as web pages (Datasette), until Ctrl+C.

    \b
    Example:
      newsarchive browse --port 8001
    """
    from archive.browse import serve

    serve(directory, host, port, open_browser, names)
