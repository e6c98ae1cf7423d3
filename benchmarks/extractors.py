"""Our extraction and its peers behind one signature: bytes and address of a page → Result.

Each peer is called as its own documentation does for the text of an article. Those that take
characters get the page decoded as ours is, unless they bring a decoder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from archive.model import Fault
from crawler.encoding import decode
from crawler.reading import read

TELLS_ALL = frozenset({"title", "authors", "published", "language"})


@dataclass(frozen=True, slots=True)
class Result:
    """What an extractor says of a page; `failure` names why there is nothing."""

    text: str
    title: str = ""
    authors: tuple[str, ...] = ()
    published: str = ""
    language: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Extractor:
    """A tool under test: the package it comes from, and which fields of Result it can tell."""

    name: str
    package: str
    extract: Callable[[bytes, str], Result]
    tells: frozenset[str]

    @property
    def version(self) -> str | None:
        """The version of the package; None where it is not installed."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return None


def ours(body: bytes, url: str) -> Result:
    reading = read(body, url)
    if isinstance(reading, Fault):
        return Result("", failure=reading.kind)
    return Result(
        reading.text, reading.title, reading.authors, reading.published or "", reading.language
    )


def trafilatura_default(body: bytes, url: str) -> Result:
    return _trafilatura(body, url, favor_precision=False)


def trafilatura_precision(body: bytes, url: str) -> Result:
    return _trafilatura(body, url, favor_precision=True)


def _trafilatura(body: bytes, url: str, favor_precision: bool) -> Result:
    """Its text and metadata, and the language of the whole text by langdetect."""
    import trafilatura

    document: Any = trafilatura.bare_extraction(
        body,
        url=url,
        with_metadata=True,
        include_comments=False,
        favor_precision=favor_precision,
    )
    if document is None:
        return Result("", failure="nothing")
    names = (document.author or "").split(";")
    return Result(
        text=document.text or "",
        title=document.title or "",
        authors=tuple(name.strip() for name in names if name.strip()),
        published=document.date or "",
        language=_detected(document.text or ""),
    )


def _detected(text: str) -> str:
    from langdetect import DetectorFactory, LangDetectException, detect

    DetectorFactory.seed = 0  # else the same text gives now one language, now another
    try:
        return str(detect(text)).partition("-")[0]
    except LangDetectException:
        return ""


def readability(body: bytes, url: str) -> Result:
    from readability import Document

    document = Document(body, url=url)
    author = document.author()
    return Result(
        text=_text(document.summary(html_partial=True)),
        title=document.short_title(),
        authors=() if author == "[no-author]" else (author,),
    )


def newspaper(body: bytes, url: str) -> Result:
    from newspaper import Article

    article = Article(url, fetch_images=False)  # else it asks the page's host for each image
    article.download(input_html=decode(body, None).text)
    article.parse()
    published = article.publish_date
    return Result(
        text=article.text,
        title=article.title,
        authors=tuple(article.authors),
        published=published.isoformat() if hasattr(published, "isoformat") else "",
        language=article.meta_lang or "",
    )


def resiliparse(body: bytes, url: str) -> Result:
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding
    from resiliparse.parse.html import HTMLTree
    from resiliparse.parse.lang import detect_fast

    tree = HTMLTree.parse(bytes_to_str(body, detect_encoding(body, from_html_meta=True)))
    text = extract_plain_text(tree, main_content=True, alt_texts=False, list_bullets=False)
    return Result(text, title=tree.title or "", language=detect_fast(text)[0])


def boilerpipe(body: bytes, url: str) -> Result:
    from boilerpy3.extractors import ArticleExtractor

    document = ArticleExtractor(raise_on_failure=True).get_doc(decode(body, None).text)
    return Result(document.content, title=document.title or "")


def _text(markup: str) -> str:
    """The paragraphs of a piece of HTML."""
    from crawler.extraction import blocks
    from crawler.parsing import parse

    tree = parse(f"<html><body>{markup}</body></html>")
    return "\n\n".join(block.text for block in blocks(tree, ""))


EXTRACTORS = {
    extractor.name: extractor
    for extractor in (
        Extractor("ours", "newsletter-archive", ours, TELLS_ALL),
        Extractor("trafilatura", "trafilatura", trafilatura_default, TELLS_ALL),
        Extractor("trafilatura-precision", "trafilatura", trafilatura_precision, TELLS_ALL),
        Extractor(
            "readability-lxml", "readability-lxml", readability, frozenset({"title", "authors"})
        ),
        Extractor("newspaper4k", "newspaper4k", newspaper, TELLS_ALL),
        Extractor("resiliparse", "resiliparse", resiliparse, frozenset({"title", "language"})),
        Extractor("boilerpy3", "boilerpy3", boilerpipe, frozenset({"title"})),
    )
}
BASELINE = "trafilatura"  # with metadata and langdetect on the whole text: its time is 1
