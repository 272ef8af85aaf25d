"""Fitting what a selective G chooses by."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, DivergedError
from sparring.fit import fit
from sparring.model import Model
from sparring.nets.base import Critic, Generator
from sparring.nets.selective import CellScore, MatchedGenerator, SelectiveGenerator
from sparring.plan import plan
from sparring.sample import sample
from sparring.select import LEAST_POINTS, cell_score, finished

SMALL = Config(
    steps=3, width=8, depth=1, latent_dim=2, batch_size=16, candidates=4, threads=1, engine="eager",
)  # fmt: skip


class Uniform(Generator):
    """A number between 0 and 1."""

    latent_dim = 1

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return torch.special.ndtr(z)


class Slope(Critic):
    """A logit by which rows at 1 are e^2 times too rare."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return 2 * x[:, 0]


def test_points_are_chosen_by_the_critic() -> None:
    model = fit(plan(Dataset(np.random.default_rng(0).normal(size=(50, 1)), name="points"), SMALL))
    assert isinstance(model.G, SelectiveGenerator)
    assert isinstance(model.G.score, type(model.D))
    drawn = finished(replace(model, G=Uniform(), D=Slope()), Dataset(np.eye(2), name="none"))
    z = torch.randn(40_000, drawn.latent_dim, generator=torch.Generator().manual_seed(0))
    x = drawn(z, z[:, :0])[:, 0]
    # The mean under the density 2 exp(2x) / (e^2 - 1), nearly reached with four candidates.
    e2 = math.exp(2)
    assert x.mean() == pytest.approx((e2 + 1) / (e2 - 1) / 2, abs=0.05)


class Lopsided(Generator):
    """A point near 0 four times of five, else near 1."""

    latent_dim = 2

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))  # tells the device

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return (torch.special.ndtr(z[:, :1]) > 0.8).float() + 0.01 * z[:, 1:]


class Unsure(Critic):
    """A logit that says nothing."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return 0 * x[:, 0]


@pytest.mark.parametrize(("rows", "share"), [(20_000, 0.45), (LEAST_POINTS - 1, 0.2)])
def test_regions_of_points_come_near_the_shares_of_many_training_points(
    rows: int, share: float
) -> None:
    model = fit(plan(Dataset(np.random.default_rng(0).normal(size=(50, 1)), name="points"), SMALL))
    half = (np.arange(rows) % 2)[:, None] + 0.01 * np.random.default_rng(1).normal(size=(rows, 1))
    encoded = half * model.kind.scale + model.kind.mean  # type: ignore[attr-defined]
    drawn = finished(replace(model, G=Lopsided(), D=Unsure()), Dataset(encoded, name="half"))
    z = torch.randn(20_000, drawn.latent_dim, generator=torch.Generator().manual_seed(0))
    made = drawn(z, z[:, :0])[:, 0]
    assert (made > 0.5).float().mean() == pytest.approx(share, abs=0.03)


class Normal(Generator):
    """A coordinate that is off by one deviation."""

    latent_dim = 1

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))  # tells the device

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return z - 1


class Timid(Critic):
    """A tenth of the logarithm of real over fake density, but for a constant."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return 0.1 * x[:, 0]


def test_the_logit_of_a_timid_critic_is_scaled_up() -> None:
    points = np.random.default_rng(0).normal(size=(LEAST_POINTS, 1))
    model = fit(plan(Dataset(points, name="points"), SMALL))
    score = cell_score(replace(model, G=Normal(), D=Timid()), Dataset(points, name="points"), 4)
    assert score.scale > 3


class Early(Normal):
    """Points that D tells from the real ones, all of them."""

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return super().forward(z, y) + 20


def test_an_early_generator_has_its_points_chosen_by_the_critic_alone() -> None:
    data = Dataset(np.random.default_rng(0).normal(size=(LEAST_POINTS, 1)), name="points")
    model = fit(plan(data, SMALL))
    score = cell_score(replace(model, G=Early(), D=Timid()), data, 4)
    assert score.scale == 1
    assert not score.weights.any()


class Overflowing(Normal):
    """Points that are not finite."""

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return z / 0


