"""Sites on loopback, served by nginx: copies of real pages with robots.txt and sitemap."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import click

from benchmarks.copies import copies
from benchmarks.pages import Page

MISSING = "nginx is missing, which serves the pages: run 'sudo apt-get install -y nginx-light', then this again"
CHANGED = "2026-11-01T12:00:00+00:00"  # what the sitemaps say of all pages
# What is served is on loopback and in the page cache, so that one process is far from its limits.
CONFIGURATION = """
{user}daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
  access_log {log}; sendfile on; keepalive_requests 100000; default_type text/html;
  types {{ text/plain txt; application/xml xml; text/html html; }}
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{servers}
}}
"""
SERVER = "  server {{ listen 127.0.0.1:{port}; root {root}; }}"


@dataclass(frozen=True, slots=True)
class Site:
    """A site that is served: its address, and the paths of its articles with their files."""

    url: str
    files: tuple[Path, ...]

    @property
    def articles(self) -> list[str]:
        """The addresses of its articles."""
        return [f"{self.url}/articles/{file.name}" for file in self.files]


@dataclass(frozen=True, slots=True)
class Served:
    """The sites, the folder of their files, and where nginx notes what is asked of them."""

    folder: Path
    sites: tuple[Site, ...]
    log: Path

    @property
    def articles(self) -> list[str]:
        """The addresses of all articles, site after site."""
        return [url for site in self.sites for url in site.articles]

    def requests(self) -> int:
        """The number of requests so far."""
        return self.log.read_bytes().count(b"\n")


def make(folder: Path, pages: Sequence[Page], count: int, sites: int) -> None:
    """Write so many copies of the pages as the articles of so many sites; what is there stays."""
    for site in range(sites):
        (folder / f"site-{site}" / "articles").mkdir(parents=True, exist_ok=True)
    if sum(1 for _ in folder.glob("site-*/articles/*")) == count:
        return
    for page, copy in copies(pages, count):
        (folder / f"site-{page % sites}" / copy.path.lstrip("/")).write_bytes(copy.body)


@contextmanager
def serve(folder: Path) -> Iterator[Served]:
    """The sites that `make` wrote, until the block ends."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not nginx:
        raise click.ClickException(MISSING)
    roots = sorted(folder.glob("site-*"))
    sites = []
    for root, port in zip(roots, _free_ports(len(roots)), strict=True):
        files = tuple(sorted((root / "articles").iterdir()))
        sites.append(Site(f"http://127.0.0.1:{port}", files))
        _write_lists(root, sites[-1])
    log = folder / "access.log"
    servers = [
        SERVER.format(port=site.url.rpartition(":")[2], root=root)
        for site, root in zip(sites, roots, strict=True)
    ]
    configuration = CONFIGURATION.format(
        # Started by root, it would let somebody else read the files, who may not.
        user="user root;\n" if os.geteuid() == 0 else "",
        folder=folder,
        log=log,
        servers="\n".join(servers),
    )
    (folder / "nginx.conf").write_text(configuration)
    options = ["-c", folder / "nginx.conf", "-p", folder, "-e", folder / "error.log"]
    process = subprocess.Popen([nginx, *map(str, options)])
    try:
        _wait_for(sites[0].url)
        yield Served(folder, tuple(sites), log)
    finally:
        process.terminate()
        process.wait()


def _write_lists(root: Path, site: Site) -> None:
    entries = "".join(
        f"<url><loc>{url}</loc><lastmod>{CHANGED}</lastmod></url>" for url in site.articles
    )
    sitemap = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'
    (root / "sitemap.xml").write_text(sitemap)
    (root / "robots.txt").write_text(f"User-agent: *\nAllow: /\nSitemap: {site.url}/sitemap.xml\n")
    (root / "index.html").write_text("<!DOCTYPE html><title>Benchmark</title><h1>Benchmark</h1>")


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _wait_for(url: str) -> None:
    for _ in range(100):
        try:
            urlopen(url).close()
            return
        except OSError:
            time.sleep(0.05)
    raise click.ClickException("nginx did not start: see the lines above")
