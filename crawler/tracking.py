"""Links made for one reader: the address they lead to, as anybody may have it.

Mail wraps its links to count clicks, and puts into them who reads. Where the target stands in the
address it is taken out of the wrapper; what names the reader goes; a link that only its reader may
follow (unsubscribe, preferences, a wrapper whose target its sender alone knows) is none.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, urlunsplit

from archive import urls
from crawler.boilerplate import REMEMBERED
from crawler.wrappers import CLICK_HOSTS, CLICK_PATHS, REDIRECTS, WEB, Address, levels, parse

SHORTEST_SECRET = 6  # letters; shorter values are numbers of lists and yes or no
LONGEST_ACTION = 60  # letters; longer parts are titles
LONG = 20  # letters of a token that no short name of a page has

# The same, of addresses that are often something else: they count with a token only.
MAYBE_HOSTS = frozenset("link links lnk email mail mailer e em t tr r go l".split())
MAYBE_PATHS = frozenset("c e f k l r t u ct ctc ls lt ss wf link links goto out".split())
MAILCHIMP = ("list-manage.com", "campaign-archive.com")  # u and id are account and list or issue
# Below these names every link is a wrapper, or for the reader's account.
SENDERS = (
    "list-manage.com", "forward-to-friend.com", "forwardtomyfriend.com", "hubspotlinks.com",
    "ct.sendgrid.net", "emltrk.com", "klclick.com", "sendibt2.com", "mandrillapp.com",
)  # fmt: skip

# What is done with a subscription, as a word of its own in a path or as a value.
ACTIONS = frozenset(
    """
    unsubscribe unsubscribed unsub unsubscription optout optin resubscribe preferences preference
    prefs abmelden abmeldung abbestellen austragen desabonner desabonnement desinscription
    desinscrire desuscribir desuscribirse disiscriviti cancellami uitschrijven afmelden wypisz
    descadastrar avmelding avprenumerera
    """.split()
)
ACTION_PAIRS = tuple(
    frozenset(pair.split())
    for pair in (
        "opt out", "opt in", "update profile", "manage subscription", "manage subscriptions",
        "confirm subscription", "subscription confirm", "disable email", "email settings",
        "email confirm", "confirm email", "verify email",
    )
)  # fmt: skip
BESIDE_ACTIONS = frozenset(
    "email mail e newsletter newsletters manage my your update list from all center centre page php "
    "html htm aspx asp user one click subscription subscriptions subscriber me now".split()
)
CONFIRMATIONS = frozenset("confirm confirmation verify activate bestaetigen confirmer".split())

# Parameters that name the reader, whatever their value.
PERSONAL_PARAMETERS = frozenset(
    """
    token access_token auth_token usertoken subscriber subscriberid subscriber_id subscription_id
    email e-mail email_address emailaddress emid eid recipient recipient_id recipientid contact_id
    contactid mailing_id jwt unsub unsubscribe midtoken trkemail otptoken lipi trk
    isfreemail email_generated_at
    """.split()
)
# The same, in mail.
PERSONAL_IN_MAIL = frozenset(
    "uid user userid user_id ref refcode rid contact member memberid member_id".split()
)
# The same where the value is a token: on many sites they name pages.
PERSONAL_TOKENS = frozenset(
    "u e m j r s k h sid cid mid tid hid key hash sig signature sign auth code".split()
)
# Names of what a page is: a token there is the page's.
PAGE_PARAMETERS = frozenset("id v list doc docid file article story p q url".split())

# What asks for a closer look at a link of a web page, in lower case: anywhere in the address, as a
# part of its host or path, anywhere in its query, and as the name of a parameter.
_ANYWHERE = ACTIONS | CONFIRMATIONS | frozenset(
    "manage settings profile opt- /http%3a /https%3a ahr0c eyj".split()
)  # fmt: skip
# Without those that hold another one.
MARKS = sorted(m for m in _ANYWHERE if not any(o in m for o in _ANYWHERE - {m}))
NAMES = frozenset(
    CLICK_HOSTS | CLICK_PATHS | REDIRECTS | MAYBE_HOSTS | {"ss", "wf", "urldefense"}
    | {"campaign-archive"} | {name.partition(".")[0] for name in SENDERS}
)  # fmt: skip
QUERY_MARKS = ("http:", "https:", "http%3a", "https%3a", "@", "%40")
PARAMETERS = urls.TRACKING_PARAMETERS | PERSONAL_PARAMETERS | PERSONAL_IN_MAIL | PERSONAL_TOKENS

_PIECES = re.compile(r"[/.?]")
_PAIRS = re.compile(r"[?&;]")
_HASH = re.compile(r"[0-9a-f]{32,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_TOKEN = re.compile(r"[A-Za-z0-9_.~=%-]+")
_MAIL_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"'\])}|]+")
_WORDS = re.compile(r"[A-Za-zÀ-ÿ]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who a mail was sent to: the addresses, and the tokens that stand for the reader in links."""

    secrets: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()  # e-mail addresses, lower case


