"""From constraints as they are stated, and from training rows, to the rules of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import pandas as pd

from sparring.config import Config
from sparring.errors import InputError, listed
from sparring.kinds.columns.base import Column, Name
from sparring.kinds.columns.keep import Keep
from sparring.kinds.constraints.base import Rule
from sparring.kinds.constraints.find import could_be_source, followers
from sparring.kinds.constraints.follow import Follow
from sparring.kinds.constraints.order import Above
from sparring.kinds.constraints.rules import Rules
from sparring.kinds.constraints.scale import unit_of
from sparring.kinds.constraints.statements import (
    Columns,
    Following,
    Order,
    Statement,
    Total,
    Within,
)
from sparring.kinds.constraints.total import Sum


def fit_rules(columns: Sequence[Column], frame: pd.DataFrame, config: Config, keep: Keep) -> Rules:
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

    def follow(source: Name, name: Name) -> Follow:
        return Follow.fit(learnt[source], learnt[name], frame)

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
            rules[statement.name] = follow(statement.source, statement.name)
    for name, lower in orders.items():
        _only(name, rules, lower[0])
        rules[name] = Above.fit(lower, unit_of(named), frame, learnt, keep)
    _check_target(rules, config.target)
    _check_sources(rules, statements)
    _check_ends(statements, _sorted(rules), learnt)
    if config.find_constraints:
        taken = {name for s in statements if not isinstance(s, Within) for name in s.names}
        for name, source in followers(columns, frame, keep, config.target, taken).items():
            rules[name] = follow(source, name)
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
    if target is not None and target in rules:
        raise InputError(f"the target {target!r} cannot follow from {rules[target].sources[0]!r}")


def _check_ends(statements: Iterable[Statement], rules: Iterable[Rule], columns: Columns) -> None:
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
