"""The data card: README.md of a corpus, with the head that the Hugging Face hub reads.

The names in the head are those of the hub's specification of dataset cards
(https://github.com/huggingface/hub-docs/blob/main/datasetcard.md).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from archive.export import formats
from archive.export.front_matter import front_matter
from archive.export.options import SPLITS, Options
from archive.export.selection import DUPLICATE, RESERVED
from archive.export.tally import Group, Report, Tally
from archive.search import COLUMNS

SIZES = "n<1K 1K<n<10K 10K<n<100K 100K<n<1M 1M<n<10M 10M<n<100M".split()  # the hub's categories
NAMED = 3  # sources in the title
LISTED = 50  # sources, licences and other rows in a table: of a longer one the largest
LISTS, INTEGERS, FLOATS = (
    {"authors", "tags"},
    {"id", "capture_id", "word_count"},
    {"language_confidence"},
)


def compose(
    db: sqlite3.Connection,
    options: Options,
    made_from: Mapping[str, Any],
    report: Report,
    tally: Tally,
) -> str:
    """The card of a corpus, in Markdown with a YAML head."""
    title = options.title or _title(tally)
    parts = [
        f"# {title}",
        _summary(report, tally),
        *_section("Splits", _splits(tally) if options.splits else ""),
        *_section("Languages", _groups("language", tally.languages)),
        *_section("Sources", _groups("source", tally.sources)),
        *_section("What was left out", _left_out(options, report)),
        *_section("What was removed from the pages", _removed(tally)),
        *_section("Rights", _rights(db, options, report, tally)),
        *_section("Known limits", _limits(options, tally)),
        *_section("Files", _files(options, report)),
        *_section("How it was made", _made(options, made_from)),
    ]
    return front_matter(_head(title, options, tally)) + "\n" + "\n\n".join(parts) + "\n"


def _head(title: str, options: Options, tally: Tally) -> dict[str, Any]:
    languages = sorted(language for language in tally.languages if language != "und")
    head: dict[str, Any] = {
        "pretty_name": title,
        "language": languages,
        "multilinguality": ["multilingual" if len(languages) > 1 else "monolingual"],
        "license": "other",
        "license_name": "rights-of-the-publishers",
        "size_categories": [_size(tally.whole.articles)],
        "task_categories": ["text-generation", "fill-mask"],
        "task_ids": ["language-modeling", "masked-language-modeling"],
        "annotations_creators": ["no-annotation"],
        "language_creators": ["found"],
        "source_datasets": ["original"],
        "tags": ["news", "newsletters"],
    }
    if options.format in ("jsonl", "parquet"):
        splits = [name for name in ("", *SPLITS) if name in tally.splits]
        head["configs"] = [
            {
                "config_name": "default",
                "data_files": [
                    {
                        "split": split or "train",
                        "path": f"data/{split or formats.UNSPLIT}-*{formats.suffix(options)}",
                    }
                    for split in splits
                ],
            }
        ]
    if options.format == "jsonl":  # a column without any value has no type of its own there
        head["dataset_info"] = {"features": [_feature(name) for name in COLUMNS]}
    return head


def _feature(name: str) -> dict[str, Any]:
    if name in LISTS:
        return {"name": name, "list": "string"}
    kind = "int64" if name in INTEGERS else "float64" if name in FLOATS else "string"
    return {"name": name, "dtype": kind}


def _size(articles: int) -> str:
    """The hub's category: the powers of ten that the number lies between."""
    return SIZES[max(0, min(len(SIZES) - 1, len(str(articles)) - 3))]


def _title(tally: Tally) -> str:
    """The largest sources by name, and how many more there are."""
    names = sorted(tally.sources, key=lambda name: (-tally.sources[name].articles, name))
    more = len(names) - NAMED
    named = ", ".join(names[:NAMED]) + (f" and {more} more sources" if more > 0 else "")
    return f"Articles from {named}" if names else "No articles"


def _summary(report: Report, tally: Tally) -> str:
    whole = tally.whole
    dates = f", published from {whole.first} to {whole.last}" if whole.first else ""
    text = (
        f"{whole.articles:,} articles with {whole.words:,} words{dates}: the main text of pages and "
        "mails from newsletters and news sites, without what is not the article, and what is known "
        "of each."
    )
    if report.unchanged is None:
        return text
    return (
        f"{text}\n\nThis is what is new since an earlier export, and {report.changed:,} articles that "
        f"have another text, split or metadata there; {report.unchanged:,} are as they were, and "
        f"{report.withdrawn:,}, listed in `withdrawn.txt`, are to be taken out of it."
    )


def _groups(name: str, groups: Mapping[str, Group]) -> str:
    if not groups:
        return ""
    ranked = sorted(groups.items(), key=lambda item: (-item[1].articles, item[0]))
    rows = [
        (label, f"{g.articles:,}", f"{g.words:,}", g.first or "–", g.last or "–")
        for label, g in ranked[:LISTED]
    ]
    rest = ranked[LISTED:]
    if rest:
        articles, words = sum(g.articles for _, g in rest), sum(g.words for _, g in rest)
        rows.append((f"{len(rest):,} more", f"{articles:,}", f"{words:,}", "", ""))
    return _table((name, "articles", "words", "first", "last"), rows)


def _splits(tally: Tally) -> str:
    return (
        "By a hash of the address. Near-duplicates and translations of each other, and theirs in "
        "turn, are in the same split.\n\n" + _groups("split", tally.splits)
    )


