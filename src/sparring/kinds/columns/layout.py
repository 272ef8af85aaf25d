"""How the learnt columns of a table lie side by side in a row of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from sparring.kinds.columns.base import Name
from sparring.kinds.columns.category import CategoryColumn
from sparring.kinds.columns.gaps import Gaps
from sparring.kinds.columns.rank import RankColumn

Raw = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Layout:
    """Ranks of numbers as normal scores, then categories one-hot, then gaps.

    Each column is a cell of the row, and so is each gap.

    Attributes:
        ranks: columns learnt by rank.
        categories: columns learnt one-hot.
        gaps: names of the columns of each gap.
    """

    ranks: tuple[RankColumn, ...]
    categories: tuple[CategoryColumn, ...]
    gaps: Gaps

    @cached_property
    def columns(self) -> tuple[RankColumn | CategoryColumn, ...]:
        """The learnt columns in the order of their cells."""
        return (*self.ranks, *self.categories)

    @cached_property
    def scores(self) -> int:
        """How many numbers a row begins with."""
        return sum(column.width for column in self.ranks)

    @cached_property
    def one_hot(self) -> tuple[int, ...]:
        """Sizes of the one-hot groups that follow."""
        return (*(len(column.values) for column in self.categories), *(2 for _ in self.gaps))

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Of the cells."""
        return (*(column.width for column in self.ranks), *self.one_hot)

    @cached_property
    def place(self) -> dict[Name, int]:
        """The number of each column's cell."""
        return {column.name: i for i, column in enumerate(self.columns)}

    @cached_property
    def gap(self) -> dict[Name, int]:
        """The number of the cell that says whether a column is missing, where it has a gap."""
        first = len(self.columns)
        return {name: first + i for i, names in enumerate(self.gaps) for name in names}

    @cached_property
    def along(self) -> tuple[int, ...]:
        """For each cell the number of its gap's cell, or its own."""
        gaps = range(len(self.columns), len(self.widths))
        return (*(self.gap.get(c.name, self.place[c.name]) for c in self.columns), *gaps)

    def encode(self, frame: pd.DataFrame) -> Raw:
        """Rank intervals, low and high, and codes of categories and gaps, a row each.

        Raises:
            InputError: a cell such as training never saw.
        """
        n = len(frame)
        bounds = [bound for c in self.ranks for bound in c.encode(frame[c.name])]
        codes = [column.encode(frame[column.name])[0] for column in self.categories]
        codes += [frame[names[0]].isna().to_numpy() for names in self.gaps]
        kind = np.uint8 if max(self.one_hot, default=0) <= 256 else np.int16
        return (
            torch.from_numpy(_stack(bounds[::2], n, np.float32)),
            torch.from_numpy(_stack(bounds[1::2], n, np.float32)),
            torch.from_numpy(_stack(codes, n, kind)),
        )

    def encode_known(
        self, frame: pd.DataFrame, known: pd.DataFrame, present: bool = False
    ) -> tuple[Raw, Tensor]:
        """The same of rows in which only some cells are known, and which cells these are.

        Args:
            frame: columns (m) of the learnt ones, in any order.
            known: bool, of the same columns; a known cell may be missing.
            present: whether the other cells of these columns are not to be missing.

        Returns:
            The encoded rows, anything where nothing is known, and bool (n, cells).
        """
        n = len(frame)
        low, high = np.zeros((n, self.scores), np.float32), np.ones((n, self.scores), np.float32)
        codes = np.zeros((n, len(self.one_hot)), np.int16)
        mask = np.zeros((n, len(self.widths)), bool)
        starts = np.cumsum([0, *self.widths])
        for name in frame.columns:
            place, series = self.place[name], frame[name]
            here, missing = known[name].to_numpy(), series.isna().to_numpy()
            if name in self.gap:
                mask[here | present, self.gap[name]] = True
                codes[here, self.gap[name] - len(self.ranks)] = missing[here]
                here = here & ~missing
            mask[here, place] = True
            cells = self.columns[place].encode(series[here])
            if place < len(self.ranks):
                for turn in range(self.widths[place]):
                    low[here, starts[place] + turn] = cells[2 * turn]
                    high[here, starts[place] + turn] = cells[2 * turn + 1]
            else:
                codes[here, place - len(self.ranks)] = cells[0]
        raw = (torch.from_numpy(low), torch.from_numpy(high), torch.from_numpy(codes))
        return raw, torch.from_numpy(mask)

    def prepare(self, raw: tuple[Tensor, ...], random: torch.Generator) -> Tensor:
        """Encoded rows as the nets see them, float32 (n, sum(widths))."""
        low, high, codes = raw
        share = torch.rand(low.shape, generator=random, device=low.device)
        scores = torch.special.ndtri(torch.lerp(low, high, share).clamp(1e-6, 1 - 1e-6))
        sizes = torch.tensor(self.one_hot, dtype=torch.int64, device=low.device)
        groups = scores.new_zeros(len(scores), sum(self.one_hot))
        groups.scatter_(1, codes.long() + sizes.cumsum(0) - sizes, 1.0)
        return torch.cat([scores, groups], dim=1)

    def decode(self, x: Tensor) -> dict[Name, pd.Series]:
        """Rows as the nets make them (n, sum(widths)) to the cells of each column."""
        return {column.name: self.decode_column(x, column.name) for column in self.columns}

    def decode_column(self, x: Tensor, name: Name) -> pd.Series:
        """The same of one column."""
        place, gap = self.place[name], self.gap.get(name)
        cells = self._numbers(x, place)
        missing = None if gap is None else self._numbers(x, gap).argmax(1).numpy() == 1
        column = self.columns[place]
        if isinstance(column, RankColumn):
            return column.decode(torch.special.ndtr(cells.double()).numpy(), missing)
        return column.decode(cells.argmax(1).numpy(), missing)

    def _numbers(self, x: Tensor, cell: int) -> Tensor:
        """The numbers of one cell of each row."""
        start = sum(self.widths[:cell])
        return x[:, start : start + self.widths[cell]].cpu()


def _stack(columns: list[np.ndarray], n: int, dtype: type) -> np.ndarray:
    """Columns (n,) side by side: (n, len(columns)), also when there are none."""
    return np.column_stack(columns).astype(dtype) if columns else np.empty((n, 0), dtype)
