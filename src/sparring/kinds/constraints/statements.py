"""Constraints and predicates as people write them: "start <= end", "total = net + tax", "age >= 0".

Every name may hold anything, operators too: of the names that a text could mean, the longest counts.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from sparring.errors import ConfigError, InputError, unknown
from sparring.kinds.columns.allowed import allowed
from sparring.kinds.columns.base import Column, Name
from sparring.kinds.columns.dtype import plain
from sparring.kinds.columns.named import Among, Learnt, Span, numbers_of, span
from sparring.kinds.columns.rank import MomentColumn, NumberColumn
from sparring.kinds.constraints.scale import Scale, kind_of, measured, unit_of, zoned
from sparring.kinds.where import of_text

Judged = tuple[np.ndarray, np.ndarray]  # which rows (n,) can be judged, and which of them obey
Columns = Mapping[Name, Learnt]  # the learnt columns of a table, by name
SYNTAX = 'write "a <= b", "0 <= a < 10", "total = a + b - c" or "a -> b" (b follows from a)'
MOST_DECIMALS = 6


@dataclass(frozen=True)
class Statement(ABC):
    """What is said of every row.

    Attributes:
        text: in which it is said.
    """

    text: str

    @property
    @abstractmethod
    def names(self) -> tuple[Name, ...]:
        """The columns that it speaks of."""

    @abstractmethod
    def judge(self, frame: pd.DataFrame, columns: Columns) -> Judged:
        """Rows with a missing cell among the columns' cannot be judged."""


@dataclass(frozen=True)
class Within(Statement):
    """The cells of a column are within these ends, or among these values."""

    name: Name
    condition: Among | Span

    @property
    def names(self) -> tuple[Name, ...]:
        return (self.name,)

    def judge(self, frame: pd.DataFrame, columns: Columns) -> Judged:
        column, series = columns[self.name], frame[self.name]
        if isinstance(self.condition, Among):
            return np.ones(len(frame), bool), allowed(column, [self.condition], self.text).holds(
                series
            )
        low, high = span(column, self.condition)
        numbers = numbers_of(column, series)
        return ~np.isnan(numbers), (numbers >= low) & (numbers <= high)


@dataclass(frozen=True)
class Order(Statement):
    """The cells of one column are below those of another, or equal to them unless `strictly`."""

    low: Name
    high: Name
    strictly: bool

    @property
    def names(self) -> tuple[Name, ...]:
        return (self.low, self.high)

    def judge(self, frame: pd.DataFrame, columns: Columns) -> Judged:
        low, high = self.measured(columns)
        unit = unit_of([low, high])
        (x, one), (y, other) = (Scale(c, unit).read(frame[c.name]) for c in (low, high))
        return one & other, x < y if self.strictly else x <= y

    def measured(self, columns: Columns) -> tuple[NumberColumn | MomentColumn, ...]:
        """The two columns.

        Raises:
            InputError: they cannot be compared.
        """
        low, high = (measured(columns[name], self.text) for name in self.names)
        if isinstance(low, MomentColumn) and isinstance(high, MomentColumn):
            like = kind_of(low) == kind_of(high)
            if like and zoned(low) != zoned(high):
                raise InputError(
                    f"{self.text!r}: one of them has a time zone and the other has none"
                )
        else:
            like = isinstance(low, NumberColumn) and isinstance(high, NumberColumn)
        if not like:
            raise InputError(
                f"{self.text!r}: {low.name!r} is {low.type} and {high.name!r} is "
                f"{high.type}, which cannot be compared"
            )
        return low, high


@dataclass(frozen=True)
class Total(Statement):
    """The cells of a column are a sum: of a constant and of other columns, each with its sign."""

    name: Name
    parts: tuple[tuple[Name, int], ...]
    constant: float

    @property
    def names(self) -> tuple[Name, ...]:
        return (self.name, *(name for name, _ in self.parts))

    def judge(self, frame: pd.DataFrame, columns: Columns) -> Judged:
        found = {name: numbers_of(columns[name], frame[name]) for name in self.names}
        total = found[self.name]
        wanted = self.constant + sum(sign * found[name] for name, sign in self.parts)
        decimals = self.decimals(columns)
        present = ~np.isnan(total + wanted)
        if decimals is None:
            scale = sum(np.abs(x) for x in found.values())
            return present, np.abs(total - wanted) <= 1e-6 * scale
        return present, np.round(total, decimals) == np.round(wanted, decimals)

    def measured(self, columns: Columns) -> list[NumberColumn]:
        """All its columns.

        Raises:
            InputError: one holds no numbers.
        """
        found = [measured(columns[name], self.text) for name in self.names]
        numbers = [column for column in found if isinstance(column, NumberColumn)]
        if len(numbers) < len(found):
            raise InputError(f"{self.text!r}: a sum is one of integers and floats")
        return numbers

    def decimals(self, columns: Columns) -> int | None:
        """The most decimals that any of its numbers has; None where that is no telling."""
        found = [column.decimals for column in self.measured(columns)]
        known = [decimals for decimals in found if decimals is not None]
        if len(known) < len(found):
            return None
        at = (d for d in range(MOST_DECIMALS + 1) if round(self.constant, d) == self.constant)
        return max(*known, next(at, MOST_DECIMALS))


