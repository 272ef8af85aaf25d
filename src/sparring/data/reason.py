"""What a library said of a file it could not read, short enough for a message of one line."""

from __future__ import annotations


def first_line(error: BaseException | str) -> str:
    """The first line of an error's text that is not blank, or else the name of its type."""
    lines = (line.strip() for line in str(error).splitlines())
    return next(filter(None, lines), type(error).__name__)
