"""The README says what is so; `python -m tests.test_docs` writes its list of commands anew."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click

from crawler.commands import cli

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
MARKS = ("<!-- commands -->\n", "<!-- /commands -->")


def commands(group: click.Group = cli, prefix: str = "newsarchive") -> list[tuple[str, str]]:
    """Each command with its arguments, and the first line of its help."""
    found = []
    for name in sorted(group.commands):
        command = group.commands[name]
        if isinstance(command, click.Group):
            found += commands(command, f"{prefix} {name}")
            continue
        arguments = " ".join(
            p.make_metavar(click.Context(command))
            for p in command.params
            if isinstance(p, click.Argument)
        )
        first = (command.help or "").split("\n\n")[0].replace("\n", " ").strip()
        found.append((f"{prefix} {name} {arguments}".strip(), first))
    return found


def table() -> str:
    rows = [f"| `{call}` | {text} |" for call, text in commands()]
    return "\n".join(["| command | does |", "|---|---|", *rows]) + "\n"


def test_the_readme_lists_every_command() -> None:
    text = README.read_text("utf-8")
    between = text.split(MARKS[0])[1].split(MARKS[1])[0]
    assert between == table(), "run: python -m tests.test_docs"


def test_every_command_has_an_example() -> None:
    def walk(group: click.Group) -> None:
        for command in group.commands.values():
            if isinstance(command, click.Group):
                walk(command)
            else:
                assert "Example" in (command.help or ""), command.name

    walk(cli)


def test_the_files_the_readme_names_are_there() -> None:
    for name in re.findall(r"`((?:crawler|archive)/[\w/.]+)`", README.read_text("utf-8")):
        assert (ROOT / name).exists(), name


def test_what_pages_link_to_is_there() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)#:]+)[)#]", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_archive_knows_neither_crawler_nor_scrapy() -> None:
    for path in (ROOT / "archive").rglob("*.py"):
        assert not imports(path) & {"crawler", "scrapy", "twisted", "trafilatura"}, path


def test_what_turns_html_into_an_article_knows_neither_network_nor_database() -> None:
    pure = "extraction evidence boilerplate decisions removal surroundings classifier features cleaning structured authors metadata dates language encoding rights reading".split()
    for name in pure:
        path = ROOT / "crawler" / f"{name}.py"
        assert not imports(path) & {"scrapy", "twisted", "sqlite3", "sqlite_utils", "socket"}, path


if __name__ == "__main__":
    head, _, rest = README.read_text("utf-8").partition(MARKS[0])
    tail = rest.partition(MARKS[1])[2]
    README.write_text(head + MARKS[0] + table() + MARKS[1] + tail, "utf-8")