@dataclass(frozen=True)
class Following(Statement):
    """Each value of one column has one value of another."""

    source: Name
    name: Name

    @property
    def names(self) -> tuple[Name, ...]:
        return (self.source, self.name)

    def judge(self, frame: pd.DataFrame, columns: Columns) -> Judged:
        source, codes = (codes_of(frame[name]) for name in self.names)
        first = np.unique(source, return_index=True)[1]
        return np.ones(len(frame), bool), codes[first][source] == codes


def codes_of(series: pd.Series) -> np.ndarray:
    """Cells as numbers 0, 1, ... of their values, (n,); missing is a value too."""
    return np.asarray(pd.factorize(plain(series), use_na_sentinel=False)[0])


def constraints(texts: Iterable[str], columns: Sequence[Column]) -> list[Statement]:
    """Constraints on a table.

    Raises:
        ConfigError: a text that is none.
        InputError: an unknown column, or one that cannot be held to it.
    """
    names = [column.name for column in columns]
    found = [statement for text in texts for statement in _of_constraint(text.strip(), names)]
    _check(found, columns)
    return found


def predicates(texts: str | Iterable[str], columns: Sequence[Column]) -> list[Statement]:
    """Comparisons that rows are kept by: columns with each other or with values, joined by "and".

    Raises:
        InputError: a text that is none, an unknown column, or one that is not learnt.
    """
    names = [column.name for column in columns]
    found: list[Statement] = []
    for text in [texts] if isinstance(texts, str) else texts:
        parts = re.split(r"\s+and\s+", text.strip())
        try:
            statements = [s for part in parts for s in _of_predicate(part, names)]
        except InputError as error:
            try:  # a value may have the word in it
                statements = _of_predicate(text.strip(), names)
            except InputError:
                raise error from None
        found += statements
    _check(found, columns)
    return found


def _check(statements: Iterable[Statement], columns: Sequence[Column]) -> None:
    """See that the columns are learnt and of types that can be compared."""
    by_name = {column.name: column for column in columns}
    learnt = {name: c for name, c in by_name.items() if isinstance(c, Learnt)}
    for statement in statements:
        for name in statement.names:
            if name not in learnt:
                raise InputError(
                    f"{statement.text!r}: column {name!r} is {by_name[name].type} and not learnt"
                )
        if isinstance(statement, (Order, Total)):
            statement.measured(learnt)
        if isinstance(statement, Within) and isinstance(statement.condition, Among):
            allowed(learnt[statement.name], [statement.condition], statement.text)
        elif isinstance(statement, Within):
            try:
                span(learnt[statement.name], statement.condition)
            except InputError as error:
                ends = (statement.condition.low, statement.condition.high)
                words = [end for end in ends if isinstance(end, str) and end[:1].isalpha()]
                if words and words[0] not in ("inf", "nan"):
                    error = InputError(unknown("column", words[0], by_name))
                raise InputError(f"{statement.text!r}: {error}") from None


def _of_constraint(text: str, names: Sequence[Name]) -> list[Statement]:
    """One constraint, or as many as a chain has comparisons.

    Raises:
        ConfigError: a text that is none.
        InputError: an unknown column.
    """
    known = {str(name): name for name in names}
    for place in (match.start() for match in re.finditer("->", text)):
        source, name = text[:place].strip(), text[place + 2 :].strip()
        if source in known and name in known and source != name:
            return [Following(text, known[source], known[name])]
        if not re.search("[<=]", text):
            raise InputError(f"{text!r}: " + unknown("column", {source, name} - set(known), known))
    found = _compared(text, known)
    if not found or any(isinstance(s, Within) and isinstance(s.condition, Among) for s in found):
        raise ConfigError(f"constraint {text!r}: {SYNTAX}")
    return found