def target(url: str, reader: Reader | None = None) -> str | None:
    """The address a link leads to, without what names its reader; null where it is the reader's own.

    `reader`: of the mail the link stands in; null for a web page, where less is taken for personal.
    """
    if reader is None and not _is_suspicious(url):
        return url
    innermost = deque(levels(url), maxlen=1)
    address = innermost[0] if innermost else None
    if address is None or _is_wrapper(address, reader):
        return None
    if _is_action(address) and (reader or any(map(is_token, address.pieces))):
        return None
    if reader and not reader.secrets.isdisjoint(address.segments):
        return None
    return _without_parameters(address, reader)


def acts(url: str) -> bool:
    """Whether a link, or one wrapped in it, acts on a subscription: ends it, changes it."""
    return any(map(_is_action, levels(url)))


def secrets(links: Iterable[str]) -> frozenset[str]:
    """The tokens in links that act on a subscription: they stand for its reader."""
    return frozenset(
        secret for link in links for address in levels(link) for secret in _secrets_of(address)
    )


def plain(text: str, reader: Reader) -> str:
    """A visible text without the reader's address and tokens; addresses in it as `target` has them."""
    text = _LINK.sub(lambda match: _shown(match.group(), reader), text)
    for secret in reader.secrets:
        text = text.replace(secret, "…")
    if reader.addresses and "@" in text:
        text = _MAIL_ADDRESS.sub(
            lambda m: "…@…" if m.group().lower() in reader.addresses else m.group(), text
        )
    return text


def _shown(link: str, reader: Reader) -> str:
    bare = link.rstrip(".,;:!?")
    url = bare if bare.startswith(WEB) else f"https://{bare}"
    found = target(url, reader)
    if found == url:
        return link
    address = parse(url)
    host = f"https://{address.host}/…" if address else "…"
    return (found or host) + link[len(bare) :]


def _is_wrapper(address: Address, reader: Reader | None) -> bool:
    """Whether an address only counts a click before it leads to a place that it does not name."""
    labels, words = address.labels, address.words
    if address.is_of(SENDERS):
        return "subscribe" not in words
    tokens = [piece for piece in address.pieces if is_token(piece)]
    if labels & CLICK_HOSTS or words & CLICK_PATHS:
        return reader is not None or bool(tokens)
    if labels & MAYBE_HOSTS and words & MAYBE_PATHS and reader:
        return True
    if labels & MAYBE_HOSTS or words & {"ss", "ls", "wf"}:
        return any(len(token) >= LONG for token in tokens)
    return reader is not None and bool(tokens and words & MAYBE_PATHS)


def _is_action(address: Address) -> bool:
    """Whether an address acts on a subscription."""
    if any(_says_action(part) for part in (*address.labels, *address.pieces)):
        return True
    has_key = bool(address.query) or any(map(is_token, address.segments))
    return has_key and not CONFIRMATIONS.isdisjoint(address.words)


