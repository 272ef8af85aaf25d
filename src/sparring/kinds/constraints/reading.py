"""Constraints and predicates as people write them: "start <= end", "total = net + tax", "age >= 0".

A name may hold anything, operators too: of the names that a text could mean, the longest counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from sparring.errors import ConfigError, InputError, unknown
from sparring.kinds.columns.allowed import allowed
from sparring.kinds.columns.base import Column, Name
from sparring.kinds.columns.named import Among, Learnt, Span, span
from sparring.kinds.columns.rank import MomentColumn, NumberColumn
from sparring.kinds.constraints.statements import Following, Order, Statement, Total, Within
from sparring.kinds.where import of_text

SYNTAX = 'write "a <= b", "0 <= a < 10", "total = a + b - c" or "a -> b" (b follows from a)'
TWICE = "a column comes twice (accepted: once each)"


def constraints(texts: Iterable[str], columns: Sequence[Column]) -> list[Statement]:
    """Constraints on a table.

    Raises:
        ConfigError: a text that is none.
        InputError: an unknown column, or one that cannot be held to it.
    """
    names = [column.name for column in columns]
    try:
        found = [s for text in texts for s in _of_constraint(text.strip(), names)]
        _check(found, columns)
    except InputError as error:
        raise InputError(f"constraint {error}") from None
    return found


def predicates(texts: str | Iterable[str], columns: Sequence[Column]) -> list[Statement]:
    """Comparisons that rows are kept by: columns with each other or with values, joined by "and".

    Raises:
        InputError: a text that is none, an unknown column, or one that is not learnt.
    """
    names = [column.name for column in columns]
    found: list[Statement] = []
    try:
        for text in [texts] if isinstance(texts, str) else texts:
            found += _joined(text.strip(), names)
        _check(found, columns)
    except InputError as error:
        raise InputError(f"keep {error}") from None
    return found


def _joined(text: str, names: Sequence[Name]) -> list[Statement]:
    """The comparisons between which there is an "and"; a value may have the word in it, too."""
    parts = re.split(r"\s+and\s+", text)
    try:
        return [statement for part in parts for statement in _of_predicate(part, names)]
    except InputError as error:
        try:
            return _of_predicate(text, names)
        except InputError:
            raise error from None


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
        if isinstance(statement, Within):
            try:
                _check_within(statement, learnt[statement.name], by_name)
            except InputError as error:
                raise InputError(f"{statement.text!r}: {error}") from None


def _check_within(statement: Within, column: Learnt, known: Iterable[Name]) -> None:
    """See that a column can have such cells."""
    condition = statement.condition
    if isinstance(condition, Among):
        allowed(column, [condition], "it")
        return
    try:
        span(column, condition)
    except InputError:
        ends = (condition.low, condition.high)
        words = [end for end in ends if isinstance(end, str) and end[:1].isalpha()]
        if words and isinstance(column, (NumberColumn, MomentColumn)):
            raise InputError(unknown("column", words[0], known)) from None
        raise


def _of_constraint(text: str, names: Sequence[Name]) -> list[Statement]:
    """One constraint, or as many as a chain has comparisons.

    Raises:
        ConfigError: a text that is none.
        InputError: an unknown column.
    """
    known = {str(name): name for name in names}
    arrows = [match.start() for match in re.finditer("->", text)]
    for place in arrows:
        source, name = text[:place].strip(), text[place + 2 :].strip()
        if source in known and name in known and source != name:
            return [Following(text, known[source], known[name])]
    if arrows and not re.search("[<=]", text):
        ends = (text[: arrows[0]].strip(), text[arrows[0] + 2 :].strip())
        wrong = [name for name in ends if name not in known]
        told = unknown("column", wrong[0], known) if wrong else TWICE
        raise InputError(f"{text!r}: {told}")
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
        raise InputError(f'{text!r}: write "a < b", "a >= 3", "a = x" or "a in x,y"')
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
            raise InputError(f"{text!r}: {TWICE}")
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
                raise InputError(f"{text!r}: {TWICE}")
            yield Order(part, known[low], known[high], strictly)
        elif low in known:
            yield Within(part, known[low], Span(None, high, False, strictly))
        elif high in known:
            yield Within(part, known[high], Span(low, None, strictly, False))
        else:
            raise InputError(f"{text!r}: " + unknown("column", low, known))
