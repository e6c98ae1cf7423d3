"""Mail newsletters, as they come: layouts, plain text, what is no issue, what only a reader may have."""

from __future__ import annotations

import base64
import json
import sqlite3
import zlib
from email.message import EmailMessage
from pathlib import Path
from random import Random

import pytest

from archive import readings
from archive.model import Fault, Reading
from archive.opening import open_reader
from crawler import mail
from crawler.cleaning import SiteRules
from tests.conftest import ROOT, Run, document

BENCH = ROOT.parent / "shared" / "bench" / "emails"
PROSE = (
    "<p>The harbour of the old town has been silent since the cranes were sold in spring.</p>"
    "<p>What remains are two warehouses, a ferry that nobody takes, and a plan for flats.</p>"
)
FOOT = (
    "<p>You are receiving this because you signed up. "
    '<a href="https://news.example.org/unsubscribe?token=READER-4711">Unsubscribe</a></p>'
    "<p>Example Press, 1 Quay Street, Portsmouth</p>"
)


def message(body: str, subject: str = "The week in cranes", **head: str) -> bytes:
    """A mail of HTML, with the head every mail has, changed as given."""
    made = EmailMessage()
    fields = {
        "From": "Ada Example <ada@example.org>",
        "To": "Grace <grace@reader.example>",
        "Subject": subject,
        "Date": "Mon, 02 Nov 2026 08:00:00 +0100",
        "Message-ID": "<week7@example.org>",
    }
    for name, value in (fields | {k.replace("_", "-"): v for k, v in head.items()}).items():
        made[name] = value
    made.set_content(f"<html><body>{body}</body></html>", subtype="html")
    return made.as_bytes()


def text_message(text: str, parameters: str = "", subject: str = "Notes") -> bytes:
    return (
        f"From: Ada <ada@example.org>\nSubject: {subject}\nMessage-ID: <n1@example.org>\n"
        f"Content-Type: text/plain; charset=utf-8{parameters}\n\n{text}"
    ).encode()


def read(body: bytes) -> Reading:
    outcome = mail.read(body, mail.address(body) or "mid:x@y", SiteRules())
    assert isinstance(outcome, Reading), outcome
    return outcome


def fault(body: bytes) -> Fault:
    outcome = mail.read(body, "mid:x@y", SiteRules())
    assert isinstance(outcome, Fault), outcome
    return outcome


def removed(reading: Reading) -> dict[str, tuple[str | None, str | None]]:
    return {b.text: (b.reason, b.rule) for b in reading.blocks if not b.kept}


def test_a_digest_of_ten_short_items_is_main_text() -> None:
    items = "".join(
        f'<tr><td>•</td><td><a href="https://example.org/{n}">Tool {n} is out</a></td></tr>'
        for n in range(10)
    )
    found = read(message(f"<table>{items}</table>{FOOT}"))
    assert found.text == "\n\n".join(f"Tool {n} is out" for n in range(10))
    assert {b.kind for b in found.blocks if b.kept} == {"list-item"}
    assert found.blocks[3].markdown == "- [Tool 3 is out](https://example.org/3)"


def test_nested_tables_are_read_in_order_and_the_foot_is_none_of_it() -> None:
    column = "<table><tr><td><table><tr><td>{}</td></tr></table></td></tr></table>"
    texts = [f"In part {n} of the story the cranes move on to the next harbour." for n in "1234"]
    rows = "".join(f"<tr><td>{column.format(f'<div>{text}</div>')}</td></tr>" for text in texts)
    found = read(message(f"<table>{rows}</table>{FOOT}"))
    assert found.text == "\n\n".join(texts)
    assert removed(found)["Example Press, 1 Quay Street, Portsmouth"][0] == "legal"


