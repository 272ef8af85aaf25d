"""The Gibbs sweep over a table's rows."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from sparring.nets.base import Generator, Shape
from sparring.nets.gibbs import (
    FEW_VALUES,
    GIVEN_SWEEPS,
    Conditionals,
    GibbsGenerator,
    Steps,
    drawn_from,
)

# A number in three steps of its rank, one that is not drawn, and two categories.
STEPS = Steps((torch.tensor([0.2, 0.5]), torch.tensor([0.5])), (True, False), (2, 3))
SHAPE = Shape((7,), one_hot=(2, 3))


def rows(*ranks: float) -> Tensor:
    """A row for each rank of the first number; of the first category, and the last."""
    first = torch.special.ndtri(torch.tensor(ranks))[:, None]
    return torch.cat([first, 0 * first, torch.tensor([[1.0, 0, 0, 0, 1]] * len(ranks))], dim=1)


@pytest.fixture
def net() -> Conditionals:
    net = Conditionals(STEPS, 128)
    net.reset(torch.Generator().manual_seed(0))
    nn.init.normal_(net.weight, std=0.1, generator=torch.Generator().manual_seed(1))
    return net.requires_grad_(False)


def test_cells_that_can_be_drawn_are_exact_numbers_and_categories() -> None:
    assert STEPS.sizes == (3, 2, 2, 3)
    assert STEPS.drawn == (0, 2, 3)


def test_places_are_the_steps_of_ranks_and_the_categories(net: Conditionals) -> None:
    found = net.places(rows(0.1, 0.3, 0.9)).T.tolist()
    assert found == [[0, 1, 0, 2], [1, 1, 0, 2], [2, 1, 0, 2]]


def test_a_sum_less_a_cell_does_not_know_the_cell(net: Conditionals) -> None:
    x = rows(0.1, 0.9)
    table = net.table()
    whole = net.summed(x, net.places(x), table)
    for cell, alike in ((0, True), (2, False)):
        others = whole - net.term(net.places(x), table, cell)
        assert torch.allclose(others[0], others[1], atol=1e-5) is alike


def test_surprises_are_cross_entropies_beside_the_other_cells(net: Conditionals) -> None:
    x = rows(0.1, 0.9)
    found = net.surprises(x, (3,))
    places, table = net.places(x), net.table()
    others = net.summed(x, places, table) - net.term(places, table, 3)
    assert torch.allclose(found[0], -net.logits(others, 3).log_softmax(0)[2])


@pytest.mark.parametrize("values", [1, 2, FEW_VALUES, FEW_VALUES + 1, 90])
def test_values_are_drawn_by_their_chances(values: int) -> None:
    n = 4_000
    chance = torch.arange(1, values + 1) / (values * (values + 1) / 2)
    drawn = drawn_from(chance.log()[:, None].expand(-1, n), (torch.arange(n) + 0.5) / n)
    counts = torch.bincount(drawn, minlength=values) / n
    assert torch.allclose(counts, chance, atol=2 / n)


@pytest.mark.parametrize("values", [2, 90])
def test_no_draw_is_beyond_the_last_value(values: int) -> None:
    uniform = torch.tensor([1e-7, 0.501, 1.1])  # sums are rounded
    assert drawn_from(torch.zeros(values, 3), uniform).tolist() == [0, values // 2, values - 1]


def test_rows_stand_at_their_places(net: Conditionals) -> None:
    x = rows(0.1, 0.3)
    places = torch.tensor([[1, 2], [0, 0], [1, 0], [2, 1]])
    made = net.standing(x, places, (0, 2))
    assert torch.equal(net.places(made)[[0, 2, 3]], places[[0, 2, 3]])
    # In the middle of a step; a number that is not drawn stays.
    assert torch.allclose(torch.special.ndtr(made[:, 0]), torch.tensor([0.35, 0.75]))
    assert torch.equal(made[:, 1], x[:, 1])
    assert torch.equal(net.standing(x, net.places(x), ()), x)


class Same(Generator):
    """The same row always."""

    latent_dim = 1

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return rows(*[0.3] * len(z))


def test_a_sweep_draws_each_cell_beside_those_already_drawn(net: Conditionals) -> None:
    net.weight.zero_()
    net.bias[:3] = torch.tensor([0.0, -99.0, 0.0])  # the first or last step
    # The last category follows the first number: its unit is seen by one hidden unit.
    net.seen.zero_()
    net.scores.zero_()
    net.asked.zero_()
    net.seen[2, 0] = 9.0
    net.weight[7:10, 0] = torch.tensor([9.0, 0.0, 0.0])
    net.bias[7:10] = torch.tensor([0.0, 40.0, 0.0])
    G = GibbsGenerator(Same(), net, (0, 3), SHAPE)
    assert G.latent_dim == 1 + 2 * GIVEN_SWEEPS
    z = torch.randn(2_000, G.latent_dim, generator=torch.Generator().manual_seed(0))
    made = G(z, z[:, :0])
    places = net.places(made)
    assert (places[0] == 2).float().mean() == pytest.approx(0.5, abs=0.05)
    assert torch.equal(places[3], torch.where(places[0] == 2, 0, 1))
    assert torch.equal(made[:, 1:4], Same()(z, z)[:, 1:4])
    assert torch.equal(made, G(z, z[:, :0]))


def test_cells_that_are_given_stay(net: Conditionals) -> None:
    shape = Shape((7,), one_hot=(2, 3), cells=(1, 1, 2, 3))
    G = GibbsGenerator(Same(), net, (0, 2, 3), shape)
    z = torch.randn(200, G.latent_dim, generator=torch.Generator().manual_seed(0))
    wanted = rows(0.9)[0]
    bits = torch.tensor([1.0, 0, 0, 1])
    y = torch.cat([bits, wanted * bits[[0, 1, 2, 2, 3, 3, 3]]]).expand(200, -1)
    made = G(z, y)
    assert torch.equal(made[:, [0, 4, 5, 6]], wanted[[0, 4, 5, 6]].expand(200, -1))
    assert len(made[:, 2].unique()) == 2


def test_cells_with_a_choice_are_drawn_among_their_values(net: Conditionals) -> None:
    net.weight.zero_()
    net.bias[7:10] = torch.tensor([9.0, 0.0, 2.0])
    shape = Shape((7,), one_hot=(2, 3), cells=(1, 1, 2, 3))
    G = GibbsGenerator(Same(), net, (0, 3), shape)
    z = torch.randn(2_000, G.latent_dim, generator=torch.Generator().manual_seed(0))
    # The first number, and the second of three values of the last cell.
    y = torch.tensor([1.0, 0, 0, 1, -2, 0, 0, 0, 0, 1, 0]).expand(2_000, -1)
    choices = {0: torch.tensor([False, True, True]), 3: torch.tensor([False, True, True])}
    chosen = G.choosing(choices | {1: torch.ones(2, dtype=torch.bool)})(z, y)
    places = net.places(chosen)
    assert set(places[0].tolist()) == {1, 2}
    assert set(places[3].tolist()) == {1, 2}
    assert (places[3] == 2).float().mean() == pytest.approx(0.881, abs=0.03), "exp(2) : exp(0)"
    assert torch.equal(net.places(G(z, y))[[0, 3]], torch.tensor([[0], [1]]).expand(2, 2_000))


@pytest.mark.parametrize("always", [None, 3])
def test_cells_beside_given_ones_are_drawn_several_times(
    net: Conditionals, always: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[Tensor] = []
    real = GibbsGenerator.swept

    def count(self: GibbsGenerator, rows: Tensor, y: Tensor, uniform: Tensor) -> Tensor:
        swept.append(uniform)
        return real(self, rows, y, uniform)

    monkeypatch.setattr(GibbsGenerator, "swept", count)
    shape = Shape((7,), one_hot=(2, 3), cells=(1, 1, 2, 3), always=always)
    G = GibbsGenerator(Same(), net, (0, 2), shape)
    z = torch.randn(50, G.latent_dim, generator=torch.Generator().manual_seed(0))
    bits = torch.tensor([0.0, 0, 0, 1])
    y = torch.cat([bits, torch.tensor([0.0, 0, 0, 0, 1, 0, 0])]).expand(50, -1)
    made = G(z, y)
    assert torch.equal(made[:, 4:], y[:, -3:]), "the target is given, too"
    assert len(swept) == (GIVEN_SWEEPS if always is None else 1)
    assert all((one != two).all() for one, two in pairwise(swept))
    G(z, torch.zeros(50, 11))
    assert len(swept) == (GIVEN_SWEEPS if always is None else 1) + 1
