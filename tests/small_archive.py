"""A small archive in several languages and scripts, saved as a crawl saves it."""

from __future__ import annotations

from pathlib import Path

from archive import crawls, warc
from archive.model import Block, Reading, Reason, Signal
from archive.opening import open_archive

TEXTS = {  # address → language, title, text
    "https://a.org/1": ("de", "Kühlung im Freibad", "Die Größe der Halle überrascht alle Gäste."),
    "https://a.org/2": ("fr", "Le marché", "L'été dernier, la négociation a échoué à Orléans."),
    "https://b.org/3": ("ja", "市場のせり", "東京の魚市場では、新しい規制が議論されています。"),
    "https://b.org/4": ("th", "ปัญญาประดิษฐ์", "ปัญญาประดิษฐ์ช่วยให้เกษตรกรทำงานได้ง่ายขึ้น"),
    "https://b.org/5": ("en", "Harbour cranes", "The cranes of the harbour learn to see at night."),
}
REMOVED = Block("paragraph", "Subscribe!", "Subscribe!", Reason.SUBSCRIBE, "subscribe-button", "x")
RESERVED = Signal("tdmrep", "1", "header", train="no")


def make(folder: Path, texts: dict[str, tuple[str, str, str]], day: int = 24) -> None:
    """Captures of these articles on that day; the fifth is reserved by its publisher."""
    with open_archive(folder, "test") as archive:
        for n, (url, (language, title, text)) in enumerate(texts.items(), 1):
            fetched = f"2026-11-{day}T12:00:0{n}.000Z"
            exchange = warc.Exchange(url, fetched, 200, (), f"{url} {day}".encode())
            source = url[8:13]
            capture = archive.append(
                exchange, url=url, source=source, role="article", found_by=None
            )
            kept = tuple(Block("paragraph", line, line) for line in text.split("\n\n"))
            reading = Reading(
                title=title,
                blocks=(*kept, REMOVED),
                authors=(f"Author {n}",),
                published=f"2026-0{n}-15",
                language=language,
                tags=("a tag",),
                signals=(RESERVED,) if n == 5 else (),
            )
            with archive.transaction():
                crawls.record_source(archive.connection, source, f"https://{source}/")
                archive.save(capture, reading)
