"""`newsarchive browse`: Datasette on the archive, with pages of our own (archive/datasette)."""

from __future__ import annotations

import os
import socket
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archive.errors import UserError
from archive.opening import is_immutable, open_reader

HERE = Path(__file__).with_name("datasette")
SQL_MILLISECONDS = 3_000  # for the questions people ask on Datasette's own pages
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
CELL_LETTERS = 160  # of a cell in Datasette's tables: whole texts make rows of a screen's height


def application(directory: Path) -> Any:
    """The ASGI application for the archive in that folder. Raises ArchiveError."""
    from datasette.app import Datasette
    from datasette.plugins import pm
    from datasette.utils import parse_metadata

    file = str(directory / "archive.db")
    open_reader(directory).close()  # the same checks and messages as for every other command
    # Else each wrong address that is asked for prints a traceback with all its locals.
    pm.get_plugin("datasette.handle_exception").rich = None
    datasette = Datasette(
        files=[] if is_immutable(directory) else [file],
        immutables=[file] if is_immutable(directory) else [],
        metadata=parse_metadata((HERE / "metadata.yaml").read_text(encoding="utf-8")),
        template_dir=str(HERE / "templates"),
        plugins_dir=str(HERE / "plugins"),
        static_mounts=[("assets", str(HERE / "static"))],
        settings={
            "allow_download": False,
            "default_page_size": 50,
            "sql_time_limit_ms": SQL_MILLISECONDS,
            "suggest_facets": False,
            "truncate_cells_html": CELL_LETTERS,
        },
    )
    return datasette.app()


def serve(
    directory: Path,
    host: str = "127.0.0.1",
    port: int = 8001,
    open_browser: bool = False,
    names: Sequence[str] = (),
) -> None:
    """Serve the archive until Ctrl+C. Raises ArchiveError, and UserError where it cannot listen.

    On this machine alone it answers by its names there, and by those given (of a proxy before it).
    """
    import uvicorn

    from archive.datasette.headers import named

    app = application(directory)
    if host in LOOPBACK:
        app = named(app, LOOPBACK | {"[::1]"} | {name.lower() for name in names})
    with _listen(host, port) as listener:
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{listener.getsockname()[1]}/"
        print(f"Browse the archive at {url} (Ctrl+C stops)", flush=True)
        if open_browser:
            webbrowser.open(url)
        config = uvicorn.Config(app, log_level="warning", lifespan="on")
        try:
            uvicorn.Server(config).run(sockets=[listener])
        except KeyboardInterrupt:  # uvicorn passes it on when it has closed everything
            return


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    if os.name == "posix":  # elsewhere it would share the port with whoever has it
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # from here on a browser waits for the answer instead of being refused
    except OSError as error:
        listener.close()
        raise UserError(
            f"cannot serve at {host}:{port}: {error.strerror}; choose another with --host or --port"
        ) from error
    return listener
