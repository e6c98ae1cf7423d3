"""The commands for running without a person: watch, schedule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from archive.cli import cli
from archive.options import shared_options, sources_option
from archive.terminal import print_json, say, visible

contact_option = click.option(
    "--contact", help="Who runs this: an address or URL, sent as part of the user agent."
)


@cli.command()
@contact_option
@sources_option
@shared_options
def watch(contact: str | None, file: Path | None, directory: Path, as_json: bool) -> None:
    """Stay up and crawl what is due, until Ctrl+C or SIGTERM; a line for each crawl.

    With --json each line is a JSON document.

    \b
    Example:
      newsarchive watch --contact you@example.org
    """
    from archive import warc
    from crawler.sources import load
    from crawler.watch import Watch

    def tell(event: dict[str, Any], line: str) -> None:
        time = warc.now()
        shown = json.dumps({"time": time} | event, ensure_ascii=False) if as_json else line
        click.echo(shown if as_json else visible(f"{time[:19]}Z {shown}"))

    count = len(load(file or directory / "sources.toml"))  # what is wrong now ends it at once
    tell(
        {"event": "started", "sources": count},
        f"watching {count} source{'' if count == 1 else 's'}; Ctrl+C stops",
    )
    Watch(directory, file, contact, tell).run()


@cli.command()
@click.argument(
    "kind", required=False, type=click.Choice(["systemd", "cron", "launchd"]), metavar="[KIND]"
)
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), help="Write the files there."
)
@contact_option
@sources_option
@shared_options
def schedule(
    kind: str | None,
    output: Path | None,
    contact: str | None,
    file: Path | None,
    directory: Path,
    as_json: bool,
) -> None:
    """Print what crawls by itself what is due: a systemd timer, a cron line or a launchd job.

    KIND is systemd, cron or launchd; where it is left out, what this machine has.

    \b
    Examples:
      newsarchive schedule --contact you@example.org
      newsarchive schedule systemd --output ~/.config/systemd/user
    """
    from crawler import timers

    chosen = kind or timers.default_kind()
    plan = timers.KINDS[chosen](timers.job(directory, file, contact))
    if output:
        output.mkdir(parents=True, exist_ok=True)
        for name, text in plan.files.items():
            (output / name).write_text(text, "utf-8")
    if as_json:
        print_json({"kind": chosen, "folder": plan.folder, "files": plan.files, "then": plan.steps})
        return
    for name, text in plan.files.items():
        if output:
            say(f"written: {output / name}")
        else:
            click.echo(f"# {plan.folder}: {name}\n{text}" if len(plan.files) > 1 else text)
    for step in plan.steps:
        say(f"then: {step}")
    if not contact:
        say("with --contact, site owners know whom to write to")