def _of_predicate(text: str, names: Sequence[Name]) -> list[Statement]:
    """The comparisons that a text makes.

    Raises:
        InputError: a text that makes none, or an unknown column.
    """
    known = {str(name): name for name in names}
    found = _compared(text, known)
    if not found:
        raise InputError(f'predicate {text!r}: write "a < b", "a >= 3", "a = x" or "a in x,y"')
    return found


def _compared(text: str, known: Mapping[str, Name]) -> list[Statement]:
    """A sum, a chain of comparisons, or a condition such as "a in x,y"; nothing of another form."""
    total = _total(text, known)
    if total is not None:
        return [total]
    chain = _chain(text, known)
    if chain is not None and len(chain) > 1:
        return list(_pairs(text, chain, known))
    if not re.search(r"[<>=]|\sin\s", text):
        return []
    try:
        name, condition = of_text(text, list(known))
    except InputError as error:
        raise InputError(f"{text!r}: {error}") from None
    return [Within(text, known[name], condition)]


def _begins(text: str, known: Mapping[str, Name]) -> list[str]:
    """The names that a text begins with, the longest first."""
    return sorted((name for name in known if name and text.startswith(name)), key=len, reverse=True)


def _total(text: str, known: Mapping[str, Name]) -> Total | None:
    """A sum such as "total = net + tax", whose terms are columns and numbers."""
    for name in _begins(text, known):
        rest = text[len(name) :].lstrip()
        terms = _terms(rest[1:].strip(), known) if rest.startswith("=") else None
        parts = tuple((known[term], sign) for sign, term in terms or () if term in known)
        if terms is None or not parts:
            continue
        names = [known[name], *(part for part, _ in parts)]
        if len(set(names)) < len(names):
            raise InputError(f"{text!r}: a column comes twice (accepted: once each)")
        constant = sum(sign * float(term) for sign, term in terms if term not in known)
        return Total(text, known[name], parts, float(constant))
    return None


def _terms(text: str, known: Mapping[str, Name]) -> list[tuple[int, str]] | None:
    """The terms of a sum with their signs, or None where it is none."""
    sign = -1 if text.startswith("-") else 1
    if text.startswith(("+", "-")):
        text = text[1:].lstrip()
    number = re.match(r"\d+(\.\d*)?|\.\d+", text)
    for term in [*_begins(text, known), *([number[0]] if number else [])]:
        rest = text[len(term) :].lstrip()
        others = _terms(rest, known) if rest.startswith(("+", "-")) else None
        if not rest or others is not None:
            return [(sign, term), *(others or [])]
    return None


def _chain(text: str, known: Mapping[str, Name]) -> list[str] | None:
    """Terms, columns or values, with the operators between them; None where it is no such chain."""
    value = re.match(r"[^<>=]+", text)
    for term in [*_begins(text, known), *([value[0].rstrip()] if value else [])]:
        rest = text[len(term) :].lstrip()
        if not rest:
            return [term]
        operator = re.match("<=|>=|<|>", rest)
        if operator:
            others = _chain(rest[operator.end() :].lstrip(), known)
            if others is not None:
                return [term, operator[0], *others]
    return None


def _pairs(text: str, chain: list[str], known: Mapping[str, Name]) -> Iterator[Statement]:
    """What a chain says of each two terms that are side by side.

    Raises:
        InputError: it has no column, two values side by side, or goes up and down.
    """
    terms, operators = chain[::2], chain[1::2]
    if not any(term in known for term in terms):
        raise InputError(f"{text!r}: " + unknown("column", terms[0], known))
    if len({operator[0] for operator in operators}) > 1:
        raise InputError(f'{text!r}: the signs point both ways (accepted: "a < b <= c")')
    if operators[0][0] == ">":
        terms, operators = terms[::-1], operators[::-1]
    for (low, high), operator in zip(pairwise(terms), operators, strict=True):
        strictly = len(operator) == 1
        part = text if len(terms) == 2 else f"{low} {operator.replace('>', '<')} {high}"
        if low in known and high in known:
            if low == high:
                raise InputError(f"{text!r}: a column comes twice (accepted: once each)")
            yield Order(part, known[low], known[high], strictly)
        elif low in known:
            yield Within(part, known[low], Span(None, high, False, strictly))
        elif high in known:
            yield Within(part, known[high], Span(low, None, strictly, False))
        else:
            raise InputError(f"{text!r}: " + unknown("column", low, known))