def _left_out(options: Options, report: Report) -> str:
    means = {
        RESERVED: "their publishers reserve the right to train on them",
        DUPLICATE: "near-duplicates of an article that is in the corpus",
    }
    for limit in options.quality:
        rule = limit.rule
        means[rule.name] = f"{rule.says}: at {rule.bound} {limit.value:g} ({rule.source})"
    rows = [(name, means[name], count) for name, count in report.dropped.items() if count]
    rows.sort(key=lambda row: (-row[2], row[0]))
    idle = [limit.rule.name for limit in options.quality if limit.rule.name not in report.dropped]
    parts = [
        "Each article counts once, with the first reason.\n\n"
        + _table(("reason", "what it means", "articles"), rows)
        if rows
        else "Nothing.",
        f"Asked for, too, and without effect: {', '.join(idle)}." if idle else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _removed(tally: Tally) -> str:
    if not tally.removed:
        return "Nothing."
    rows = sorted(tally.removed.items(), key=lambda item: (-item[1], item[0]))
    return (
        "Blocks of the pages that are not the article. The archive keeps each with the rule that "
        "removed it (`newsarchive why URL`).\n\n" + _table(("reason", "blocks"), rows)
    )


def _rights(db: sqlite3.Connection, options: Options, report: Report, tally: Tally) -> str:
    left_out = f"Left out: {report.reserved_left_out:,}."
    kept = f"In this corpus: {tally.may_train['no']:,}."
    answers = [
        ("may be trained on", answer, f"{n:,}") for answer, n in sorted(tally.may_train.items())
    ]
    parts = [
        "The texts belong to their authors and publishers; this card gives no right to them. Pass "
        "them on, or train on them, only where the law or their publishers allow it.",
        "Articles whose publishers reserve the right to text and data mining or training (TDMRep, "
        "Content-Usage, Content-Signal, AI agents in robots.txt, `noai`) answer *no* in the column "
        f"`may_train`. {kept if options.include_reserved else left_out}",
        _table(("question", "answer", "articles"), answers) if answers else "",
        _licences(db, tally.sites),
    ]
    return "\n\n".join(part for part in parts if part)


def _licences(db: sqlite3.Connection, sites: set[str]) -> str:
    """The licences that pages and robots.txt of these sites name."""
    counts: dict[str, int] = {}
    for site, raw, pages in db.execute(
        "SELECT site, raw, count(*) FROM signals WHERE kind = 'license' GROUP BY site, raw"
    ):
        if site in sites:
            counts[raw] = counts.get(raw, 0) + pages
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:LISTED]
    return _table(("licence that pages name", "pages"), ranked) if ranked else ""


def _limits(options: Options, tally: Tally) -> str:
    counts = (
        (tally.undated, "have no date of publication; `first_seen` says when they were found."),
        (tally.paywalled, "are behind a paywall: their text is what everybody may read."),
        (tally.of_images, "are issues made of images: their text is what stands for the images."),
        (tally.gone, "are not on the web any more (`gone`)."),
    )
    limits = [f"{count:,} {text}" for count, text in counts if count]
    limits += [
        "Sites are crawled through their feeds, sitemaps, interfaces and lists: what none of these "
        "names is not here, and the oldest may be missing.",
        "What is the article is decided by rules and a classifier: some boilerplate is left, and some "
        "text was lost. The archive's docs/extraction.md says how much, measured.",
        "Dates, authors and languages are what the pages say, or what was found in them; the language "
        "of short texts is uncertain (`language_confidence`).",
        "News names people. The texts were public, and nothing in them was made anonymous.",
    ]
    if not options.deduplicate:
        limits.append("Near-duplicates (syndicated articles, press releases) are in it.")
    return "\n".join(f"- {limit}" for limit in limits)


def _files(options: Options, report: Report) -> str:
    lines = {
        "jsonl": "`data/*.jsonl*`: one article a line, JSON in UTF-8.",
        "parquet": "`data/*.parquet`: one article a row, sorted by address.",
        "txt": "one text file (UTF-8) an article.",
        "tei": "one TEI P5 document an article.",
        "markdown": "one Markdown file an article, its metadata in front.",
    }
    text = lines[options.format]
    if options.format in ("txt", "tei", "markdown"):
        place = "`articles/`" if formats.is_loose(options) else "in `data/*.tar*`"
        text = (
            f"{place}: {text}\n- `metadata.tsv`: the table of them, tab-separated, without quotes."
        )
    if formats.is_loose(options):
        text += "\n- `SHA256SUMS`: their digests; `sha256sum --check SHA256SUMS`."
    if report.withdrawn is not None:
        text += "\n- `withdrawn.txt`: addresses that the earlier export has and this state has not."
    return (
        f"- {text}\n- `manifest.json`: every file with its SHA-256, the options and all counts.\n"
        "- `index.tsv.gz`: address, digest, split and digest of the metadata of each article, for `--since-export`."
    )


def _made(options: Options, made_from: Mapping[str, Any]) -> str:
    state = made_from["archive"]
    return (
        f"With {made_from['program']} {made_from['version']}, from an archive of "
        f"{state['articles']:,} articles and {state['captures']:,} captures, the latest of "
        f"{state['latest_capture'] or 'never'}:\n\n"
        f"    newsarchive export {' '.join(options.arguments())}\n\n"
        "The same archive and options give the same bytes."
    )


def _section(title: str, text: str) -> list[str]:
    return [f"## {title}", text] if text else []


def _table(names: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [list(names)]
    lines += [["---"] * len(lines[0])]
    lines += [[_cell(value) for value in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return " ".join(text.replace("|", "\\|").split())
