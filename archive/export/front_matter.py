"""YAML at the head of Markdown files: of articles, and of the data card."""

from __future__ import annotations

from typing import Any

import yaml

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # libyaml's, where it is built in
NO_WRAP = 1_000_000  # letters of a line


def front_matter(values: dict[str, Any]) -> str:
    """The values as a block between `---`, in their order, UTF-8 as it is."""
    text = yaml.dump(values, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=NO_WRAP)
    return f"---\n{text}---\n"
