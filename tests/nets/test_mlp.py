"""Cells that are given to the nets of a table."""

from __future__ import annotations

import torch

from sparring.config import Config
from sparring.data.given import Given
from sparring.kinds.table import Table
from sparring.nets.base import Shape
from sparring.nets.mlp import MLPCritic, MLPGenerator

WIDTHS = (1, 1, 3, 2)
SHAPE = Shape((7,), one_hot=(3, 2), cells=WIDTHS)


def some_rows(n: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows, and the condition that gives their second and third cell."""
    x = torch.randn(n, 7, generator=torch.Generator().manual_seed(0))
    mask = torch.tensor([False, True, True, False]).expand(n, -1)
    return x, Given(WIDTHS, (0, 1, 2, 3)).condition(x, mask)


def config() -> Config:
    return Config(width=8, depth=1).with_defaults(Table.defaults)


def test_given_cells_stand_in_the_row_as_they_are() -> None:
    G = MLPGenerator(SHAPE, config())
    x, y = some_rows()
    made = G(torch.randn(6, G.latent_dim), y)
    assert torch.equal(made[:, 1:5], x[:, 1:5])
    assert not torch.equal(made[:, :1], x[:, :1])


def test_no_penalty_is_on_given_cells() -> None:
    D = MLPCritic(SHAPE, config())
    x, y = some_rows()
    x.requires_grad_()
    (slope,) = torch.autograd.grad(D(x, y).sum(), x)
    assert not slope[:, 1:5].any()
    assert slope[:, [0, 5, 6]].all()