@pytest.mark.parametrize(
    "preview",
    [
        '<div style="display:none">What the quay was for</div>',
        '<span style="display: none !important; max-height: 0">What the quay was for</span>',
        '<div style="max-height:0px;overflow:hidden;mso-hide:all">What the quay was for</div>',
        '<div style="font-size:1px;color:#fff;line-height:1px">What the quay was for</div>',
        '<div class="preheader" style="color:#fff">What the quay was for</div>',
        "<div>What the quay was for" + "&nbsp;&zwnj;" * 30 + "</div>",
    ],
)
def test_the_preheader_is_removed_with_its_reason(preview: str) -> None:
    found = read(message(preview + PROSE))
    assert "What the quay was for" not in found.text
    assert found.text.startswith("The harbour of the old town")
    (reason,) = {r for text, r in removed(found).items() if text.startswith("What the quay")}
    assert reason == ("preheader", "hidden-preview")


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Please confirm your subscription", "<p>Click the button to go on.</p>"),
        ("One click", "<p>Thanks! Confirm your subscription and we are done.</p>"),
        ("Bitte bestätigen Sie Ihre Anmeldung", "<p>Ein Klick fehlt noch.</p>"),
        ("Confirmez votre inscription", "<p>Il ne manque qu’un clic.</p>"),
        ("Confirma tu suscripción", "<p>Solo falta un clic.</p>"),
        ("メールアドレスの確認", "<p>下のボタンを押してください。</p>"),
        ("确认您的订阅", "<p>请点击下面的按钮。</p>"),
        ("Welcome to the Harbour Newsletter", "<p>Great to have you here.</p>"),
        ("Hello", "<p>Thank you so much for subscribing to Harbour News!</p>"),
        ("Ihre Newsletter-Anmeldung", "<p>Bitte bestätigen Sie Ihre Newsletter-Anmeldung.</p>"),
        ("Willkommen beim Hafen-Newsletter", "<p>Schön, dass Sie da sind.</p>"),
    ],
)
def test_confirmations_and_welcomes_are_no_issues(subject: str, body: str) -> None:
    found = fault(message(body + FOOT, subject))
    assert (found.kind, found.skip) == ("not-an-issue", True)


def test_an_issue_that_thanks_for_subscribing_at_its_end_is_one() -> None:
    text = PROSE * 4 + "<p>Thank you for subscribing to the week in cranes.</p>"
    assert read(message(text + FOOT)).text.startswith("The harbour")


def test_the_pitch_of_a_referral_programme_goes_with_its_heading() -> None:
    body = (
        "<h2>The harbour</h2>" + PROSE + "<h2>Share The Quay</h2>"
        "<p>Bring your friends aboard, and a mug is yours.</p><p>Your count: 0</p>"
        "<p>Or copy &amp; paste your referral link to others:</p>"
    )
    found = read(message(body + FOOT))
    assert found.text.startswith("The harbour\n\n")
    assert found.text.endswith("a plan for flats.")
    pitch = [b for b in found.blocks if b.rule == "above-referral"]
    assert next(b.text for b in pitch) == "Share The Quay"


def test_a_line_that_asks_for_money_goes_and_a_source_on_the_same_host_stays() -> None:
    asking = (
        '<h3>Did you say Patreon?</h3><p><a href="https://www.patreon.com/quay">Pay us here</a></p>'
    )
    source = (
        '<p>The ferry, its captain writes <a href="https://www.patreon.com/posts/1">in a post</a>, '
        "will sail again in May.</p>"
    )
    found = read(message(PROSE + source + asking + FOOT))
    assert found.text.endswith("will sail again in May.")
    assert {b.rule for b in found.blocks if "Pay us" in b.text} == {"support-link"}


def test_an_issue_of_images_is_an_article_that_says_so() -> None:
    images = (
        '<img src="https://cdn.example.org/1.png" alt="Ten cranes, one chart" width="600">'
        '<img src="https://cdn.example.org/2.png">'
        '<img src="https://t.example.org/open?u=READER-4711" width="1" height="1" alt="pixel">'
    )
    found = read(message(images + FOOT))
    assert (found.form, found.text) == ("images", "Ten cranes, one chart")
    assert fault(message(FOOT)).kind == "not-an-article"


def test_a_plain_text_part_says_more_than_images() -> None:
    made = EmailMessage()
    made["Subject"] = "Notes"
    made.set_content("The cranes of the old harbour were sold to a shipyard in the north. " * 4)
    made.add_alternative('<img src="https://cdn.example.org/1.png" width="600">', subtype="html")
    found = read(made.as_bytes())
    assert found.form is None
    assert found.text.startswith("The cranes of the old harbour")


