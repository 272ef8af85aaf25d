"""An endless, resumable stream of shuffled batches from rows that stay on the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from sparring.data.given import Given
from sparring.seeds import random_stream, resume_stream

DEVICE_BYTES = 8 * 2**30  # of rows; more stay where they are

Prepare = Callable[[tuple[Tensor, ...], torch.Generator], Tensor]


class Batches:
    """Shuffled passes over the rows, one after another; every batch is full.

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
        assert self.rows, "no rows make no batch"
        self.order_random = random_stream(seed, "order of rows")
        self.random = random_stream(seed, "preparation of rows", device)
        self.order_state = self.order_random.get_state()  # before the order was drawn
        self.order = torch.empty(0, dtype=torch.int64)
        self.position = 0

    def next(self) -> tuple[Tensor, Tensor]:
        """The next batch: rows (b, ...) and their conditions (b, k), k = 0 when there are none."""
        return self.take(self._next_rows(), self.random)

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
                self.order = torch.randperm(self.rows, generator=self.order_random)
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
            self.order = torch.randperm(self.rows, generator=self.order_random)


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Class indices (n,) int64 to float32 (n, classes)."""
    return torch.nn.functional.one_hot(labels, classes).float()
