"""What samples of a table are asked to be: cells that are given, and kept as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch

from sparring.data.dataset import Dataset
from sparring.data.given import Given
from sparring.errors import InputError, unknown
from sparring.kinds.asking import Asked, Condition
from sparring.kinds.columns.allowed import Allowed, allowed
from sparring.kinds.columns.base import Name
from sparring.kinds.columns.known import Cells
from sparring.kinds.columns.layout import Layout
from sparring.kinds.columns.named import Learnt, as_held, cells_of
from sparring.kinds.constraints.follow import Follow
from sparring.kinds.constraints.resolve import learnt_cells, resolved
from sparring.kinds.constraints.rules import Rules
from sparring.kinds.steps import choices
from sparring.kinds.where import conditions


@dataclass(frozen=True, eq=False)
class AskedCells(Asked):
    """The same columns of every row, each within what is allowed of it.

    Attributes:
        table: what is asked.
        columns: what is allowed, a column each.
        turns: what is allowed of one more column, of which rows have the first, the second, ... in
            turn, so that each comes as often.
    """

    table: Conditional
    columns: tuple[Allowed, ...]
    turns: tuple[Allowed, ...] = ()

    def condition(self, rows: range, random: torch.Generator) -> Condition:
        stream = _stream(random)
        numbers = {column: column.draw(len(rows), stream) for column in self.columns}
        if self.turns:
            turn = np.arange(rows.start, rows.stop) % len(self.turns)
            drawn = np.empty(len(rows))
            for i, mine in enumerate(self.turns):
                drawn[turn == i] = mine.draw(int((turn == i).sum()), stream)
            numbers[self.turns[0]] = drawn
        frame = pd.DataFrame(
            {a.column.name: cells_of(a.column, x) for a, x in numbers.items()},
            index=pd.RangeIndex(len(rows)),
        )
        cells = Cells(frame, frame.notna() | True)
        # Of one column alone the cells that were drawn come at the training rows' very shares.
        together = self.columns if len(self.columns) + bool(self.turns) > 1 else ()
        return self.table.condition(cells, random, stream, together=together)


@dataclass(frozen=True, eq=False)
class AskedRows(Asked):
    """Cells of its own for every row to be drawn.

    Attributes:
        table: what is asked.
        cells: of all rows, in columns that are learnt.
        free: the same in others.
        present: whether the cells of these columns that are not known are not to be missing.
    """

    table: Conditional
    cells: Cells
    free: Cells | None = None
    present: bool = False

    def condition(self, rows: range, random: torch.Generator) -> Condition:
        last = len(self.cells.frame) - 1
        places = np.arange(rows.start, rows.stop).clip(max=last)
        drawn = bool(self.table.rules.rules) or self.table.always is not None
        stream = _stream(random) if drawn else None
        cells = self.cells.take(places)
        found = self.table.condition(cells, random, stream, self.present)
        if self.free is None:
            return found
        return replace(found, beside=partial(_beside, self.free.take(places)))


@dataclass(frozen=True, eq=False)
class Conditional:
    """What turns known cells into a condition.

    Attributes:
        layout: of what is learnt.
        given: how the nets see it; None = they take no conditions.
        rules: of the columns that are not learnt as they are.
        always: what the nets must be given and is drawn where it is not known: the target; or None.
    """

    layout: Layout
    given: Given | None
    rules: Rules
    always: Allowed | None = None

    def condition(
        self, cells: Cells, random: torch.Generator, stream: np.random.Generator | None,
        present: bool = False, together: tuple[Allowed, ...] = (),
    ) -> Condition:  # fmt: skip
        """The condition of rows of which these cells are known.

        Args:
            stream: of what must be drawn besides; None = nothing.
            together: what is allowed of columns whose known cells were drawn one by one, and are to
                go with each other and with the rest of their rows.

        Raises:
            InputError: cells that break a constraint.
        """
        if stream is not None:
            cells = resolved(self.rules, cells, stream)
            if self.always is not None:
                column, n = self.always.column, len(cells.frame)
                drawn = cells_of(column, self.always.draw(n, stream))
                cells = cells.filled(column.name, drawn)
        if cells.frame.columns.empty:
            width = 0 if self.given is None else self.given.width
            return Condition(torch.zeros(1, width).expand(len(cells.frame), -1))  # no memory

        together = tuple(a for a in together if self.rules.leaves(a.column.name))

        def keep(made: Dataset) -> Dataset:
            assert isinstance(made.x, pd.DataFrame)
            given = cells
            for asked in together:
                name = asked.column.name
                given = given.unless(name, asked.holds(made.x[name]))
            return replace(made, x=self.rules.after(given.put_in(made.x), given.known))

        if self.given is None:
            return Condition(torch.empty(len(cells.frame), 0), keep=keep)
        learnt = learnt_cells(self.rules, cells)
        raw, mask = self.layout.encode_known(learnt.frame, learnt.known, present)
        y = self.given.condition(self.layout.prepare(raw, random), mask)
        return Condition(y, choices=choices(self.layout, together), keep=keep)


def _beside(cells: Cells, made: Dataset) -> Dataset:
    assert isinstance(made.x, pd.DataFrame)
    return replace(made, x=cells.put_in(made.x))


def _stream(random: torch.Generator) -> np.random.Generator:
    return np.random.default_rng(int(torch.randint(2**62, (1,), generator=random)))


def allowed_columns(rules: Rules, where: Any) -> list[Allowed]:
    """What conditions allow, a column each; see `where.conditions`.

    Raises:
        InputError: an unknown column, one that is not learnt, or a condition that cannot be met.
    """
    found = []
    for text, asked in conditions(where, [column.name for column in rules.columns]).items():
        found.append(allowed(learnt_column(text, rules), asked, f"where {text}"))
    return found


def obeying(found: Iterable[Allowed], frame: pd.DataFrame) -> np.ndarray:
    """Which rows of a table (n,) obey all of these conditions."""
    holds = np.ones(len(frame), dtype=bool)
    for asked in found:
        holds &= asked.holds(frame[asked.column.name])
    return holds


def learnt_column(text: object, rules: Rules) -> Learnt:
    """A learnt column, by the text of its name.

    Raises:
        InputError: an unknown column, or one that is not learnt.
    """
    named = {str(column.name): column for column in rules.columns}
    if str(text) not in named:
        raise InputError(unknown("column", text, named))
    column = named[str(text)]
    if not isinstance(column, Learnt):
        raise InputError(
            f"column {text!r} is {column.type} and not learnt: samples cannot be asked for it"
        )
    return column


def balanced(found: Allowed) -> tuple[Allowed, ...]:
    """Each of the values that are allowed for itself, to come in turn.

    Raises:
        InputError: a column of numbers.
    """
    if found.points is None or found.column.type not in ("categorical", "boolean", "ordinal"):
        raise InputError(
            f"balance: column {found.column.name!r} holds {found.column.type}s (accepted: "
            "categorical, boolean or ordinal)"
        )
    if not len(found.points):
        raise InputError(f"balance: column {found.column.name!r} is asked to be missing")
    one = np.ones(1)
    return tuple(
        replace(found, points=point, weights=one, missing=0.0)
        for point in np.split(found.points, len(found.points))
    )


def asked_sources(
    rules: Rules, found: dict[Name, Allowed], turns: tuple[Allowed, ...]
) -> tuple[dict[Name, Allowed], tuple[Allowed, ...]]:
    """The same conditions, but those on columns that follow from others as conditions on these.

    Raises:
        InputError: conditions that cannot be met together.
    """
    found = dict(found)
    for rule in reversed(rules.rules):
        if not isinstance(rule, Follow):
            continue
        anything = allowed(rules.learnt[rule.source], (), "")
        asked = found.pop(rule.name, None)
        if asked is not None and turns and turns[0].column.name == rule.source:
            turns = rule.possible(rule.narrowed(asked, turn) for turn in turns)
        elif asked is not None:
            narrowed = rule.narrowed(asked, found.get(rule.source, anything))
            (found[rule.source],) = rule.possible([narrowed])
        if turns and turns[0].column.name == rule.name:
            source = found.pop(rule.source, anything)
            turns = rule.possible(rule.narrowed(turn, source) for turn in turns)
    rules.check_asked([*found, *(turn.column.name for turn in turns[:1])])
    return found, turns


def partial_rows(frame: pd.DataFrame, n: int, table: Conditional) -> tuple[Cells, Cells]:
    """Rows to complete, what is learnt of them and the rest: what is not missing is known.

    Raises:
        InputError: not n rows, an unknown column, a cell such as training never saw, or cells that
            break a constraint.
    """
    if len(frame) != n:
        raise InputError(f"{len(frame):,} rows to complete for {n:,} samples: ask for as many")
    names = {column.name for column in table.rules.columns}
    for name in frame.columns:
        if name not in names:
            raise InputError(unknown("column", name, sorted(map(str, names))))
    frame, learnt = frame.reset_index(drop=True), table.rules.learnt
    mine = {name: as_held(learnt[name], frame[name]) for name in frame.columns if name in learnt}
    for name, series in mine.items():
        if name in table.rules.of:
            learnt[name].encode(series.dropna())
    cells = Cells.of(pd.DataFrame(mine, index=frame.index))
    # What cannot be is told before anything is drawn.
    known = learnt_cells(table.rules, resolved(table.rules, cells, np.random.default_rng(0)))
    table.layout.encode_known(known.frame, known.known)
    return cells, Cells.of(frame[[name for name in frame.columns if name not in learnt]])
