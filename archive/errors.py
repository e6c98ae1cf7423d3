"""The root of errors that a user can act on: one line that says what is wrong and what to do."""

from __future__ import annotations


class UserError(Exception):
    """Shown as one line; `exit_code` is what the command ends with."""

    exit_code = 2