def _says_action(part: str) -> bool:
    """Whether all words of a part speak of a subscription: not those of an article about one."""
    if len(part) > LONGEST_ACTION:
        return False
    words = {word.lower() for word in _WORDS.findall(_CAMEL.sub("-", part))}
    if words & ACTIONS:
        return words <= ACTIONS | BESIDE_ACTIONS
    return any(pair <= words <= pair | BESIDE_ACTIONS for pair in ACTION_PAIRS)


def _secrets_of(address: Address) -> Iterator[str]:
    names_list = address.is_of(MAILCHIMP)
    for name, value in address.query:
        is_word = re.fullmatch(r"[a-z_-]+", value) or value.startswith(WEB)
        if (
            len(value) >= SHORTEST_SECRET
            and not is_word
            and not (names_list and name in ("u", "id"))
        ):
            yield value
    for segment in address.segments:
        if is_token(segment) or (len(segment) >= 8 and re.search(r"[A-Z0-9]{4}", segment)):
            yield segment


def is_token(text: str) -> bool:
    """Whether a text looks drawn by lot: letters and digits in turn, in capitals and small ones."""
    if len(text) < 8 or not _TOKEN.fullmatch(text):
        return False
    if text.startswith("eyJ") or _HASH.fullmatch(text):  # JSON in base 64
        return True
    run = max(re.findall(r"[A-Za-z0-9]+", text), key=len, default="")
    if len(run) < 8:
        return False
    turns = len(re.findall(r"[A-Za-z]+|\d+", run))
    is_mixed = run[1:] not in (run[1:].lower(), run[1:].upper())
    if turns >= 4 or (turns >= 3 and is_mixed):
        return True
    return len(run) >= 16 and len(re.findall(r"[a-z][A-Z]", run)) >= 4


def _without_parameters(address: Address, reader: Reader | None) -> str:
    """The address without the parameters that name a reader or a campaign; the others as they are."""
    given = address.parts.query.split("&") if address.query else []
    kept = [raw for raw in given if not _is_aside(raw, address, reader)]
    if kept == given:
        return address.url
    return urlunsplit(address.parts._replace(query="&".join(kept)))


def _is_aside(raw: str, address: Address, reader: Reader | None) -> bool:
    pair = parse_qsl(raw, keep_blank_values=True)
    name, value = (pair[0][0].lower(), pair[0][1]) if pair else ("", "")
    if address.is_of(MAILCHIMP):
        return name not in ("u", "id")
    if name in urls.TRACKING_PARAMETERS or name.startswith(urls.TRACKING_PREFIXES):
        return True
    if name in PERSONAL_PARAMETERS or value.startswith("eyJ") or _MAIL_ADDRESS.fullmatch(value):
        return True
    if address.parts.path.startswith("/p/") and name in urls.SUBSTACK_PARAMETERS:
        return True
    if reader is None:
        return name in PERSONAL_IN_MAIL | PERSONAL_TOKENS and bool(_HASH.fullmatch(value))
    if name in PERSONAL_IN_MAIL or value in reader.secrets or value.lower() in reader.addresses:
        return True
    is_candidate = name in PERSONAL_TOKENS or (name not in PAGE_PARAMETERS and len(value) >= 16)
    return is_candidate and (is_token(value) or (value.isdigit() and len(value) >= 5))


@lru_cache(REMEMBERED)
def _is_suspicious(url: str) -> bool:
    """Whether a link of a web page may be made for a reader; most need no closer look."""
    small = url.lower()
    for mark in MARKS:  # a loop: every link of every page comes here
        if mark in small:
            return True
    if not NAMES.isdisjoint(_PIECES.split(small)):
        return True
    _, _, query = small.partition("?")
    return bool(query) and (
        "/p/" in small
        or any(mark in query for mark in QUERY_MARKS)
        or any(map(_is_mark, _PAIRS.split(query)))
    )


def _is_mark(pair: str) -> bool:
    """Whether a parameter of an address, in lower case, may name its reader or a campaign."""
    return pair.partition("=")[0] in PARAMETERS or pair.startswith(urls.TRACKING_PREFIXES)
