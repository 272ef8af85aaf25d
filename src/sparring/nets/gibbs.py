"""A Gibbs sweep over the rows of a table that G makes: cells are drawn anew, one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, embedding, embedding_bag, pad, silu

from sparring.nets.base import Generator, Shape
from sparring.nets.mlp import GivenCells

INNER = 0.01  # a number is drawn within its step at least this share from the ends


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
    unit of a one-hot row), and numbers as they are, too. So the layer's sum needs to be taken once
    for a row, and changes by one term when a cell does.

    Args:
        steps: of the cells of a row (n, d), which begins with the numbers.
        width: hidden units.
    """

    edges: Tensor
    first: Tensor

    def __init__(self, steps: Steps, width: int) -> None:
        super().__init__()
        self.sizes, self.numbers = steps.sizes, len(steps.edges)
        self.starts = (0, *accumulate(self.sizes))
        longest = max(map(len, steps.edges), default=0)
        edges = torch.full((self.numbers, longest), 2.0)  # beyond all ranks
        for row, found in zip(edges, steps.edges, strict=True):
            row[: len(found)] = found
        # What the encoding tells anyway is not saved with the weights.
        self.register_buffer("edges", edges, persistent=False)
        self.register_buffer("first", torch.tensor(self.starts[:-1]), persistent=False)
        total, cells = self.starts[-1], len(self.sizes)
        self.seen = nn.Parameter(torch.empty(total, width))
        self.values = nn.Parameter(torch.empty(self.numbers, width))
        self.asked = nn.Parameter(torch.empty(cells, width))
        self.weight = nn.Parameter(torch.zeros(total, width))
        self.bias = nn.Parameter(torch.zeros(total))

    def reset(self, random: torch.Generator) -> None:
        """Random weights of the hidden layer, for rows whose cells are unlike each other."""
        for weights in (self.seen, self.values, self.asked):
            nn.init.normal_(weights, std=len(self.sizes) ** -0.5, generator=random)

    def places(self, x: Tensor) -> Tensor:
        """The number of the value of each cell of rows (n, d): (n, cells) int64."""
        ranks = torch.special.ndtr(x[:, : self.numbers]).T.contiguous()
        places = [torch.searchsorted(self.edges, ranks, right=True).T]
        for group in torch.split(x[:, self.numbers :], list(self.sizes[self.numbers :]), dim=1):
            places.append(group.argmax(1, keepdim=True))
        return torch.cat(places, dim=1)

    def summed(self, x: Tensor, places: Tensor) -> Tensor:
        """What the hidden layer sums up of whole rows, (n, width)."""
        cells = embedding_bag(places + self.first, self.seen, mode="sum")
        return cells + x[:, : self.numbers] @ self.values

    def term(self, x: Tensor, places: Tensor, cell: int) -> Tensor:
        """What one cell adds to that sum, (n, width)."""
        term = embedding(places[:, cell] + self.starts[cell], self.seen)
        return torch.addr(term, x[:, cell], self.values[cell]) if cell < self.numbers else term

    def logits(self, others: Tensor, cell: int) -> Tensor:
        """Of each value of a cell, from the sum over the other cells: (values, n).

        Values are few and rows many: so softmax and sums over the values run along the rows.
        """
        values = slice(*self.starts[cell : cell + 2])
        hidden = silu(others + self.asked[cell])
        return torch.addmm(self.bias[values, None], self.weight[values], hidden.T)

    def surprises(self, x: Tensor, cells: Sequence[int]) -> Tensor:
        """-log of how likely the values are that cells of rows (n, d) have: (len(cells), n)."""
        places = self.places(x)
        whole = self.summed(x, places)
        return torch.stack([
            cross_entropy(
                self.logits(whole - self.term(x, places, cell), cell)[None],
                places[None, :, cell], reduction="none",
            )[0]
            for cell in cells
        ])  # fmt: skip

    def column(self, cell: int) -> int:
        """Where a cell begins in a row."""
        if cell < self.numbers:
            return cell
        return self.numbers + self.starts[cell] - self.starts[self.numbers]

    def put(
        self, x: Tensor, places: Tensor, cell: int, chance: Tensor, uniform: Tensor,
        stays: Tensor | None,
    ) -> None:  # fmt: skip
        """Draw a cell of rows (n, d) and its place, in place.

        Args:
            chance: of each of its values, (values, n); uniform: what to draw with, (n,) in (0, 1).
            stays: the rows whose cell is not drawn, bool (n,), or None.
        """
        # A running sum is quick along what lies side by side.
        after, column = chance.T.contiguous().cumsum(1), self.column(cell)
        drawn = torch.searchsorted(after, uniform[:, None])[:, 0].clamp(max=self.sizes[cell] - 1)
        if stays is not None:
            drawn = torch.where(stays, places[:, cell], drawn)
        places[:, cell] = drawn
        if cell >= self.numbers:
            group = x[:, column : column + self.sizes[cell]]
            group.zero_().scatter_(1, drawn[:, None], 1.0)
            return
        # What is left of the draw says where in the step.
        mine, end = chance.gather(0, drawn[None])[0], after.gather(1, drawn[:, None])[:, 0]
        share = (1 - (end - uniform) / mine.clamp(min=1e-9)).clamp(INNER, 1 - INNER)
        starts = pad(self.edges[cell, : self.sizes[cell] - 1], (1, 0))
        ends = pad(starts[1:], (0, 1), value=1.0)
        rank = torch.lerp(starts[drawn].double(), ends[drawn].double(), share.double())
        number = torch.special.ndtri(rank.clamp(1e-6, 1 - 1e-6)).to(x.dtype)
        x[:, column] = number if stays is None else torch.where(stays, x[:, column], number)


class GibbsGenerator(Generator):
    """G, whose rows then have some of their cells drawn anew, one after the other.

    A draw from a cell's distribution beside the other cells keeps the distribution of whole rows
    where that is right, and brings it nearer where the cell's is better known than to G (Geman &
    Geman 1984). Cells that y gives stay. The noise of all draws is in z.

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
        self.latent_dim = base.latent_dim + len(self.cells)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        noise, z = z[:, : len(self.cells)], z[:, len(self.cells) :]
        return self.swept(self.base(z, y), y, torch.special.ndtr(noise))

    def swept(
        self, rows: Tensor, y: Tensor, uniform: Tensor,
        logits_of: Callable[[Tensor, int], Tensor] | None = None,
    ) -> Tensor:  # fmt: skip
        """Rows (n, d) made under y, their cells drawn by uniform numbers (n, cells) in (0, 1).

        Args:
            logits_of: takes the place of `Conditionals.logits`.
        """
        net, bits, x = self.conditionals, None, rows.clone()
        if self.given.cells:
            bits, values = self.given(y)
            x = torch.where(bits, values, x)
        places = net.places(x)
        whole, draws = net.summed(x, places), uniform.T.contiguous()
        for draw, cell in zip(draws, self.cells, strict=True):
            whole -= net.term(x, places, cell)
            chance = (logits_of or net.logits)(whole, cell).softmax(0)
            stays = None if bits is None else bits[:, net.column(cell)]
            net.put(x, places, cell, chance, draw, stays)
            whole += net.term(x, places, cell)
        return x
