"""Pages that are "200 but blocked" are no articles; articles about them are."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from archive.model import Fault, Reading
from archive.remedies import UNKNOWN, remedy
from crawler.reading import read
from crawler.walls import MESSAGES
from tests.conftest import ROOT

BENCH = ROOT.parent / "shared" / "bench"
URL = "https://news.example/2026/cranes"
TEXT = (
    "The cranes of Brunnstedt have learned to see at night, and the harbour master is not sure "
    "that he likes it. He walked the quay for a week with a notebook and counted what they missed."
)


def page(title: str, body: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html lang=en><head><title>{title}</title>{head}</head><body>{body}</body></html>".encode()


WALLS: dict[str, tuple[str, bytes]] = {
    "cloudflare": ("blocked", page(
        "Just a moment...",
        "<noscript>Enable JavaScript and cookies to continue</noscript>"
        "<script>(function(){window._cf_chl_opt={cvId:'3',cZone:'news.example'};}());</script>",
    )),
    "cloudflare in German": ("blocked", page(
        "Nur einen Moment…",
        "<h1>news.example</h1><p>Die Sicherheit Ihrer Verbindung wird überprüft.</p>"
        "<script>window._cf_chl_opt = {cType: 'managed'};</script>",
    )),
    "cloudflare, banned": ("blocked", page(
        "Attention Required! | Cloudflare",
        "<div id=cf-error-details class=cf-error-details><h1>Sorry, you have been blocked</h1>"
        "<h2>You are unable to access news.example</h2><p>This website is using a security service "
        "to protect itself from online attacks.</p></div>",
    )),
    "datadome": ("blocked", page(
        "news.example",
        "<p id=cmsg>Please enable JS and disable any ad blocker</p><script>var dd={'rt':'c','host':"
        "'geo.captcha-delivery.com'}</script><script src=https://ct.captcha-delivery.com/c.js></script>",
    )),
    "perimeterx": ("blocked", page(
        "Access to this page has been denied",
        "<div id='px-captcha'></div><h1>Press &amp; Hold to confirm you are a human (and not a bot).</h1>",
    )),
    "akamai": ("blocked", page(
        "Access Denied",
        "<h1>Access Denied</h1>You don't have permission to access \"http://news.example/2026\" on "
        "this server.<p>Reference #18.8d4f1160.1700000000.1a2b3c</p>",
    )),
    "akamai, page of work": ("blocked", page(
        "&nbsp;", "<div id='sec-if-cpt-container'></div>",
        "<meta http-equiv=refresh content=\"5; URL='/2026/cranes?bm-verify=AAQAAAAL'\">",
    )),
    "imperva": ("blocked", page(
        "", "<iframe src='/_Incapsula_Resource?CWUDNSAI=9&xinfo=1&incident_id=1-2'>Request "
        "unsuccessful. Incapsula incident ID: 1-2</iframe>",
    )),
    "aws waf": ("blocked", page("", "<div id=challenge-container></div><script>window.gokuProps = {key: 'x'};</script>")),
    "anubis": ("blocked", page(
        "Making sure you&#39;re not a bot!",
        "<script id=\"anubis_challenge\" type=\"application/json\">{}</script><h1>Making sure you're not a bot!</h1>"
        "<p>You are seeing this because the administrator of this website has set up Anubis.</p>",
    )),
    "home-made": ("blocked", page("Security check", "<p>Please verify that you are human.</p>")),
    "waf": ("blocked", page("Request Rejected", "The requested URL was rejected. Your support ID is: 17")),
    "consent": ("consent-wall", page(
        "Before you continue to News",
        "<h1>Before you continue to News</h1><p>We use cookies to deliver and maintain our services, to "
        "track outages, and to measure how readers use them.</p><p>If you choose to accept all cookies, we "
        "will also develop new services and show you advertising that fits.</p><button>Reject</button>"
        "<button>Accept all cookies</button>",
    )),
    "consent or pay": ("consent-wall", page(
        "Zustimmung erforderlich",
        "<main><h1>Besuchen Sie uns wie gewohnt mit Werbung und Tracking</h1><p>Details finden Sie in unserer "
        "Datenschutzerklärung. Um unser Angebot mit Werbung und Tracking zu nutzen, stimmen Sie bitte zu.</p>"
        "<button>Alle akzeptieren</button><p>Oder lesen Sie mit einem Abo ohne Tracking.</p></main>",
    )),
    "javascript": ("javascript-wall", page("News", "<noscript>You need to enable JavaScript to run this app.</noscript><div id=root></div>")),
    "login": ("login-wall", page(
        "Log in – News", "<h1>Welcome back</h1><form><input name=mail><input type=password><button>Go</button></form>",
    )),
    "login in other words": ("login-wall", page("News", "<p>Bitte melden Sie sich an, um diesen Beitrag zu lesen.</p>")),
}  # fmt: skip

OPEN_GRAPH = '<meta property="og:type" content="article">'
ARTICLES = {
    "about a challenge": page(
        "Just a moment: what a challenge costs a reader",
        f"<article><h1>Just a moment: what a challenge costs a reader</h1><p>{TEXT}</p><p>“Checking your browser”, says "
        "the page, and the harbour master waits. He has waited an hour this year, he has counted that, too.</p>"
        f"<pre>window._cf_chl_opt = {{cvId: '3'}}; &lt;div id='px-captcha'&gt;</pre><p>{TEXT * 5}</p></article>",
    ),
    "short, and says that it is one": page(
        "Access denied", f"<article><h1>Access denied</h1><p>{TEXT}</p></article>", OPEN_GRAPH
    ),
    "about cookies": page(
        "Why we ask you to accept cookies",
        f"<article><h1>Why we ask you to accept cookies</h1><p>{TEXT * 3}</p><p>{TEXT * 3}</p></article>",
        OPEN_GRAPH,
    ),
    "watched by a vendor": page(
        "Cranes",
        f"<article><h1>Cranes</h1><p>{TEXT}</p><p>{TEXT}</p></article>"
        "<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"
        "<script src='https://js.datadome.co/tags.js'></script><script>window._pxAppId='PX1';</script>"
        "<script src='/_Incapsula_Resource?SWJIYLWA=719d34d31c8e3a6e6fffd425f7e032f3'></script>",
    ),
    "with a banner and a form to log in": page(
        "Cranes",
        f"<nav><a href=/login>Log in</a></nav><article><h1>Cranes</h1><p>{TEXT}</p><p>{TEXT}</p></article>"
        "<div class=cookie-banner><p>We value your privacy. Accept all cookies?</p><button>Accept</button></div>"
        "<form><input type=password></form><noscript>Please enable JavaScript.</noscript>",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WALLS)
def test_a_wall_is_none_of_the_articles(name: str) -> None:
    kind, body = WALLS[name]
    found = read(body, URL)
    assert isinstance(found, Fault), found
    assert found.kind == kind
    # It is tried again, and counted as a failure.
    assert (found.permanent, found.skip) == (False, False)


@pytest.mark.parametrize("name", ARTICLES)
def test_an_article_is_no_wall(name: str) -> None:
    found = read(ARTICLES[name], URL)
    assert isinstance(found, Reading), found
    assert TEXT in found.text


def test_where_a_redirect_led_to_tells_a_wall_too() -> None:
    body = page("News", "<p>Ihre Auswahl</p><button>Weiter</button>")
    for url in ("https://consent.news.example/?r=1", "https://news.example/cookiewall?to=/a"):
        found = read(body, url)
        assert isinstance(found, Fault)
        assert found.kind == "consent-wall"


def test_every_wall_has_its_remedy() -> None:
    assert not {remedy(kind) for kind in MESSAGES} & {UNKNOWN}
    assert len({remedy(kind) for kind in MESSAGES}) == len(MESSAGES)


@pytest.mark.skipif(not BENCH.exists(), reason="the real pages of ../shared/bench are not here")
@pytest.mark.parametrize("name", ["newsletters", "fundus"])
def test_no_real_article_is_taken_for_a_wall(name: str) -> None:
    """The smallest pages of a set are nearest to walls."""
    lines = (BENCH / name / "gold.jsonl").read_text("utf-8").splitlines()
    urls = {gold["id"]: gold.get("url") or URL for gold in map(json.loads, lines)}
    files = sorted((BENCH / name).glob("*.html.gz"), key=lambda path: path.stat().st_size)[:8]
    assert files
    for file in files:
        found = read(gzip.decompress(file.read_bytes()), urls[Path(file.stem).stem])
        assert not (isinstance(found, Fault) and found.kind in MESSAGES), (file.name, found)
