"""manifest.json: what a corpus consists of, and what it was made from. It knows no clock."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from archive.export import documents, files
from archive.export.folder import PROGRAM, Stage
from archive.export.tally import Report


def program() -> dict[str, str]:
    """The name and version of what writes."""
    return {"program": PROGRAM, "version": version(PROGRAM)}


def archive_state(db: sqlite3.Connection) -> dict[str, Any]:
    """What tells one state of an archive from another, whatever the order in which it came about.

    `readings` is a digest of what all captures say, sitemaps of translations among them, from which
    everything else in it follows.
    """
    captures, latest = db.execute("SELECT count(*), max(fetched) FROM captures").fetchone()
    (articles,) = db.execute("SELECT count(*) FROM articles").fetchone()
    digest = hashlib.sha256()
    for (content,) in db.execute(
        "SELECT content FROM readings UNION ALL SELECT content FROM sitemap_readings ORDER BY content"
    ):
        digest.update(content.encode())
    return {
        "articles": articles,
        "captures": captures,
        "latest_capture": latest,
        "readings": digest.hexdigest(),
    }


def compose(
    stage: Stage,
    made_from: Mapping[str, Any],
    report: Report,
    splits: Iterable[str],
    is_loose: bool,
) -> dict[str, Any]:
    """The manifest of what is in a stage; its id is the digest of all else that it says."""
    counts = {name: value for name, value in asdict(report).items() if name != "id"}
    manifest = {**made_from, "counts": counts}
    if is_loose:
        manifest["loose"] = {"folder": documents.FOLDER, "files": report.articles}
    shards = [
        asdict(shard) | ({"split": split} if split else {})
        for split in splits
        for shard in stage.finished(split)
    ]
    others = [
        {"path": path.name, "bytes": path.stat().st_size, "sha256": files.sha256(path)}
        for path in stage.tables()
    ]
    manifest["files"] = sorted(shards + others, key=lambda file: str(file["path"]))
    digest = hashlib.sha256(encode(manifest)).hexdigest()[:16]
    return {"id": digest, **manifest}


def encode(manifest: Mapping[str, Any]) -> bytes:
    """The manifest as it stands in its file."""
    return json.dumps(manifest, ensure_ascii=False, indent=2).encode() + b"\n"