def test_flowed_text_is_put_together_as_its_author_wrote_it() -> None:
    text = (
        "The harbour of the old town has been \nsilent since the cranes \nwere sold.\n\n"
        "> It was the last \n> of its kind.\n\n From here on nothing moves, and that is that.\n"
        "-- \nAda\n"
    )
    found = read(text_message(text, "; format=flowed"))
    assert [(b.kind, b.text) for b in found.blocks] == [
        ("paragraph", "The harbour of the old town has been silent since the cranes were sold."),
        ("quote", "It was the last of its kind."),
        ("paragraph", "From here on nothing moves, and that is that."),
        ("paragraph", "Ada"),
    ]


def test_del_sp_joins_without_a_space() -> None:
    text = "港の古いクレーンは春に \n売られてしまいました。それからは \n静かなままです。\n"
    assert read(text_message(text, "; format=flowed; delsp=yes")).text == (
        "港の古いクレーンは春に売られてしまいました。それからは静かなままです。"
    )


def test_plain_text_reads_well() -> None:
    text = """THE WEEK IN CRANES
==================

The harbour of the old town has been silent since the cranes were
sold in spring. What remains are two warehouses, a ferry that nobody
takes, and a plan for flats.

Roses are red
Violets are blue

* First, the new bridge, which took eleven years to plan and seven to
  build
* Then the ferry

All about the ferry ( https://example.org/ferry?utm_source=mail )

Unsubscribe: https://news.example.org/unsubscribe?token=READER-4711
"""
    found = read(text_message(text))
    assert [(b.kind, b.text) for b in found.blocks if b.kept] == [
        ("heading", "THE WEEK IN CRANES"),
        (
            "paragraph",
            "The harbour of the old town has been silent since the cranes were sold in spring. "
            "What remains are two warehouses, a ferry that nobody takes, and a plan for flats.",
        ),
        ("paragraph", "Roses are red"),
        ("paragraph", "Violets are blue"),
        (
            "list-item",
            "First, the new bridge, which took eleven years to plan and seven to build",
        ),
        ("list-item", "Then the ferry"),
        ("paragraph", "All about the ferry"),
    ]
    assert "[All about the ferry](https://example.org/ferry)" in [b.markdown for b in found.blocks]
    assert "READER" not in str(found)


def test_a_forwarded_mail_is_its_authors_and_not_its_readers() -> None:
    head = (
        '<div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>'
        "De : <b>Bea Writer</b> &lt;bea@example.net&gt;<br>Date: Wed, 4 Nov 2026 at 17:29<br>"
        "Subject: The last ferry<br>To: &lt;grace@reader.example&gt;<br></div>"
    )
    found = read(message(head + PROSE + "</div>", "Fwd: The last ferry"))
    assert (found.title, found.authors) == ("The last ferry", ("Bea Writer",))
    assert found.published == "2026-11-04T17:29:00"
    assert found.text.startswith("The harbour")
    assert "grace@reader.example" not in str(found)


@pytest.mark.parametrize(
    ("broken", "title"),
    [
        (b"Subject: =?x-unknown?q?Cranes=20today?=\n\n", "Cranes today"),
        (b"Subject: Caf\xc3\xa9 am Hafen\n\n", "Café am Hafen"),
        (b"From: <<>>,,@;\nDate: yesterday\nSubject: Odd\nTo: ;;\n\n", "Odd"),
        (b'Subject: Wrong\nContent-Type: text/plain; charset="x-none"; =;\n\n', "Wrong"),
        (b"Subject: Code\nContent-Transfer-Encoding: x-none\n\n", "Code"),
        (b"Subject: Base\nContent-Transfer-Encoding: base64\n\n", "Base"),
        (b"Subject: Parts\nContent-Type: multipart/mixed\n\n", "Parts"),
    ],
)
def test_a_broken_head_costs_no_issue(broken: bytes, title: str) -> None:
    text = b"The harbour of the old town has been silent since the cranes were sold in spring.\n"
    if b"base64" in broken:
        text = base64.b64encode(text)[:-4] + b"!!"
    assert read(broken + text).title == title


def test_what_was_sent_in_the_future_has_the_date_of_its_arrival() -> None:
    received = "from a by b; Tue, 03 Nov 2026 09:00:00 +0000"
    sent = message(PROSE, Date="Mon, 02 Nov 2099 08:00:00 +0100", Received=received)
    assert read(sent).published == "2026-11-03T09:00:00+00:00"


