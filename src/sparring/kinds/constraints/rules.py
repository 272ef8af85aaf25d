"""All constraints on a table: what is learnt in place of its columns, and how these come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sparring.errors import InputError, listed
from sparring.kinds.columns.base import Column, Name
from sparring.kinds.columns.catalogue import restored_column
from sparring.kinds.columns.known import mixed
from sparring.kinds.columns.named import Learnt
from sparring.kinds.constraints.base import Rule
from sparring.kinds.constraints.follow import Follow
from sparring.kinds.constraints.order import Above
from sparring.kinds.constraints.reading import constraints
from sparring.kinds.constraints.statements import Columns, Following, Judged, Statement
from sparring.kinds.constraints.total import Sum

Judge = Callable[[pd.DataFrame, Columns], Judged]


@dataclass(frozen=True)
class Rules:
    """What is said of a table's rows, and the rules by which samples keep to it.

    Attributes:
        columns: of the table.
        stated: constraints, as they were written.
        rules: for each column that is not learnt as it is, in an order in which each rule's sources
            come before its column.
    """

    columns: tuple[Column, ...]
    stated: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    @cached_property
    def learnt(self) -> dict[Name, Learnt]:
        """The columns that are compared, by name."""
        return {column.name: column for column in self.columns if isinstance(column, Learnt)}

    @cached_property
    def statements(self) -> list[Statement]:
        return constraints(self.stated, self.columns)

    @cached_property
    def of(self) -> dict[Name, Rule]:
        """The rule of each column that has one."""
        return {rule.name: rule for rule in self.rules}

    @cached_property
    def rests(self) -> dict[Name, Column]:
        """What rules leave of their columns, by name."""
        return {rule.rest.name: rule.rest for rule in self.rules if rule.rest is not None}

    @property
    def free(self) -> list[Column]:
        """What the nets learn: the columns without a rule, and what rules leave of the others."""
        return [*(c for c in self.columns if c.name not in self.of), *self.rests.values()]

    def leaves(self, name: Name) -> bool:
        """Whether a column is learnt as it is, and its cells decide no others but what follows."""
        deciding = {n for r in self.rules if not isinstance(r, Follow) for n in r.sources}
        return name not in self.of and name not in deciding

    @cached_property
    def judges(self) -> list[tuple[str, tuple[Name, ...], Judge]]:
        """What rows are held to: in words, the columns it speaks of, and what judges rows of them.

        What one column tells of another is a rule's table, once that is fitted.
        """
        follows = [rule for rule in self.rules if isinstance(rule, Follow)]
        known = {rule.name for rule in follows}
        stated: list[tuple[str, tuple[Name, ...], Judge]] = [
            (s.text, s.names, s.judge)
            for s in self.statements
            if not (isinstance(s, Following) and s.name in known)
        ]
        return stated + [(f"{r.source} -> {r.name}", (r.source, r.name), r.judge) for r in follows]

    def check(self, frame: pd.DataFrame, what: str = "row") -> None:
        """See that rows obey what was stated.

        Raises:
            InputError: the constraint that is broken, by how many rows, and the first of them.
        """
        stated = {statement.names for statement in self.statements}
        for text, names, judge in self.judges:
            if names in stated:
                self.check_one(text, frame[list(names)], judge, what)

    def check_one(self, text: str, frame: pd.DataFrame, judge: Judge, what: str) -> None:
        """The same of one constraint, on its columns."""
        judged, obeys = judge(frame, self.learnt)
        broken = np.flatnonzero(judged & ~obeys)
        if len(broken):
            told = ", ".join(f"{name} = {cell}" for name, cell in frame.iloc[broken[0]].items())
            raise InputError(
                f"constraint {text!r}: {len(broken):,} of {len(frame):,} {what}s break it; the "
                f"first is row {frame.index[broken[0]]} ({told})"
            )

    def before(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows as people have them with what is learnt in their columns' place."""
        rests = {
            str(rule.rest.name): rule.remainder(frame, self.learnt)
            for rule in self.rules
            if rule.rest is not None
        }
        return frame.assign(**rests) if rests else frame

    def after(self, frame: pd.DataFrame, known: pd.DataFrame | None = None) -> pd.DataFrame:
        """Samples of what is learnt with the cells of all other columns.

        Args:
            known: which cells are given, bool, of some of the columns: these stay as they are.
        """
        frame = frame.copy(deep=False) if self.rules else frame
        for rule in self.rules:
            cells = rule.cells(frame, self.learnt).set_axis(frame.index)
            if known is not None and rule.name in known:
                here = known[rule.name].to_numpy()[: len(frame)]
                cells = mixed(cells, frame[rule.name], here)
            frame[rule.name] = cells
        return frame

    def check_asked(self, names: Iterable[Name]) -> None:
        """See that the cells of these columns can be drawn one by one.

        Raises:
            InputError: one is a sum, or above one; or two are held to each other.
        """
        groups: dict[Name, set[Name]] = {}  # columns that are above each other
        for rule in self.rules:
            if isinstance(rule, Above):
                together = {rule.name, *rule.sources}
                together.update(*(groups.get(name, set()) for name in tuple(together)))
                groups |= dict.fromkeys(together, together)
        sums = {rule.name for rule in self.rules if isinstance(rule, Sum)}
        names = list(names)
        for name in names:
            group = groups.get(name, {name})
            if name in sums or (isinstance(self.of.get(name), Above) and group & sums):
                raise InputError(
                    f"column {name!r} comes from others and cannot be asked for: ask for "
                    f"{listed(map(repr, self.of[name].sources))}, or choose samples by `keep`"
                )
            if len(group & set(names)) > 1:
                raise InputError(
                    f"columns {listed(map(repr, sorted(group & set(names), key=str)))} are held to "
                    "each other by a constraint: ask for one of them, or choose samples by `keep`"
                )

    @property
    def notes(self) -> list[str]:
        """What a person should know of them, a line each."""
        notes = []
        if self.stated:
            notes.append(f"constraints that every sample obeys: {listed(map(repr, self.stated))}")
        stated = {s.name for s in self.statements if isinstance(s, Following)}
        found = [
            f"{rule.name!r} follows {rule.source!r}"
            for rule in self.rules
            if isinstance(rule, Follow) and rule.name not in stated
        ]
        if found:
            notes.append(f"found, and kept so (--no-find-constraints): {listed(found)}")
        return notes


def restored_rule(saved: dict[str, Any]) -> Rule:
    """A rule from `to_dict`."""
    fields = {key: _tuple(value) for key, value in saved.items()}
    if saved["rest"] is not None:
        fields["rest"] = restored_column(saved["rest"])
    return RULES[fields.pop("rule")](**fields)


def _tuple(value: Any) -> Any:
    """JSON's lists as the tuples they were."""
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


RULES: dict[str, type[Rule]] = {rule.__name__: rule for rule in (Above, Sum, Follow)}
