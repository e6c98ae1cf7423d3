"""The names in a statement of who wrote a page: cut out, told apart, people and organisations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crawler.dates import WEEKDAY
from crawler.headings import fold
from crawler.structured import plain

# What stands before a name. Some systems set no space behind it: `ByAda Example`.
BY = re.compile(
    r"""^(?:
      (?:(?:written|posted|published|words|story|compiled|reported|edited)\s+)?by
    | (?:(?:veröffentlicht|geschrieben|verfasst|publiziert|gespeichert|eingetragen|eingestellt|artikel|beitrag
        |kommentar|gastbeitrag|kolumne|text|alle\ (?:artikel|beiträge)|weitere\ artikel)\s+)?vo[nm]
    | (?:zeige\ alle\ beiträge|alle\ beiträge\ anzeigen|ein(?:e)?\ (?:kolumne|interview|gastbeitrag
        |kommentar|essay|beitrag))\ von
    | (?:view|see|show)?\s*all\ (?:posts|articles)\ (?:by|from)|more\ (?:from|by)|about\ (?:the\ )?author
    | über\ (?:die\ autorin|den\ autor)
    | (?:escrito\ |publicado\ |texto\ |redacción\ )?por|escribe|(?:publié\ |écrit\ |rédigé\ )?par
    | (?:scritto\ |pubblicato\ )?(?:di|da)|door|przez|av|af|skriven\ av|skrevet\ av|yazan|oleh
    | autorin|autor(?:en|es|a)?|auteurs?|autore|authors?|author\ name|writer|text|texte|texto|tekst|foto\ och\ text
    )
    (?:\s*[:：/／-]\s*|\s+)
    | ^by(?=[A-Z][a-z])
    | ^(?:文\s*[:：/／]|(?:著者|作者|執筆|记者|記者|撰文|编辑|責任編輯|责任编辑|글)\s*[:：/／]?)\s*
    | ^文\s+""",
    re.I | re.X,
)
# Who took the pictures is not who wrote the text.
_PICTURES = re.compile(
    r"^(?:fotos?|photos?|bild(?:er)?|video|illustration(?:en)?|grafik|fotografie|imagen)\b", re.I
)
_WITH = re.compile(r"\s*\((?:mit|avec|with|con|com|met|med)\s+([^)]*)\)", re.I)
_ASIDE = re.compile(r"\s*[(\[][^)\]]*[)\]]|\s+[|•·∙–—~-]+\s.*$|\s*[|•·∙].*$")
# A date beside a name, as far as its form tells one.
DATE = (
    rf"(?:(?:{WEEKDAY}),?\s+(?:den\s+)?)?(?:\d{{1,2}}[./-]\s?\d{{1,2}}[./-]\s?\d{{2,4}}"
    r"|\d{1,2}\.?\s+(?:de\s+)?[^\W\d]{3,}\.?,?\s+(?:de\s+)?\d{4}"
    r"|[^\W\d]{3,9}\.?\s+\d{1,2},?\s+\d{4}|\d{4}-\d\d-\d\d)"
)
# In a visible line the name ends where its date or section begins: `Ada Example on May 3`.
_END = re.compile(
    r"\s+(?:am|on|vom|le|el|il|em|den|in|um|at|à|à|für|for|unter|aktualisiert|updated|published"
    r"|published:|publicado|veröffentlicht)\s.*$"
    rf"|\s+(?i:{DATE}|{WEEKDAY}).*$|\s*,?\s*\d.*$|\s*@.*$"
)
_COMMA = re.compile(r"\s*[,;、，]\s*")
_AND = re.compile(r"\s+(?:and|und|et|ve|och|og|en|&|\+)\s+|\s*&\s*")
# Joins two names, and the two family names of one person.
_SPANISH_AND = re.compile(r"\s+(?:y|e|i)\s+")
_NOT_A_NAME = re.compile(
    r"https?:|www\.|@|\[at\]|\(at\)|\d{3,}|^\W*$|[→»›?!。！？]"
    r"|\b(?:published|updated|posted|modified|uhr|lesezeit|reading time|publié|güncelleme|stand)\b"
    r"|^(?:admin(?:istrator)?|super user|no author|an[oó]nimo|unknown|anonymous|null|none|undefined|author|autor|guest)$",
    re.I,
)
LONGEST = 60  # letters of a name
SITE_LETTERS = 3  # from which a text is an abbreviation of the site's name
WORDS = 5  # of a person's name, at most; `Maria de los Ángeles Ruiz`
# Words between the capitalised ones of a person's name.
_PARTICLES = frozenset(
    "von vom van de der den des di da do dos das du del della la le el al bin ibn ben y e i zu zur"
    " zum ter ten te af av dit dr prof mr mrs ms".split()
)
_ARTICLES = frozenset(
    "the a an das der die ein eine le la les un une el los las il lo gli o os".split()
)
# Words of which an organisation's name is made; a department, a role, a medium.
_GROUP = re.compile(
    r"""\b(?:redak\w*|redacci[oó]n|r[ée]daction|redazione|reda[cç][cçt]\w*|editors?|editorial|staff|team|desk
    |reporters?|correspondents?|agenc\w+|agentur\w*|news|newsroom|nachrichten\w*|press|presse\w*|prensa
    |zeitung|magazin\w*|blog|media|verlag|studio|tv|radio|fernsehen|rundfunk|podcast|online|archiv\w*
    |gmbh|ag|inc|llc|ltd|corp|company|group|gruppe|s\.?a|foundation|stiftung|institut\w*|universit\w*
    |college|school|verband|verein|bund|ministeri\w*|amt|landesanstalt|kommission|council|society
    |association|network|project|community|partners?|international|times|post|herald|daily|tribune
    |gazette|journal|service|services|department|abteilung|contributors?|guest|sponsored|advertorial
    |anzeige|werbung|kommentare|comments?|ajans\w*|haber\w*|haberler|quelle|source)\b
    |\be\.\s?v\b|\.(?:com|de|org|net|ch|at|tv|fr|it|es|co|uk|tr|info|cl|live|eu|io)\b
    |通信|新聞|新闻|编辑部|編集部|報社|时报|時報|통신|뉴스|신문|일보|편집국""",
    re.I | re.X,
)
_AGENCIES = frozenset(
    "afp ap apa ats dpa sda epd kna sid reuters ansa efe tass ria interfax xinhua kyodo jiji yonhap"
    " ians pti ani lusa belga anp tt ntb ritzau stt pap čtk ctk mti agerpres tanjug hina anadolu aa dha"
    " iha bloomberg upi cp aap pa spx sp-x red lno nna".split()
) | {"associated press", "press association", "pa media", "keystone-sda", "agence france-presse"}
# Letters without capitals: from Hebrew to Thai; and those without spaces between words.
_UNICASE = re.compile(r"[\u0590-\u0fff]")
_UNSPACED = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff々\s・]{2,10}|[\uac00-\ud7af]{2,5}(?:\s?기자)?")
_SIGLUM = re.compile(r"[a-z]{2,5}/[a-z]{2,5}")
_FULL = re.compile(r"(?:[^\W\d_][\w'’.\-]*\s+){1,4}[^\W\d_][\w'’.\-]*")


@dataclass(frozen=True, slots=True)
class Name:
    """Somebody who is named; a group is an organisation, a department or the site itself."""

    text: str
    is_group: bool


@dataclass(frozen=True, slots=True)
class Site:
    """What a site is called, folded: its names, its host, their initials."""

    names: frozenset[str]

    def is_named(self, text: str) -> bool:
        """Whether a text is the site's name, begins with it (`MDR Thüringen`), or it with the text."""
        key, first = fold(text), ""
        for word in text.split():
            first += fold(word)
            if first in self.names:
                return True
        return len(key) >= SITE_LETTERS and any(name.startswith(key) for name in self.names)