def test_the_link_to_the_app_is_not_that_to_the_web() -> None:
    links = (
        '<p><a href="https://open.example.net/app/p/7">Open in app</a> or '
        '<a href="https://news.example.org/p/7?token=READER-4711">online</a></p>'
    )
    assert mail.address(message(links + PROSE)) == "https://news.example.org/p/7"


@pytest.mark.parametrize(
    ("head", "link", "address"),
    [
        ({}, "https://news.example.org/p/7?utm_source=mail&token=READER-4711", "/p/7"),
        (
            {},
            "https://click.example.org/READER-4711/aHR0cHM6Ly9uZXdzLmV4YW1wbGUub3JnL3AvNw",
            "/p/7",
        ),
        ({}, "https://click.example.org/c/READER-4711", "mid:week7@example.org"),
        ({}, "https://news.example.org/", "mid:week7@example.org"),
        ({"Archived_At": "<https://news.example.org/a/7>"}, "https://x.example/y", "/a/7"),
    ],
)
def test_an_issue_has_the_address_anybody_may_have(
    head: dict[str, str], link: str, address: str
) -> None:
    body = message(f'<p><a href="{link}">View in browser</a></p>{PROSE}{FOOT}', **head)
    expected = address if address.startswith("mid:") else f"https://news.example.org{address}"
    assert mail.address(body) == expected


SECRETS = ("READER-4711", "b64reader99", "grace@reader.example", "grace%40", "c2VjcmV0")


def everything(db: sqlite3.Connection) -> dict[str, bytes]:
    """All values of each table but `captures`, what is compressed as it is inside."""
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {}
    for table in tables:
        values = [v for row in db.execute(f'SELECT * FROM "{table}"') for v in row]
        plain = [
            readings.decompress(v) if table == "contents" and type(v) is bytes else v
            for v in values
        ]
        found[table] = b"\n".join(v if type(v) is bytes else str(v).encode() for v in plain)
    del found["captures"]
    return found


def test_what_names_the_reader_stands_in_no_table_and_no_export(
    newsarchive: Run, tmp_path: Path
) -> None:
    inner = base64.urlsafe_b64encode(b"https://example.org/bridge?uid=READER-4711").decode()
    payload = base64.urlsafe_b64encode(
        zlib.compress(b"r=grace%40reader.example&l=https%3A%2F%2Fexample.org%2Fferry")
    ).decode()
    links = {
        "bridge": f"https://click.example.net/b64reader99/{inner}",
        "ferry": f"https://email.mg.example.net/c/{payload}",
        "flats": "https://example.org/flats?utm_source=m&mc_eid=READER-4711&page=2",
        "wrapped": "https://click.example.net/?u=READER-4711&url=https%3A%2F%2Fexample.org%2Fw",
        "opaque": "https://track.example.net/ls/click?upn=READER-4711",
        "mailed": "https://example.org/m?recipient=grace%40reader.example",
        "shared": "https://example.org/s/b64reader99/x",
        "profile": "https://news.example.org/preferences/b64reader99",
        "mine": "https://us1.list-manage.com/profile?u=1&id=2&e=c2VjcmV0",
    }
    anchors = "".join(
        f'<p>One can read all about the <a href="{url}">{name}</a> of the town today.</p>'
        for name, url in links.items()
    )
    online = (
        '<p><a href="https://news.example.org/p/7?token=READER-4711">View in browser</a></p>'
        '<p style="display:none">For grace@reader.example</p>'
        "<p>Share https://news.example.org/join?ref=READER-4711 with a friend of yours.</p>"
        "<p>This email was sent to grace@reader.example by the Example Press.</p>"
    )
    pixel = '<img src="https://t.example.net/o/READER-4711.gif" width="1" height="1">'
    (tmp_path / "a.eml").write_bytes(
        message(
            online + anchors + FOOT + pixel,
            List_Unsubscribe="<mailto:leave+b64reader99@example.org>, "
            "<https://news.example.org/u/b64reader99>",
        )
    )
    (tmp_path / "b.eml").write_bytes(
        text_message(
            "All about the ferry: https://click.example.net/b64reader99/x and about the town.\n"
            "To leave: https://news.example.org/unsubscribe/b64reader99\n"
        )
    )
    (tmp_path / "c.eml").write_bytes(message(PROSE + FOOT, "Please confirm your subscription",
                                             Message_ID="<c@example.org>"))  # fmt: skip
    folder = tmp_path / "archive"
    done = newsarchive("import", tmp_path, "--json", archive=folder)
    assert done.returncode == 0, done.stderr
    report = document(done)["sources"]
    assert sum(row["new"] for row in report.values()) == 2
    assert sum(row["skipped"] for row in report.values()) == 1
    assert (
        newsarchive("export", "jsonl", "--output", tmp_path / "x", archive=folder).returncode == 0
    )
    db = open_reader(folder)
    outputs = everything(db) | {"export": (tmp_path / "x").read_bytes()}
    markdown = "\n".join(row[0] for row in db.execute("SELECT markdown FROM blocks"))
    failures = db.execute("SELECT class FROM failures").fetchall()
    waiting = db.execute("SELECT count(*) FROM frontier").fetchone()
    db.close()
    leaks = [(t, s) for t, data in outputs.items() for s in SECRETS if s.encode() in data]
    assert leaks == []
    assert failures == [("not-an-issue",)]
    assert waiting == (0,)
    for url in ("bridge", "ferry", "flats?page=2", "w", "m"):
        assert f"(https://example.org/{url})" in markdown
    assert "about the opaque of the town" in markdown
    assert "https://news.example.org/join" in markdown


