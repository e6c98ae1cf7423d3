"""`newsarchive browse`: Datasette on the archive, with pages of our own (archive/datasette)."""

from __future__ import annotations

import socket
import webbrowser
from pathlib import Path
from typing import Any

from archive.errors import UserError
from archive.store import open_reader

HERE = Path(__file__).with_name("datasette")
SQL_MILLISECONDS = 3_000  # for the questions people ask on Datasette's own pages


def application(directory: Path) -> Any:
    """The ASGI application for the archive in that folder. Raises ArchiveError."""
    from datasette.app import Datasette

    open_reader(directory).close()  # the same checks and messages as for every other command
    datasette = Datasette(
        files=[str(directory / "archive.db")],
        template_dir=str(HERE / "templates"),
        plugins_dir=str(HERE / "plugins"),
        static_mounts=[("assets", str(HERE / "static"))],
        settings={
            "allow_download": False,
            "default_allow_sql": True,
            "sql_time_limit_ms": SQL_MILLISECONDS,
            "suggest_facets": False,
        },
    )
    return datasette.app()


def serve(directory: Path, host: str, port: int, open_browser: bool) -> None:
    """Serve the archive until Ctrl+C. Raises ArchiveError, and UserError where the port is taken."""
    import uvicorn

    app = application(directory)
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise UserError(
            f"cannot serve at {host}:{port}: {error.strerror}; choose another with --port"
        ) from error
    url = f"http://{host}:{listener.getsockname()[1]}/"
    print(f"Browse the archive at {url} (Ctrl+C stops)", flush=True)
    if open_browser:
        webbrowser.open(url)
    config = uvicorn.Config(app, log_level="warning", lifespan="on")
    uvicorn.Server(config).run(sockets=[listener])
