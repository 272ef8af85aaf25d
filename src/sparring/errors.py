"""Errors meant for a person: one line that names the thing, its value and what is accepted."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


class SparringError(Exception):
    """Base of every error that the command line prints as one line (exit code 2)."""


class InputError(SparringError, ValueError):
    """Data that cannot be used: a file, column, value, image or label."""


class ConfigError(SparringError, ValueError):
    """A setting that does not exist or cannot hold, alone or with the others."""


class RunError(SparringError, RuntimeError):
    """A run directory or model file that cannot be written, read or continued."""


class DivergedError(SparringError, ArithmeticError):
    """A loss left the finite numbers; the last good state was kept."""


def listed(names: Iterable[object], limit: int = 20) -> str:
    """Join names for a message, at most `limit` of them."""
    texts = [str(name) for name in names]
    more = f" and {len(texts) - limit} more" if len(texts) > limit else ""
    return ", ".join(texts[:limit]) + more


def unknown(what: str, name: object, valid: Iterable[object]) -> str:
    """Say that `name` is no `what`, guess what was meant, and list the valid ones (at most 99)."""
    names = [str(v) for v in valid]
    close = difflib.get_close_matches(str(name), names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"unknown {what} {str(name)!r}{hint} (valid: {listed(names, 99)})"


def choose(what: str, name: str, catalogue: Mapping[str, T]) -> T:
    """Look `name` up in a catalogue.

    Raises:
        ConfigError: it is not there; the message lists what is.
    """
    if name not in catalogue:
        raise ConfigError(unknown(what, name, catalogue))
    return catalogue[name]