def mbox_message(number: int) -> str:
    text = "The harbour of the old town has been silent since the cranes were sold in spring."
    return (
        f"From: Ada <ada@letters.example>\nSubject: Issue {number}\n"
        f"Message-ID: <{number}@mta.example>\n\n{text}\n>From here on nothing moves.\n\n"
    )


def test_broken_mail_files_are_a_line_each_and_stop_nothing(
    newsarchive: Run, tmp_path: Path
) -> None:
    start = "From ada@letters.example Mon Nov  2 08:00:00 2026\n"
    noise = Random(1).randbytes(5000)
    contents = {
        "good.mbox": (start + mbox_message(1) + start + mbox_message(2)).encode(),
        "headless.mbox": mbox_message(3).encode(),  # no line "From " at all
        "mixed.mbox": b"".join(
            part if isinstance(part, bytes) else part.encode()
            for part in (start, noise, "\n\n", start, mbox_message(4), start, "no head\n", start)
        ),
        "text.mbox": b"Dear diary,\nFrom here on I write no mail.\n",
        "empty.mbox": b"",
        "noise.eml": noise,
        "sealed.eml": b"Message-ID: <s@x.example>\nContent-Type: multipart/encrypted\n\n-\n",
        "last.eml": mbox_message(5).encode().replace(b"sold", b"s\xf6ld"),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.eml").mkdir()
    folder = tmp_path / "archive"
    done = newsarchive("import", tmp_path, archive=folder)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    db = open_reader(folder)
    found = db.execute("SELECT title, text, source FROM articles ORDER BY title").fetchall()
    failures = db.execute("SELECT url, class FROM failures ORDER BY url").fetchall()
    db.close()
    assert [row[0] for row in found] == [f"Issue {n}" for n in range(1, 6)]
    assert all("From here on nothing moves." in row[1] and ">" not in row[1] for row in found)
    assert {row[2] for row in found} == {"letters.example"}
    broken = [Path(url).name for url, kind in failures if kind == "broken-mail"]
    assert broken == [
        "empty.mbox",
        "mixed.mbox",
        "mixed.mbox#2",
        "mixed.mbox#3",
        "noise.eml",
        "text.mbox",
    ]
    assert ("mid:s@x.example", "encrypted") in failures
    assert all(Path(url).name in done.stderr for url, _ in failures)


@pytest.mark.skipif(not BENCH.is_dir(), reason="../shared/bench is not there")
def test_the_kinds_of_real_mails(newsarchive: Run, tmp_path: Path) -> None:
    gold = [json.loads(line) for line in (BENCH / "gold.jsonl").read_text("utf-8").splitlines()]
    issues = sum(row["kind"] == "newsletter" for row in gold)
    done = newsarchive("import", BENCH, "--json", archive=tmp_path)
    assert done.returncode == 0, done.stderr
    report = document(done)["sources"]
    assert sum(row["new"] for row in report.values()) == issues
    assert sum(row["skipped"] for row in report.values()) == len(gold) - issues
