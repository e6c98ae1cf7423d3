"""What a run says: progress while it works, a table or JSON at its end, a line for each failure."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import click

from archive import deviations, terminal
from archive.model import SourceReport
from crawler.crawl import Crawl
from crawler.reextract import Report

NUMBERS = (
    "found",
    "fetched",
    "new",
    "revised",
    "unchanged",
    "skipped",
    "failed",
    "gone",
    "requests",
)
FAULT_LINES = 20  # a source; the rest is counted, and stands in the table `failures`
SOURCE_ROWS = 40  # of an import; beyond that the table is of the largest


@contextmanager
def watching(work: Crawl, as_json: bool) -> Iterator[None]:
    """Show the crawl's progress on a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=terminal.console(stderr=True), transient=True) as bars:
        task = bars.add_task("starting …", total=None)

        def show() -> None:
            reports = [progress.report() for progress in work.progress.values()]
            busy = [name for name, p in work.progress.items() if p.in_flight]
            total = {name: sum(getattr(r, name) for r in reports) for name in NUMBERS}
            bars.update(
                task,
                description=f"{total['found']} found, {total['fetched']} fetched, {total['new']} new, "
                f"{total['failed']} failed · {', '.join(busy[:3])}{' …' if len(busy) > 3 else ''}",
            )

        work.on_change = show
        yield


def finish(reports: Sequence[SourceReport], as_json: bool) -> None:
    """Print the report; end with exit code 1 where anything failed."""
    for report in reports:
        for notice in report.notices[:FAULT_LINES]:
            terminal.say(f"{report.source}: {notice}")
        for url, fault in report.faults[:FAULT_LINES]:
            terminal.say(f"{report.source}: {fault.kind}: {fault.message}: {url}")
        if len(report.faults) > FAULT_LINES:
            terminal.say(f"{report.source}: {len(report.faults) - FAULT_LINES} more failures")
    if any(report.changed for report in reports):
        terminal.say(deviations.ADVICE)
    if as_json:
        terminal.print_json(document(reports))
    else:
        print_table(reports)
        for report in reports:
            if report.changed:
                click.echo(terminal.visible(f"{report.source}: {deviations.line(report.changed)}"))
    if any(report.failed for report in reports):
        sys.exit(terminal.EXIT_FAILURES)


def finish_reextraction(reports: Mapping[str, Report], as_json: bool) -> None:
    """Print what re-extraction did; end with exit code 1 where anything was lost or failed."""
    faults = [(name, *fault) for name in reports for fault in reports[name].faults]
    for name, url, fault in faults[:FAULT_LINES]:
        terminal.say(f"{name}: {fault.kind}: {fault.message}: {url}")
    if len(faults) > FAULT_LINES:
        terminal.say(f"{len(faults) - FAULT_LINES} more; all of them: --json")
    rows = {name: reports[name].numbers() for name in sorted(reports)}
    if as_json:
        failures: dict[str, list[object]] = {name: [] for name in rows}
        for name, url, fault in faults:
            failures[name].append({"url": url, **asdict(fault)})
        terminal.print_json(
            {"sources": {name: rows[name] | {"failures": failures[name]} for name in rows}}
        )
    elif rows:
        names = list(next(iter(rows.values())))
        lines: list[list[object]] = [[name, *row.values()] for name, row in rows.items()]
        if len(lines) > SOURCE_ROWS:
            lines = sorted(lines, key=lambda line: -int(str(line[1])))[:SOURCE_ROWS]
        if len(rows) > 1:
            lines.append(
                [f"all {len(rows)}", *(sum(row[n] for row in rows.values()) for n in names)]
            )
        terminal.console().print(terminal.table(("source", *names), lines))
    else:
        click.echo("nothing to read again: this extractor and these rules have read everything")
    if faults:
        sys.exit(terminal.EXIT_FAILURES)


def document(reports: Sequence[SourceReport]) -> dict[str, object]:
    """The report for machines."""
    return {
        "sources": {
            r.source: {name: getattr(r, name) for name in NUMBERS}
            | {
                "failures": [{"url": url, **asdict(fault)} for url, fault in r.faults],
                "notices": r.notices,
                "wait_until": r.wait_until,
                "changed": [asdict(deviation) for deviation in r.changed],
            }
            for r in reports
        },
        "seconds": max((r.seconds for r in reports), default=0.0),
    }


def print_table(reports: Sequence[SourceReport]) -> None:
    """A row a source, a last row for all, and what the failures were."""
    names = ("found", "new", "revised", "unchanged", "skipped", "failed", "requests")
    shown = (
        sorted(reports, key=lambda r: -r.found)[:SOURCE_ROWS]
        if len(reports) > SOURCE_ROWS
        else reports
    )
    rows: list[list[object]] = [[r.source, *(getattr(r, name) for name in names)] for r in shown]
    if len(reports) > 1:
        rows.append([f"all {len(reports)}", *(sum(getattr(r, n) for r in reports) for n in names)])
    terminal.console().print(terminal.table(("source", *names), rows))
    kinds = Counter(fault.kind for r in reports for _, fault in r.faults)
    if kinds:
        click.echo(
            "failures: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        )
    if reports and not any(r.new or r.revised or r.failed for r in reports):
        click.echo("nothing new: no article was fetched again without need, nothing was added")
