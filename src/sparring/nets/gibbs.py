"""A Gibbs sweep over the rows of a table that G makes: cells are drawn anew, one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, embedding, embedding_bag, leaky_relu, pad

from sparring.nets.base import Generator, Shape
from sparring.nets.mlp import GivenCells

SLOPE = 0.1  # of the hidden layer, for sums below zero
GIVEN_SWEEPS = 3  # where cells are given, beside which G knows rows less well
FEW_VALUES = 12  # of a cell: sums up to each are quicker as a matrix product than one by one


@dataclass(frozen=True)
class Steps:
    """The values that the cells of a row can have: a number's steps of its rank, or categories.

    Attributes:
        edges: of each number the ranks where a step begins, but the first, (steps - 1,).
        exact: of each number, whether a step is one value, so that it can be drawn.
        one_hot: how many categories each of the other cells has.
    """

    edges: tuple[Tensor, ...]
    exact: tuple[bool, ...]
    one_hot: tuple[int, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many steps or categories each cell has."""
        return (*(len(edges) + 1 for edges in self.edges), *self.one_hot)

    @property
    def drawn(self) -> tuple[int, ...]:
        """The cells that can be drawn."""
        numbers = len(self.edges)
        return (*(i for i in range(numbers) if self.exact[i]), *range(numbers, len(self.sizes)))


class Conditionals(nn.Module):
    """How likely each value of a cell is beside the other cells of its row.

    One hidden layer sees, of every cell but the one asked for, which of its values it has (as one
    unit of a one-hot row), and numbers as they are, too: as the middle of their step where that is
    one value. So the layer's sum needs to be taken once for a row, and changes by one row of a
    table when a cell does.

    Args:
        steps: of the cells of a row (n, d), which begins with the numbers.
        width: hidden units.
    """

    edges: Tensor
    middles: Tensor
    first: Tensor
    cell_of: Tensor
    along: Tensor

    def __init__(self, steps: Steps, width: int) -> None:
        super().__init__()
        self.sizes, self.numbers = steps.sizes, len(steps.edges)
        self.starts = (0, *accumulate(self.sizes))
        total, cells = self.starts[-1], len(self.sizes)
        longest = max(map(len, steps.edges), default=0)
        edges, middles = torch.full((self.numbers, longest), 2.0), torch.zeros(total)
        for cell, found in enumerate(steps.edges):
            edges[cell, : len(found)] = found  # what follows is beyond all ranks
            if steps.exact[cell]:
                middles[slice(*self.starts[cell : cell + 2])] = middles_of(found)
        # What the encoding tells anyway is not saved with the weights.
        for name, what in (
            ("edges", edges),
            ("middles", middles),
            ("first", torch.tensor(self.starts[:-1])),
            ("cell_of", torch.arange(cells).repeat_interleave(torch.tensor(self.sizes))),
            ("along", ~torch.tensor(steps.exact, dtype=torch.bool)),
        ):
            self.register_buffer(name, what, persistent=False)
        self.seen = nn.Parameter(torch.empty(total, width))
        self.scores = nn.Parameter(torch.empty(self.numbers, width))
        self.asked = nn.Parameter(torch.empty(cells, width))
        self.weight = nn.Parameter(torch.zeros(total, width))
        self.bias = nn.Parameter(torch.zeros(total))

    def reset(self, random: torch.Generator) -> None:
        """Random weights of the hidden layer, for rows whose cells are unlike each other."""
        for weights in (self.seen, self.scores, self.asked):
            nn.init.normal_(weights, std=len(self.sizes) ** -0.5, generator=random)

    def places(self, x: Tensor) -> Tensor:
        """The number of the value of each cell of rows (n, d): (cells, n) int64."""
        ranks = torch.special.ndtr(x[:, : self.numbers]).T.contiguous()
        groups = torch.split(x[:, self.numbers :], list(self.sizes[self.numbers :]), dim=1)
        # A product is quicker than argmax; what is not finite has to have a place, too.
        counts = torch.arange(max(self.sizes), dtype=x.dtype, device=x.device)
        return torch.cat([
            torch.searchsorted(self.edges, ranks, right=True),
            *((group @ counts[: group.shape[1]]).long()[None] for group in groups),
        ]).clamp(min=0)  # fmt: skip

    def standing(self, x: Tensor, places: Tensor, cells: Sequence[int]) -> Tensor:
        """Rows (n, d) whose cells stand at these places (cells, n), numbers if they are of `cells`.

        A number stands in the middle of its step.
        """
        numbers, mine = x[:, : self.numbers].clone(), [i for i in cells if i < self.numbers]
        at = places + self.first[:, None]
        numbers[:, mine] = self.middles[at[mine]].T
        groups = torch.zeros_like(x[:, self.numbers :])
        groups.scatter_(1, at[self.numbers :].T - self.starts[self.numbers], 1.0)
        return torch.cat([numbers, groups], dim=1)

    def table(self) -> Tensor:
        """What each value adds to the hidden layer's sum where its cell is not the one asked for.

        (all values, width). Where it is, another row is added, the cell's own.
        """
        numbers = slice(self.starts[self.numbers])
        table = self.seen - embedding(self.cell_of, self.asked)
        by_middle = embedding(self.cell_of[numbers], self.scores) * self.middles[numbers, None]
        return torch.cat([table[numbers] + by_middle, table[self.starts[self.numbers] :]])

    def summed(self, x: Tensor, places: Tensor, table: Tensor) -> Tensor:
        """What the hidden layer sums up of whole rows, (n, width)."""
        numbers = x[:, : self.numbers] * self.along
        cells = embedding_bag(places.T + self.first, table, mode="sum")
        return cells + torch.addmm(self.asked.sum(0), numbers, self.scores)

    def term(self, places: Tensor, table: Tensor, cell: int) -> Tensor:
        """What a cell that can be drawn adds to that sum, (n, width)."""
        return embedding(places[cell] + self.starts[cell], table)

    def logits(self, others: Tensor, cell: int) -> Tensor:
        """Of each value of a cell, from the sum over the other cells: (values, n).

        Where values are few, those of many rows lie side by side, else those of one row: softmax
        and sums over the values are quick along either.
        """
        values = slice(*self.starts[cell : cell + 2])
        hidden, bias, weight = leaky_relu(others, SLOPE), self.bias[values], self.weight[values]
        if len(bias) <= FEW_VALUES:
            return torch.addmm(bias[:, None], weight, hidden.T)
        return torch.addmm(bias, hidden, weight.T).T

    def surprises(self, x: Tensor, cells: Sequence[int]) -> Tensor:
        """-log of how likely the values are that cells of rows (n, d) have: (len(cells), n)."""
        places, table = self.places(x), self.table()
        whole = self.summed(x, places, table)
        return torch.stack([
            cross_entropy(
                self.logits(whole - self.term(places, table, cell), cell)[None],
                places[None, cell], reduction="none",
            )[0]
            for cell in cells
        ])  # fmt: skip

    def columns(self, cell: int) -> slice:
        """Where a cell is in a row."""
        if cell < self.numbers:
            return slice(cell, cell + 1)
        before = self.starts[self.numbers] - self.numbers
        return slice(self.starts[cell] - before, self.starts[cell + 1] - before)


