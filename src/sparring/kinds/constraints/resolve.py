"""Cells that are asked for in columns with rules: what they say of the columns that are learnt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from sparring.errors import InputError, listed
from sparring.kinds.columns.allowed import Allowed, allowed
from sparring.kinds.columns.base import Name
from sparring.kinds.columns.known import Cells, mixed
from sparring.kinds.columns.named import Span, cells_of, numbers_of
from sparring.kinds.constraints.follow import Follow
from sparring.kinds.constraints.order import Above, lowest
from sparring.kinds.constraints.rules import Rules
from sparring.kinds.constraints.scale import Scale
from sparring.kinds.constraints.total import Sum


def resolved(rules: Rules, cells: Cells, random: np.random.Generator) -> Cells:
    """The same cells, and those that they decide: of each rule's sources as much as must be.

    Of a column that is known and above another the gap is drawn as training rows have it, and the
    other comes from that; of a column that follows another, this one is drawn among the values that
    it could follow from; of a sum that is known and lacks one part, this part is what is left.

    Raises:
        InputError: cells that break a constraint, or that leave more open than one part of a sum.
    """
    if not rules.rules and not rules.stated:
        return cells
    rows = _Rows(rules, cells)
    for rule in rules.rules:
        if isinstance(rule, Sum):
            rows.add_up(rule)
    for rule in reversed(rules.rules):
        if isinstance(rule, Sum):
            rows.solve(rule)
        elif isinstance(rule, Above):
            rows.put_below(rule, random)
        elif isinstance(rule, Follow):
            rows.go_back(rule, random)
    rows.check()
    index = cells.frame.index
    return Cells(pd.DataFrame(rows.cells, index=index), pd.DataFrame(rows.known, index=index))


def learnt_cells(rules: Rules, cells: Cells) -> Cells:
    """Resolved cells as those of what is learnt: a column with a rule gives way to what it leaves.

    That is known where the column and its sources are, or where the column is missing.
    """
    frame, known = dict(cells.frame.items()), dict(cells.known.items())
    for rule in rules.rules:
        if rule.name not in frame:
            continue
        here, series = known.pop(rule.name).to_numpy(), frame.pop(rule.name)
        if rule.rest is None:
            continue
        sources = [cells.known[name].to_numpy() for name in rule.sources if name in cells.known]
        told = len(sources) == len(rule.sources)
        gone = here & series.isna().to_numpy()
        here = here & np.logical_and.reduce(sources) & ~gone if told else np.zeros_like(gone)
        rest = rule.rest.restored(
            np.full(len(series), rule.rest.distribution.values[0]), np.ones(len(series), bool)
        ).set_axis(series.index)
        if here.any():
            cells_here = rule.remainder(cells.frame[here], rules.learnt)
            assert cells_here is not None
            rest = mixed(rest, cells_here.reindex(series.index), here)
        frame[rule.rest.name] = rest
        known[rule.rest.name] = pd.Series(here | gone, series.index)
    index = cells.frame.index
    return Cells(pd.DataFrame(frame, index=index), pd.DataFrame(known, index=index))


class _Rows:
    """Rows of which some cells are known, by column."""

    def __init__(self, rules: Rules, cells: Cells) -> None:
        self.rules, self.index = rules, cells.frame.index
        self.cells = dict(cells.frame.items())
        self.known = {name: known.to_numpy() for name, known in cells.known.items()}

    def is_known(self, name: Name) -> np.ndarray:
        """Which cells of a column are, (n,)."""
        return self.known.get(name, np.zeros(len(self.index), bool))

    def present(self, name: Name) -> np.ndarray:
        """Which of them are known and not missing."""
        known = self.is_known(name)
        return known & self.cells[name].notna().to_numpy() if name in self.cells else known

    def learn(self, name: Name, cells: pd.Series, here: np.ndarray) -> None:
        """Know the cells of some rows."""
        cells = cells.set_axis(self.index)
        if name in self.cells:
            cells = mixed(cells, self.cells[name], self.is_known(name))
        self.cells[name], self.known[name] = cells, self.is_known(name) | here

    def frame(self, names: Iterable[Name], here: np.ndarray | slice = slice(None)) -> pd.DataFrame:
        """Columns of some rows."""
        return pd.DataFrame({name: self.cells[name] for name in names})[here]

    def add_up(self, rule: Sum) -> None:
        """Know sums of which all parts are known."""
        here = np.logical_and.reduce([self.present(name) for name in rule.sources])
        here &= ~self.is_known(rule.name)
        if here.any():
            top = rule.scale(rule.name, self.rules.learnt)
            places = np.full(len(here), top.ends[0])
            base, _ = rule.added(self.frame(rule.sources, here), self.rules.learnt)
            places[here] = top.near(base)
            self.learn(rule.name, top.cells(places, np.zeros_like(here)), here)

    def solve(self, rule: Sum) -> None:
        """Know the one part that a sum lacks."""
        top = self.present(rule.name)
        unknown = np.stack([~self.is_known(name) for name in rule.sources])
        several = top & (unknown.sum(axis=0) > 1)
        if several.any():
            raise InputError(
                f"row {self.index[int(several.argmax())]}: {rule.name!r} is the sum of "
                f"{listed(map(repr, rule.sources))}: give all of these but one, or leave it out"
            )
        for place, (name, sign) in enumerate(rule.parts):
            here = top & unknown[place]
            if not here.any():
                continue
            part = rule.scale(name, self.rules.learnt)
            others = [other for other in rule.parts if other[0] != name]
            rest = replace(rule, parts=tuple(others))
            frame = self.frame((rule.name, *(other for other, _ in others)), here)
            base, _ = rest.added(frame, self.rules.learnt)
            total = numbers_of(self.rules.learnt[rule.name], frame[rule.name])
            places = np.full(len(here), part.ends[0])
            places[here] = part.near(sign * (total - base))
            self.learn(name, part.cells(places, np.zeros_like(here)), here)

    def put_below(self, rule: Above, random: np.random.Generator) -> None:
        """Know what a known column is above."""
        columns = self.rules.learnt
        for low, strictly in rule.lows:
            here = self.present(rule.name) & ~self.is_known(low)
            if not here.any():
                continue
            if isinstance(self.rules.of.get(low), Sum):
                raise InputError(
                    f"row {self.index[int(here.argmax())]}: {rule.name!r} is above {low!r}, which "
                    "is a sum: give all its parts, or leave it out"
                )
            assert rule.rest is not None
            drawn = allowed(rule.rest, [Span()], "").draw(int(here.sum()), random)
            gap, _ = Scale(rule.rest, rule.unit).read(cells_of(rule.rest, drawn))
            top, _ = rule.scale(rule.name, columns).read(self.cells[rule.name][here])
            scale = rule.scale(low, columns)
            wanted = np.maximum(top - np.maximum(gap, 0), scale.ends[0])
            wanted = np.maximum(wanted, self.least(low, rule, here)).astype(top.dtype)
            below = scale.down(np.minimum(wanted, top), strictly=False)
            limit = scale.down(top, strictly=strictly)
            places = np.full(len(here), scale.ends[0]).astype(top.dtype)
            places[here] = np.minimum(below, limit)
            self.learn(low, scale.cells(places, np.zeros_like(here)), here)

    def least(self, name: Name, rule: Above, here: np.ndarray) -> np.ndarray:
        """The place that a column is not below, as far as known cells tell."""
        scale = rule.scale(name, self.rules.learnt)
        best = np.full(int(here.sum()), lowest(scale.dtype), scale.dtype)
        if name in self.cells:
            places, _ = scale.read(self.cells[name][here])
            best = np.where(self.present(name)[here], places, best)
        lower = self.rules.of.get(name)
        for low in lower.sources if isinstance(lower, Above) else ():
            best = np.maximum(best, self.least(low, rule, here))
        return best

    def go_back(self, rule: Follow, random: np.random.Generator) -> None:
        """Know what a known column follows."""
        column, source = (self.rules.learnt[name] for name in (rule.name, rule.source))
        here = self.is_known(rule.name) & ~self.is_known(rule.source)
        if not here.any():
            return
        numbers, all_of_it = numbers_of(column, self.cells[rule.name]), allowed(source, (), "")
        drawn = np.full(len(here), rule.keys[0])
        values, place = np.unique(numbers[here], return_inverse=True)
        found = np.empty(len(place))
        for i, value in enumerate(values):
            gone = np.isnan(value)
            points, turn = np.array([] if gone else [value]), place == i
            asked = Allowed(column, points, np.ones(len(points)), missing=float(gone))
            (left,) = rule.possible([rule.narrowed(asked, all_of_it)])
            found[turn] = left.draw(int(turn.sum()), random)
        drawn[here] = found
        self.learn(rule.source, cells_of(source, drawn), here)

    def check(self) -> None:
        """See that what is known breaks no constraint."""
        for text, names, judge in self.rules.judges:
            here = np.logical_and.reduce([self.is_known(name) for name in names])
            if here.any():
                self.rules.check_one(text, self.frame(names, here), judge, "row")