def site_called(*names: str | None) -> Site:
    """The site of these names and hosts; each name's initials are one, too: `LTO`."""
    found = set()
    for name in filter(None, names):
        words = re.findall(r"\w+", name)
        initials = "".join(word[0] for word in words) if len(words) > 1 else ""
        found |= {fold(name), initials.casefold()}
    return Site(frozenset(key for key in found if len(key) > 1))


def stated(text: str, site: Site, *, is_group: bool = False) -> list[Name]:
    """The names in a statement for machines: people, or one group that the whole of it names."""
    whole = _trimmed(_ASIDE.sub("", _WITH.sub(r", \1", BY.sub("", plain(text)))))
    if not _is_possible(whole):
        parts = [part for part in _parts(whole) if _is_possible(part)]
        return [Name(p, False) for p in parts if _is_person(p, site)] if "://" not in text else []
    people = [] if is_group else _people(whole, site)
    return [Name(person, False) for person in people] or [Name(whole, True)]


def seen(text: str, site: Site) -> list[Name]:
    """The names at the beginning of a line for readers, which may go on: `Ada Example, May 3`."""
    whole = _trimmed(_ASIDE.sub("", _END.sub("", _WITH.sub(r", \1", BY.sub("", plain(text))))))
    if not _is_possible(whole):
        return []  # a sentence, a label, an address
    people = [p for p in _people(whole, site) if is_full_name(p)]
    if people:
        return [Name(person, False) for person in people]
    return [Name(whole, True)] if _is_group(whole, site) and len(whole.split()) <= WORDS else []


