"""Articles with nearly the same text: duplicates."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from archive.options import shared_options
from archive.terminal import console, print_json, visible, write


@click.command()
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Clusters.")
@shared_options
def duplicates(limit: int, directory: Path, as_json: bool) -> None:
    """List the articles with nearly the same text, the largest clusters first.

    The first of a cluster represents it: the one that was published first.

    \b
    Example:
      newsarchive duplicates --limit 5
    """
    from archive import duplicates as found
    from archive.opening import reader

    with reader(directory) as db:
        clusters = list(found.clusters(db, limit))
        total = found.count(db)
    if as_json:
        listed = [[asdict(member) for member in cluster] for cluster in clusters]
        print_json({"total": asdict(total), "clusters": listed})
        return
    out = console()
    for cluster in clusters:
        write(out, cluster[0].title, "bold")
        for member in cluster:
            published = (member.published or "no date")[:10]
            write(out, f"{member.similarity:4.0%} · {published} · {member.source}", "dim", indent=2)
            out.print(f"  {visible(member.url)}", markup=False, soft_wrap=True)
        out.print()
    if not clusters:
        out.print("no two articles have nearly the same text")
        return
    out.print(
        f"{len(clusters)} of {total.clusters} clusters; {total.duplicates} articles are represented "
        "by another one"
    )
