"""The numbers of the check-up, against closed forms and other libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance
from sklearn.metrics import roc_auc_score
from torch import Tensor

from sparring.train import signs


def normal(n: int, d: int = 2, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def random() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def ruler(real: Tensor, between: Tensor | None = None, cells: int = 8) -> signs.Ruler:
    half = len(real) // 2
    between = signs.apart(real) if between is None else between
    return signs.Ruler.of(real, real[:half], real[half:], between, cells, 16, random())


def test_preference_is_the_area_under_the_roc_curve() -> None:
    a, b = normal(50, 1)[:, 0].round(decimals=1), normal(70, 1, 1)[:, 0].round(decimals=1) - 0.3
    truth = np.repeat([1, 0], [50, 70])
    assert signs.preference(a, b) == pytest.approx(
        roc_auc_score(truth, torch.cat([a, b]).numpy()), abs=1e-6
    )
    assert signs.preference(a, a) == pytest.approx(0.5)


def test_distances_between_rows() -> None:
    square = torch.tensor([[0.0, 0], [1, 0], [0, 1], [1, 1]])
    assert signs.mean_distance(square) == pytest.approx((4 + 2 * math.sqrt(2)) / 6)
    assert signs.mean_distance(square[:1]) == 0
    assert signs.mean_size(torch.tensor([[3.0, 4], [0, 0]])) == 2.5
    assert signs.nearest(torch.tensor([[3.0, 4], [1, 1]]), square).tolist() == pytest.approx(
        [math.sqrt(13), 0]
    )


@pytest.mark.parametrize("m", [60, 45])
def test_the_sliced_distance_is_the_mean_of_those_in_one_dimension(m: int) -> None:
    a, b = normal(60, 3), normal(m, 3, 1) + 0.5
    towards = torch.eye(3)
    expected = np.mean([wasserstein_distance(a[:, i], b[:, i]) for i in range(3)])
    # Of sets of two sizes, the quantiles are read off at steps.
    assert signs.sliced_distance(a, b, towards) == pytest.approx(
        expected, abs=1e-6 if m == 60 else 0.02
    )


def test_cells_find_groups_and_their_shares() -> None:
    corners = 10 * torch.tensor([[0.0, 0], [0, 1], [1, 0]])
    rows = corners.repeat_interleave(torch.tensor([60, 30, 10]), dim=0) + 0.1 * normal(100)
    centres = signs.centres_of(rows, 3, random())
    assert sorted(signs.shares(rows, centres).tolist()) == pytest.approx([0.1, 0.3, 0.6])
    assert signs.entropy(torch.tensor([0.5, 0.5, 0.0])) == pytest.approx(math.log(2))
    repeated = signs.centres_of(torch.zeros(10, 2), 4, random())  # fewer different rows than cells
    assert torch.isfinite(repeated).all()


def test_neighbours_tell_sets_apart() -> None:
    a, b = normal(200), normal(200, seed=1)
    assert signs.neighbour_accuracy(a, b) == pytest.approx(0.5, abs=0.08)
    assert signs.neighbour_accuracy(a, b + 20) == 1
    assert signs.neighbour_accuracy(a, a + 1e-4) < 0.05


def test_a_ruler_measures_real_rows_as_real() -> None:
    found = ruler(normal(400)).measure(normal(400, seed=1))
    assert found["spread"] == pytest.approx(1, abs=0.1)
    assert found["cell_entropy"] == pytest.approx(1, abs=0.05)
    assert found["cells_missed"] == 0
    assert found["distance"] < 3


def test_a_ruler_sees_a_collapse_and_a_lost_part() -> None:
    real = torch.cat([normal(300), normal(100, seed=1) + 20])
    real = real[torch.randperm(400, generator=random())]
    whole = ruler(real)
    point = whole.measure(real[:1].expand(400, 2) + 0.01 * normal(400))
    assert point["spread"] < 0.01
    assert point["cell_entropy"] == pytest.approx(0, abs=0.4)
    assert point["distance"] > 3
    part = whole.measure(normal(400, seed=2))
    assert part["cells_missed"] == pytest.approx(0.25)


def test_a_constant_column_measures_nothing() -> None:
    found = ruler(torch.zeros(40, 2)).measure(normal(40))
    assert math.isnan(found["spread"])
    assert math.isnan(found["distance"])


def test_copies_lie_nearer_than_new_rows_do() -> None:
    train, new = normal(300), normal(300, seed=1)
    for between in (signs.nearest(new, train), signs.apart(train)):
        usual = ruler(train, between)
        fresh = signs.copying(normal(300, seed=2), train, usual)
        assert fresh["nearness"] == pytest.approx(1, abs=0.2)
        assert fresh["copies"] < 0.1
        copied = signs.copying(torch.cat([train[:150], new[:150]]), train, usual)
        assert copied["copies"] == pytest.approx(0.55, abs=0.05)
    for nothing in (signs.nearest(train, train), signs.apart(train[:1])):
        assert signs.copying(train, train, ruler(train, nothing)) == {}


def test_a_row_is_as_far_from_the_nearest_other_one_as_it_is() -> None:
    rows = torch.tensor([[0.0, 0.0], [3.0, 4.0], [3.0, 4.0], [0.0, 2.0]])
    assert signs.apart(rows).tolist() == [2.0, 0.0, 0.0, 2.0]
    assert signs.apart(1e3 + rows.repeat(30, 1)).eq(0).all()  # to the bit
