"""The command that shows a shared frontier: who works on it, what is done and what waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from archive.cli import cli
from archive.options import shared_options
from archive.terminal import console, counted, print_json, table

frontier_option = click.option(
    "--frontier", envvar="NEWSARCHIVE_FRONTIER", metavar="URL",
    help="Share the work with other machines by this server: redis://HOST [NEWSARCHIVE_FRONTIER].",
)  # fmt: skip
ROWS = 40  # domains that are shown, those with most to do first


@cli.command()
@frontier_option
@shared_options
def frontier(frontier: str | None, directory: Path, as_json: bool) -> None:
    """Show a frontier that several machines share: its workers, what is done and what waits.

    \b
    Example:
      newsarchive frontier --frontier redis://queue.example.org
    """
    if not frontier:
        raise click.UsageError("name it with --frontier, or in NEWSARCHIVE_FRONTIER")
    from crawler.shared.place import parse
    from crawler.shared.server import Server

    server = Server(parse(frontier), "")
    state = read(server)
    if as_json:
        print_json({"frontier": str(server.place), **state, "warnings": server.warnings})
        return
    _print(state)
    for warning in server.warnings:
        click.echo(warning)


def read(server: Any) -> dict[str, Any]:
    """Workers and domains, as documents. Raises FrontierAway."""
    summaries = server.summaries()
    holders, finished = server.holders([*summaries]), server.finished()
    names = {who: name for who, (name, _) in server.workers().items()}
    return {
        "workers": [
            {
                "host": name.split()[0],
                "process": int(name.split()[1]),
                "domains": sum(holder == who for holder in holders.values()),
            }
            for who, name in names.items()
        ],
        "domains": {
            one: {
                "done": summary["done"],
                "waiting": summary["waiting"],
                "worker": names.get(holders.get(one, "")),
                "finished": one in finished,
                "time": summary["time"],
            }
            for one, summary in sorted(summaries.items())
        },
    }


def _print(state: dict[str, Any]) -> None:
    domains = state["domains"]
    done, waiting = (sum(d[key] for d in domains.values()) for key in ("done", "waiting"))
    through = sum(d["finished"] for d in domains.values())
    click.echo(
        f"{counted(len(state['workers']), 'worker')}; {counted(len(domains), 'domain')}, with "
        f"{through:,} the crawl is through; {counted(done, 'page')} done, {waiting:,} waiting"
    )
    if state["workers"]:
        rows = [(w["host"], w["process"], w["domains"]) for w in state["workers"]]
        console().print(table(("host", "process", "domains"), rows))
    first = sorted(domains.items(), key=lambda item: -item[1]["waiting"])[:ROWS]
    if first:
        columns = ("domain", "done", "waiting", "worker", "as of")
        lines = [
            (one, d["done"], d["waiting"], d["worker"] or "–", d["time"][:19].replace("T", " "))
            for one, d in first
        ]
        console().print(table(columns, lines))