def test_points_that_are_not_finite_are_told_to_who_samples() -> None:
    points = np.random.default_rng(0).normal(size=(LEAST_POINTS, 1))
    model = fit(plan(Dataset(points, name="points"), SMALL))
    model = replace(model, G=Overflowing())
    model = replace(model, G=finished(model, Dataset(points, name="points")))
    with pytest.raises(DivergedError, match="not finite"):
        sample(model, 10)


@pytest.mark.parametrize("rows", [50, LEAST_POINTS])
def test_points_chosen_by_the_critic_are_the_same_from_a_file(rows: int, tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(size=(rows, 2))
    config = SMALL.replace({"holdout": 0.0})
    model = fit(plan(Dataset(points, y=np.arange(rows) % 2, name="points"), config))
    model.save(tmp_path)
    again = Model.load(tmp_path)
    assert isinstance(again.G, SelectiveGenerator)
    assert isinstance(again.G.score, CellScore) == (rows == LEAST_POINTS)
    np.testing.assert_array_equal(sample(model, 30, y=1).x, sample(again, 30, y=1).x)


class Dull(Generator):
    """Images of greys about one, or where that would be light, white."""

    latent_dim = 3 * 8 * 8

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))  # tells the device

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        x = z.view(len(z), -1, 8, 8)
        return torch.where(x > 1, 1.0, 0.3 * torch.tanh(x) - 0.2)


def images(channels: int) -> Dataset:
    """Few values, a third of them 0, not the same in each channel."""
    random = np.random.default_rng(0)
    values = np.stack([random.choice([0, 40 + c, 200], (60, 8, 8)) for c in range(channels)], -1)
    return Dataset(values.astype(np.uint8), name="few colours")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("scaling", ["symmetric", "min-max"])
def test_pixels_have_the_values_of_training_images_each_as_often(
    channels: int, scaling: str
) -> None:
    rows = images(channels)
    config = SMALL.replace({"candidates": 1, "network": "mlp", "scaling": scaling, "holdout": 0.0})
    model = fit(plan(rows, config))
    assert isinstance(model.G, MatchedGenerator)
    base = Dull()
    base.latent_dim = channels * 64
    made = sample(replace(model, G=finished(replace(model, G=base), rows)), 400).x
    for c in range(channels):
        values, counts = np.unique(made[..., c], return_counts=True)
        assert values.tolist() == [0, 40 + c, 200]
        assert counts / counts.sum() == pytest.approx([1 / 3] * 3, abs=0.03)


def test_a_white_that_is_too_frequent_stays_white() -> None:
    rows = images(1)
    rows.x[:, 0, 0] = 255
    model = fit(plan(rows, SMALL.replace({"candidates": 1, "network": "mlp", "holdout": 0.0})))
    base = Dull()
    base.latent_dim = 64
    G = finished(replace(model, G=base), rows)
    z = torch.randn(200, 64, generator=torch.Generator().manual_seed(0))
    white = base(z, z[:, :0]) == 1
    assert white.float().mean() > 0.1
    assert (G(z, z[:, :0])[white] == 1).all()


def test_images_are_left_as_they_are_if_asked_for_or_not_finite() -> None:
    config = SMALL.replace({"candidates": 1, "network": "mlp"})
    model = fit(plan(images(1), config.replace({"match_histogram": False})))
    assert not isinstance(model.G, MatchedGenerator)
    broken = deepcopy(model.G)
    for weight in broken.parameters():
        weight.fill_(torch.nan)
    matching = replace(model, G=broken, config=model.config.replace({"match_histogram": True}))
    assert finished(matching, images(1)) is broken


def test_only_images_have_pixels() -> None:
    with pytest.raises(ConfigError, match="match_histogram: only images"):
        plan(Dataset(np.eye(9), name="points"), SMALL.replace({"match_histogram": True}))


def test_matched_images_are_the_same_from_a_file(tmp_path: Path) -> None:
    model = fit(plan(images(3), SMALL.replace({"candidates": 1, "network": "mlp"})))
    model.save(tmp_path)
    assert np.array_equal(sample(Model.load(tmp_path), 20).x, sample(model, 20).x)
