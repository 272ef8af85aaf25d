"""What samples of a table are asked to be: cells that are given, and kept as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch

from sparring.data.dataset import Dataset
from sparring.data.given import Given
from sparring.errors import InputError, unknown
from sparring.kinds.asking import Asked, Condition
from sparring.kinds.columns.allowed import Allowed, allowed
from sparring.kinds.columns.base import Column, Name
from sparring.kinds.columns.layout import Layout
from sparring.kinds.columns.named import cells_of
from sparring.kinds.where import conditions


@dataclass(frozen=True, eq=False)
class Cells:
    """Columns of rows in the table's dtypes, and which of their cells are known; both (n, m)."""

    frame: pd.DataFrame
    known: pd.DataFrame

    def take(self, places: np.ndarray) -> Cells:
        """The rows at these places."""
        return Cells(self.frame.iloc[places], self.known.iloc[places])

    def keep(self, made: Dataset) -> Dataset:
        """Samples, as many as there are rows or fewer, with the known cells put in."""
        assert isinstance(made.x, pd.DataFrame)
        frame = made.x.copy()
        for name in self.frame.columns:
            frame[name] = mixed(frame[name], self.frame[name][: len(frame)],
                                self.known[name].to_numpy()[: len(frame)])  # fmt: skip
        return replace(made, x=frame)


def mixed(made: pd.Series, cells: pd.Series, known: np.ndarray) -> pd.Series:
    """A column as made, but for the cells that are known; in its dtype if that holds them."""
    cells = cells.set_axis(made.index)
    if cells.dtype == made.dtype:
        return made.where(~known, cells)
    objects = made.astype(object).where(~known, cells.astype(object))
    column = objects.astype(made.dtype)
    exact = column[known].isna().to_numpy() | (column[known] == cells[known]).to_numpy()
    return column if exact.all() else objects.infer_objects()


@dataclass(frozen=True, eq=False)
class AskedCells(Asked):
    """The same columns of every row, each within what is allowed of it.

    Attributes:
        layout, given: of the table; no given = the nets take no conditions.
        columns: what is allowed, a column each.
        turns: of these the one whose values come in turn, so that each comes as often; or None.
    """

    layout: Layout
    given: Given | None
    columns: tuple[Allowed, ...]
    turns: Allowed | None = None

    def condition(self, rows: range, random: torch.Generator) -> Condition:
        stream = np.random.default_rng(int(torch.randint(2**62, (1,), generator=random)))
        numbers = {column: column.draw(len(rows), stream) for column in self.columns}
        if self.turns is not None:
            assert self.turns.points is not None
            turn = np.arange(rows.start, rows.stop) % len(self.turns.points)
            numbers[self.turns] = self.turns.points[turn]
        frame = pd.DataFrame(
            {a.column.name: cells_of(a.column, x) for a, x in numbers.items()},
            index=pd.RangeIndex(len(rows)),
        )
        return given_cells(self.layout, self.given, Cells(frame, frame.notna() | True), random)


@dataclass(frozen=True, eq=False)
class AskedRows(Asked):
    """Cells of its own for every row to be drawn.

    Attributes:
        cells: of all rows.
        present: whether the cells of these columns that are not known are not to be missing.
    """

    layout: Layout
    given: Given | None
    cells: Cells
    present: bool = False

    def condition(self, rows: range, random: torch.Generator) -> Condition:
        last = len(self.cells.frame) - 1
        cells = self.cells.take(np.arange(rows.start, rows.stop).clip(max=last))
        return given_cells(self.layout, self.given, cells, random, self.present)


def given_cells(
    layout: Layout, given: Given | None, cells: Cells, random: torch.Generator,
    present: bool = False,
) -> Condition:  # fmt: skip
    """The condition of rows of which these cells are known."""
    if given is None:
        return Condition(torch.empty(len(cells.frame), 0), keep=cells.keep)
    raw, mask = layout.encode_known(cells.frame, cells.known, present)
    return Condition(given.condition(layout.prepare(raw, random), mask), keep=cells.keep)


def allowed_columns(columns: Iterable[Column], layout: Layout, where: Any) -> list[Allowed]:
    """What conditions allow, a column each; see `where.conditions`.

    Raises:
        InputError: an unknown column, one that is not learnt, or a condition that cannot be met.
    """
    columns = list(columns)
    found = []
    for text, asked in conditions(where, [column.name for column in columns]).items():
        column = layout.columns[layout.place[learnt_name(text, columns, layout)]]
        found.append(allowed(column, asked, f"where {text}"))
    return found


def obeying(found: Iterable[Allowed], frame: pd.DataFrame) -> np.ndarray:
    """Which rows of a table (n,) obey all of these conditions."""
    holds = np.ones(len(frame), dtype=bool)
    for asked in found:
        holds &= asked.holds(frame[asked.column.name])
    return holds


def learnt_name(text: object, columns: Iterable[Column], layout: Layout) -> Name:
    """The name of a learnt column, by its text.

    Raises:
        InputError: an unknown column, or one that is not learnt.
    """
    named = {str(column.name): column for column in columns}
    if str(text) not in named:
        raise InputError(unknown("column", text, named))
    column = named[str(text)]
    if column.name not in layout.place:
        raise InputError(
            f"column {text!r} is {column.type} and not learnt: samples cannot be asked for it"
        )
    return column.name


def balanced(found: Allowed) -> Allowed:
    """The same, for values that come in turn.

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
    return found


def partial_rows(frame: pd.DataFrame, n: int, columns: Iterable[Column], layout: Layout) -> Cells:
    """Rows to complete: what is not missing in them is known.

    Raises:
        InputError: not n rows, an unknown column, or a cell such as training never saw.
    """
    if len(frame) != n:
        raise InputError(f"{len(frame):,} rows to complete for {n:,} samples: ask for as many")
    known = {column.name for column in columns}
    for name in frame.columns:
        if name not in known:
            raise InputError(unknown("column", name, sorted(map(str, known))))
    frame = frame.reset_index(drop=True)
    learnt = frame[[name for name in frame.columns if name in layout.place]]
    layout.encode_known(learnt, learnt.notna())  # what cannot be is told before anything is drawn
    return Cells(learnt, learnt.notna())
