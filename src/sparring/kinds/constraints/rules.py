"""All constraints on a table: what is learnt in place of its columns, and how these come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import pandas as pd

from sparring.config import Config
from sparring.errors import InputError, listed
from sparring.kinds.columns.base import Column, Name
from sparring.kinds.columns.catalogue import restored_column
from sparring.kinds.columns.keep import Keep
from sparring.kinds.columns.known import mixed
from sparring.kinds.columns.named import Learnt
from sparring.kinds.constraints.base import Rule
from sparring.kinds.constraints.find import could_be_source, followers
from sparring.kinds.constraints.follow import Follow
from sparring.kinds.constraints.order import Above
from sparring.kinds.constraints.reading import constraints
from sparring.kinds.constraints.scale import unit_of
from sparring.kinds.constraints.statements import (
    Columns,
    Following,
    Judged,
    Order,
    Statement,
    Total,
    Within,
)
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

    @property
    def free(self) -> list[Column]:
        """What the nets learn: the columns without a rule, and what rules leave of the others."""
        left = [rule.rest for rule in self.rules if rule.rest is not None]
        return [c for c in self.columns if c.name not in self.of] + left

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
            rule.rest.name: rule.remainder(frame, self.learnt)
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


def fit_rules(
    columns: Sequence[Column], frame: pd.DataFrame, config: Config, keep: Keep
) -> Rules:
    """The rules by which samples will keep to what is stated and to what is found.

    Args:
        columns: fitted to these rows, all of the table.
        keep: what is kept of the cells.

    Raises:
        ConfigError: a text that is no constraint.
        InputError: rows that break one, or constraints that cannot be kept together.
    """
    bare = Rules(tuple(columns), config.constraints or ())
    bare.check(frame, "training row")
    learnt, statements = bare.learnt, bare.statements
    rules: dict[Name, Rule] = {}
    orders: dict[Name, list[Order]] = {}
    named = [learnt[name] for s in statements if isinstance(s, Order) for name in s.names]
    for statement in statements:
        if isinstance(statement, Order):
            orders.setdefault(statement.high, []).append(statement)
        elif isinstance(statement, Total):
            _only(statement.name, rules, statement)
            rules[statement.name] = Sum.fit(statement, frame, learnt, keep)
        elif isinstance(statement, Following):
            _only(statement.name, rules, statement)
            if not could_be_source(learnt[statement.source], frame, keep):
                raise InputError(
                    f"constraint {statement.text!r}: {statement.source!r} is no column of a few "
                    "values that are each in enough rows"
                )
            source, column = learnt[statement.source], learnt[statement.name]
            rules[statement.name] = Follow.fit(source, column, frame)
    for name, lower in orders.items():
        _only(name, rules, lower[0])
        rules[name] = Above.fit(lower, unit_of(named), frame, learnt, keep)
    _check_target(rules, config.target)
    _check_sources(rules, statements)
    _check_ends(statements, _sorted(rules), learnt)
    if config.find_constraints:
        taken = {name for s in statements if not isinstance(s, Within) for name in s.names}
        for name, source in followers(columns, frame, keep, config.target, taken).items():
            rules[name] = Follow.fit(learnt[source], learnt[name], frame)
    return Rules(tuple(columns), bare.stated, tuple(_sorted(rules)))


def _only(name: Name, rules: Mapping[Name, Rule], statement: Statement) -> None:
    """See that a column gets its cells in one way."""
    if name in rules:
        raise InputError(
            f"constraint {statement.text!r}: {name!r} comes from {listed(rules[name].sources)} "
            "already, by another constraint (have samples chosen by `keep` instead)"
        )


def _check_sources(rules: Mapping[Name, Rule], statements: Iterable[Statement]) -> None:
    """See that a table of one column's values is not asked to go along with arithmetic."""
    computed = {name for s in statements if isinstance(s, (Order, Total)) for name in s.names}
    for rule in rules.values():
        both = computed & {rule.name, *rule.sources} if isinstance(rule, Follow) else None
        if both:
            raise InputError(
                f"constraint '{rule.sources[0]} -> {rule.name}': {both.pop()!r} is in another "
                "constraint too (have samples chosen by `keep` instead)"
            )


def _check_target(rules: Mapping[Name, Rule], target: str | None) -> None:
    if target in rules:
        raise InputError(f"the target {target!r} cannot follow from {rules[target].sources[0]!r}")


def _check_ends(
    statements: Iterable[Statement], rules: Iterable[Rule], columns: Mapping[Name, Learnt]
) -> None:
    """See that sums, which can be larger than any in training, stay within stated ends."""
    reach: dict[Name, tuple[float, float]] = {}
    for rule in rules:
        above = [reach[name] for name in rule.sources if name in reach]
        if isinstance(rule, Sum):
            reach[rule.name] = rule.reach(columns, reach)
        elif isinstance(rule, Above) and above:
            low, high = rule.scale(rule.name, columns).ends
            reach[rule.name] = (low, max(high, *(end for _, end in above)))
    for statement in statements:
        if isinstance(statement, Within) and statement.name in reach:
            ends = pd.DataFrame({statement.name: reach[statement.name]})
            if not statement.judge(ends, columns)[1].all():
                low, high = reach[statement.name]
                raise InputError(
                    f"constraint {statement.text!r}: {statement.name!r} comes from others, and "
                    f"can be from {low:g} to {high:g} (have samples chosen by `keep` instead)"
                )


def _sorted(rules: Mapping[Name, Rule]) -> list[Rule]:
    """The rules, each after those of its sources.

    Raises:
        InputError: they go round in a circle.
    """
    order = TopologicalSorter({name: rule.sources for name, rule in rules.items()})
    try:
        return [rules[name] for name in order.static_order() if name in rules]
    except CycleError as error:
        names = listed(map(repr, dict.fromkeys(error.args[1])))
        raise InputError(f"constraints: {names} come from each other, in a circle") from None


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