def drawn_from(logits: Tensor, uniform: Tensor) -> Tensor:
    """Which value each row draws: the first up to which the chances sum to more than its number.

    Args:
        logits: of each value in each row, (values, n).
        uniform: (n,) in (0, 1).
    """
    values = len(logits)
    if values <= FEW_VALUES:
        chance = logits.softmax(0)
        sums = chance.new_ones(values, values).tril()[:-1] @ chance
        return (sums < uniform).sum(0)
    sums = logits.T.softmax(1).cumsum(1)
    return torch.searchsorted(sums, uniform[:, None])[:, 0].clamp(max=values - 1)


def middles_of(edges: Tensor) -> Tensor:
    """The numbers in the middle of the steps of a rank between so many edges, (edges + 1,)."""
    ranks = pad(pad(edges.double(), (1, 0)), (0, 1), value=1.0)
    middles: Tensor = torch.special.ndtri((ranks[1:] + ranks[:-1]) / 2)
    return middles.float()


class GibbsGenerator(Generator):
    """G, whose rows then have some of their cells drawn anew, one after the other.

    A draw from a cell's distribution beside the other cells keeps the distribution of whole rows
    where that is right, and brings it nearer where the cell's is better known than to G (Geman &
    Geman 1984). Cells that y gives stay, but for those with a choice, which are drawn among their
    values; where any are given, other than the one that always is, the others are drawn several
    times. The noise of all draws is in z.

    Args:
        base: makes the rows.
        conditionals: of their cells.
        cells: that are drawn, in this order.
        shape: of a row.
    """

    def __init__(
        self, base: Generator, conditionals: Conditionals, cells: Sequence[int], shape: Shape
    ) -> None:
        super().__init__()
        self.base, self.conditionals, self.cells = base, conditionals, tuple(cells)
        self.given = GivenCells(shape)
        self.latent_dim = base.latent_dim + GIVEN_SWEEPS * len(self.cells)
        self.choices: Mapping[int, Tensor] = {}

    def choosing(self, choices: Mapping[int, Tensor]) -> GibbsGenerator:
        made, device = copy(self), self.conditionals.bias.device
        made.choices = {i: choices[i].to(device) for i in self.cells if i in choices}
        return made

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        widths = [len(self.cells)] * GIVEN_SWEEPS
        *sweeps, z = torch.split(z, [*widths, self.base.latent_dim], dim=1)
        rows: Tensor = self.base(z, y)
        for part in sweeps if self.given.asked(y) else sweeps[:1]:
            rows = self.swept(rows, y, torch.special.ndtr(part))
        return rows

    def swept(
        self, rows: Tensor, y: Tensor, uniform: Tensor,
        logits_of: Callable[[Tensor, int], Tensor] | None = None,
    ) -> Tensor:  # fmt: skip
        """Rows (n, d) made under y, their cells drawn by uniform numbers (n, cells) in (0, 1).

        Args:
            logits_of: takes the place of `Conditionals.logits`.
        """
        net, bits = self.conditionals, None
        if self.given.asked(y, always=True):
            bits, values = self.given(y)
            rows = torch.where(bits, values, rows)
            for cell in self.choices:
                bits[:, net.columns(cell)] = False
        places, table = net.places(rows), net.table()
        whole, draws = net.summed(rows, places, table), uniform.T.contiguous()
        for draw, cell in zip(draws, self.cells, strict=True):
            whole -= net.term(places, table, cell)
            logits = (logits_of or net.logits)(whole, cell)
            if cell in self.choices:
                logits = logits.masked_fill(~self.choices[cell][:, None], -torch.inf)
            drawn = drawn_from(logits, draw)
            if bits is not None:
                drawn = torch.where(bits[:, net.columns(cell).start], places[cell], drawn)
            places[cell] = drawn
            whole += net.term(places, table, cell)
        made = net.standing(rows, places, self.cells)
        return made if bits is None else torch.where(bits, rows, made)
