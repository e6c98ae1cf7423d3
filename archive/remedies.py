"""What to do about a failure: one line for each class of `failures`."""

from __future__ import annotations

# By the beginning of the class; the first that fits.
REMEDIES = {
    "dns": "Check the address in sources.toml; the host may be gone.",
    "refused": "The host is down or shuts us out.",
    "timeout": "The host is slow.",
    "truncated": "The answer broke off.",
    "connection": "The connection broke.",
    "tls": "Open the address in a browser; if you trust the host all the same, verify_tls = false in sources.toml.",
    "http-401": "The page wants a login; leave it.",
    "http-403": "The page is closed to us; ask the publisher, or leave it.",
    "http-404": "The page is gone; check the address if you configured it.",
    "http-410": "The page is gone for good; nothing to do.",
    "http-429": "The host wants fewer requests, and is left alone as long as it says; a longer delay in sources.toml helps.",
    "http-4": "The page is closed to us; nothing to do unless it should be open.",
    "http-5": "The host has a fault.",
    "too-large": "The page is larger than any article; leave it.",
    "redirects": "The page redirects without end; open it in a browser and use where it ends.",
    "unsupported-scheme": "Only http and https addresses are fetched; correct it in sources.toml.",
    "robots-unreachable": "The site’s robots.txt cannot be read, so nothing of it is fetched.",
    "robots": "The site asks robots not to fetch this page, and we do not.",
    "private-address": "Set allow_private = true for the source if that is meant.",
    "malformed": "Name the right feed or sitemap in sources.toml (feeds = […], sitemaps = […]).",
    "nothing-found": "Name a feed or a sitemap in sources.toml (feeds = […], sitemaps = […]).",
    "not-an-article": 'Open the page; if it is an article, keep = ["selector"] in sources.toml helps.',
    "not-html": "The address gives no web page (a PDF, say); leave it.",
    "gone-home": "The article is gone; nothing to do.",
    "empty": "The page has no text without JavaScript; see whether the site’s feed has the texts.",
    "blocked": "The site answers robots with a wall; crawl it less often, or ask for permission.",
    "consent-wall": "The site shows nothing without consent; name a feed that has the texts, or leave it.",
    "javascript-wall": "The page has no text without JavaScript; see whether the site’s feed has the texts.",
    "login-wall": "The page wants a login; leave it, or ask the publisher for access.",
    "extraction": "Our reading of the page failed; `newsarchive reextract` tries again, and a report helps.",
    "broken": "The file is damaged; import it again from a whole copy.",
    "unreadable": "The file cannot be read as what its name says; check it.",
}
UNKNOWN = "Crawl the source again with --debug to see more."


def remedy(kind: str) -> str:
    """What a user can do about failures of that class, in one line."""
    return next((text for start, text in REMEDIES.items() if kind.startswith(start)), UNKNOWN)
