"""Conditions as people write them: "age>=60", "income=>50K", "city in Rome,Oslo"."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from sparring.errors import InputError, unknown
from sparring.kinds.columns.named import Among, Span

OPERATORS = (">=", "<=", ">", "<", "=")
SYNTAX = 'write it as name=value, name>=value, low<=name<high or "name in a,b"'
Conditions = dict[str, list[Among | Span]]


def conditions(where: Any, names: Iterable[object]) -> Conditions:
    """Conditions by the text of their column's name.

    Args:
        where: a text, a sequence of them, or a mapping of names to values: one value, a list or set
            of them, a pair (low, high) with None for no end, or a pandas Interval.
        names: of the columns.

    Raises:
        InputError: an unknown column, or a text that is no condition.
    """
    known = {str(name): name for name in names}
    found: Conditions = {}
    if isinstance(where, Mapping):
        for name, value in where.items():
            if str(name) not in known:
                raise InputError(unknown("column", name, known))
            found[str(name)] = [of_value(value)]
        return found
    for text in [where] if isinstance(where, str) else where:
        name, condition = of_text(text, list(known))
        found.setdefault(name, []).append(condition)
    return found


def of_value(value: Any) -> Among | Span:
    """A condition from Python: see `conditions`."""
    if isinstance(value, (Among, Span)):
        return value
    if isinstance(value, pd.Interval):
        return Span(value.left, value.right, value.open_left, value.open_right)
    if isinstance(value, tuple):
        if len(value) != 2:
            raise InputError(f"{value!r}: an interval is a pair (low, high); several values a list")
        return Span(*value)
    if pd.api.types.is_list_like(value):
        return Among(tuple(value))
    return Among((value,))


def of_text(text: str, names: Sequence[str]) -> tuple[str, Among | Span]:
    """The column and the condition that a text names; an empty value is a missing cell.

    A name may hold anything, operators too: the longest that the text begins with counts.

    Raises:
        InputError: an unknown column, or no condition.
    """
    text = text.strip()
    for name in sorted(names, key=len, reverse=True):
        rest = text[len(name) :].lstrip()
        if text.startswith(name):
            if (operator := _operator(rest)) is not None:
                return name, _compared(text, operator, rest[len(operator) :].strip())
            if re.match(r"in\s", rest):
                return name, Among(tuple(value or None for value in _values(rest[2:])))
    for name in sorted(names, key=len, reverse=True):
        place = text.find(name)
        low, high = text[:place].rstrip(), text[place + len(name) :].lstrip()
        before, after = _operator(low[::-1], reverse=True), _operator(high)
        if place > 0 and before and after and before[0] == after[0] and before[0] in "<>":
            ends = [low[: -len(before)].strip(), high[len(after) :].strip()]
            open_ends = [before in ("<", ">"), after in ("<", ">")]
            if before[0] == ">":
                ends, open_ends = ends[::-1], open_ends[::-1]
            if all(ends):
                return name, Span(ends[0], ends[1], open_ends[0], open_ends[1])
    parts = re.match(r"(.+?)\s*([<>=]|\sin\s)", text)
    if parts is None:
        raise InputError(f"condition {text!r}: {SYNTAX}")
    raise InputError(unknown("column", parts[1], names))


def _operator(text: str, reverse: bool = False) -> str | None:
    """The operator that a text begins with; of a text that is reversed, as it reads forward."""
    for operator in OPERATORS:
        if text.startswith(operator[::-1] if reverse else operator):
            return operator
    return None


def _compared(text: str, operator: str, value: str) -> Among | Span:
    if operator == "=":
        return Among((value or None,))
    if not value:
        raise InputError(f"condition {text!r} lacks a value: {SYNTAX}")
    strict = len(operator) == 1
    return (
        Span(low=value, open_low=strict) if operator[0] == ">" else Span(None, value, False, strict)
    )


def _values(text: str) -> list[str]:
    """Values with commas between; one that has a comma in it stands in quotes."""
    return [value.strip() for value in next(csv.reader([text.strip()], skipinitialspace=True))]