def is_unspaced(text: str) -> bool:
    """Whether a text may be a name in Chinese, Japanese or Korean letters."""
    return bool(_CJK.fullmatch(text))


def is_full_name(text: str) -> bool:
    """Whether a text has the form of a person's whole name: words in capitals, or CJK letters."""
    if is_unspaced(text):
        return True
    if not _FULL.fullmatch(text) or len(text) > LONGEST or _UNSPACED.search(text):
        return False
    if text.split()[0].lower() in _ARTICLES or text.split()[-1].lower() in _PARTICLES:
        return False
    words = [word for word in text.split() if word.lower().strip(".") not in _PARTICLES]
    is_unicase = bool(_UNICASE.search(text))
    return bool(words) and (is_unicase or all(word[0].isupper() for word in words))


def _people(text: str, site: Site) -> list[str]:
    """The people of a list of names; what stands between them is a place, a role, a department."""
    parts = [part for part in map(_trimmed, _parts(text)) if _is_possible(part)]
    people = [part for part in parts if _is_person(part, site)]
    is_mixed = len(people) < len(parts) or any(" " in person for person in people)
    return [p for p in people if not is_mixed or " " in p or is_unspaced(p)]


def _parts(text: str) -> Iterator[str]:
    for item in _COMMA.split(text):
        for part in _AND.split(item):
            names = _SPANISH_AND.split(part)
            sizes = {len(name.split()) > 1 for name in names}
            for name in names if len(sizes) == 1 else [part]:
                # `Ada One/Bo Two` are two people, `srf/hosb` is one's siglum.
                pieces = re.split(r"\s*/\s*", name)
                yield from pieces if any(" " in piece for piece in pieces) else [name]


def _is_possible(text: str) -> bool:
    return bool(text) and not _NOT_A_NAME.search(text) and not _PICTURES.match(text)


def _is_person(text: str, site: Site) -> bool:
    words = text.split()
    if _SIGLUM.fullmatch(text):
        return True
    if _is_group(text, site) or len(words) > WORDS or len(text) > LONGEST or "/" in text:
        return False
    lower = [w for w in words if w[0].islower() and w.lower().strip(".") not in _PARTICLES]
    return not lower or len(lower) == len(words) <= 2


def _is_group(text: str, site: Site) -> bool:
    return bool(_GROUP.search(text)) or text.casefold() in _AGENCIES or site.is_named(text)


def _trimmed(text: str) -> str:
    """Without punctuation around it; the stop behind an initial or `Jr.` stays."""
    text = text.strip(' ,:;|/–—-·•"“”„')
    return text if re.search(r"(?:\b\w{1,2}|\.\w)\.$", text) else text.rstrip(".")
