"""An endless, resumable stream of batches, shuffled or stratified; rows stay on the device."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from sparring.data.given import Given
from sparring.seeds import random_stream, resume_stream

DEVICE_BYTES = 8 * 2**30  # of rows; more stay where they are

Prepare = Callable[[tuple[Tensor, ...], torch.Generator], Tensor]


class Batches:
    """Passes over the rows, one after another, each in a new order; every batch is full.

    Shuffled, a batch has by chance more rows of one region than of another, and D takes that for a
    difference between real and fake. Stratified, it has one row of each of `batch_size` regions:
    the mean over batches is the same, the chance is gone from all but the regions' insides.

    Args:
        raw: tensors with one entry per row, at least one row, in their smallest dtype.
        labels: class indices (n,) int64, or None when there are no conditions.
        classes: k, how many classes there are.
        prepare: turns the raw tensors of some rows into what D sees, (b, ...) float32; what is
            random in it comes from the generator it is handed.
        batch_size: rows per batch, at least 1; may exceed the number of rows.
        device: where batches are made, and rows are kept if there is room for them.
        seed: of the order, and of what `prepare` draws.
        given: how cells of a row are its conditions, where they are, instead of a label.
        stratified: whether a batch has rows of all regions, if there are rows for a batch.
    """

    def __init__(
        self,
        raw: tuple[Tensor, ...],
        labels: Tensor | None,
        classes: int,
        prepare: Prepare,
        batch_size: int,
        device: torch.device,
        seed: int,
        given: Given | None = None,
        stratified: bool = False,
    ) -> None:
        size = sum(tensor.nbytes for tensor in raw)
        self.home = device if size <= DEVICE_BYTES else raw[0].device
        self.raw = tuple(tensor.to(self.home) for tensor in raw)
        self.rows = len(raw[0])
        self.labels = None if labels is None else labels.to(self.home)
        self.classes = classes
        self.prepare = prepare
        self.given = given
        self.batch_size = batch_size
        self.device = device
        self.seed = seed
        self.stratified = stratified and self.rows >= batch_size
        assert self.rows, "no rows make no batch"
        self.order_random = random_stream(seed, "order of rows")
        self.random = random_stream(seed, "preparation of rows", device)
        self.order_state = self.order_random.get_state()  # before the order was drawn
        self.order = torch.empty(0, dtype=torch.int64)
        self.position = 0

    def next(self) -> tuple[Tensor, Tensor]:
        """The next batch: rows (b, ...) and their conditions (b, k), k = 0 when there are none."""
        return self.take(self._next_rows(), self.random)

    def next_of_generator(self) -> tuple[Tensor, Tensor]:
        """The same for an update of G."""
        return self.next()

    def take(self, rows: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """The rows at positions `rows` (b,), and their conditions, prepared with `random`."""
        rows = rows.to(self.home)
        x = self.prepare(tuple(t[rows].to(self.device) for t in self.raw), random)
        if self.given is not None:
            return x, self.given.condition(x, self.given.mask(len(x), random))
        if self.labels is None:
            return x, x.new_empty(len(x), 0)
        return x, one_hot(self.labels[rows].to(self.device), self.classes)

    def _next_rows(self) -> Tensor:
        parts: list[Tensor] = []
        missing = self.batch_size
        while missing:
            if self.position == len(self.order):
                self.order_state = self.order_random.get_state()
                self.order = self._pass()
                self.position = 0
            parts.append(self.order[self.position : self.position + missing])
            self.position += len(parts[-1])
            missing -= len(parts[-1])
        return torch.cat(parts)

    def state_dict(self) -> dict[str, Any]:
        """All that decides the batches to come, as it is now."""
        return {
            "order_random": self.order_state,
            "random": self.random.get_state(),
            "position": self.position,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on exactly where `state_dict` was taken."""
        resume_stream(self.order_random, state["order_random"])
        resume_stream(self.random, state["random"])
        self.order_state, self.position = state["order_random"], state["position"]
        self.order = torch.empty(0, dtype=torch.int64)
        if self.position:
            self.order = self._pass()

    def _pass(self) -> Tensor:
        """All rows in the order of the next pass."""
        if not self.stratified:
            return torch.randperm(self.rows, generator=self.order_random)
        shuffled = [part[torch.randperm(len(part), generator=self.order_random)]
                    for part in self._strata]  # fmt: skip
        # Of every stratum its first row, then the second ones, and so on: any rows that follow one
        # another are of different strata, wherever a batch begins.
        order = pad_sequence(shuffled, padding_value=-1).flatten()
        return order[order >= 0]

    @cached_property
    def _strata(self) -> list[Tensor]:
        random = random_stream(self.seed, "strata", self.device)
        parts = torch.split(torch.arange(self.rows), self.batch_size)
        x = torch.cat([self.take(rows, random)[0].flatten(1).cpu() for rows in parts])
        return strata(x, self.batch_size)


def strata(x: Tensor, count: int) -> list[Tensor]:
    """Rows (n, d) in `count` groups of neighbours, whose sizes differ by one at most.

    The leaves of a k-d tree (Bentley 1975): rows are parted along the coordinate that varies most.

    Returns:
        The rows' positions, (n / count) int64 for each group; n must be at least `count`.
    """
    groups: list[Tensor] = []

    def part(rows: Tensor, first: int, last: int) -> None:
        if last - first == 1:
            groups.append(rows)
            return
        middle = (first + last) // 2
        here = bounds[middle] - bounds[first]
        widest = x[rows].var(dim=0).argmax()
        rows = rows[x[rows, widest].argsort()]
        part(rows[:here], first, middle)
        part(rows[here:], middle, last)

    bounds = [len(x) * i // count for i in range(count + 1)]
    part(torch.arange(len(x)), 0, count)
    return groups


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Class indices (n,) int64 to float32 (n, classes)."""
    return torch.nn.functional.one_hot(labels, classes).float()
