"""Fitting what a Gibbs sweep draws by."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from sparring import refine
from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, DivergedError
from sparring.evaluate.tables import shape_error, trend_error
from sparring.fit import fit
from sparring.model import Model
from sparring.nets.base import Generator
from sparring.nets.gibbs import Conditionals, GibbsGenerator, Steps
from sparring.nets.selective import CalibratedGenerator, SelectiveGenerator
from sparring.plan import plan
from sparring.sample import sample
from sparring.select import finished

SMALL = Config(
    steps=3, width=8, depth=1, latent_dim=2, batch_size=16, threads=1, engine="eager",
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def brief() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refine, "UPDATES", 60)
        patch.setattr(refine, "RATE", 0.02)
        yield


def frame(n: int = 700) -> pd.DataFrame:
    """Two columns that an untrained G does not know to depend on each other."""
    random = np.random.default_rng(0)
    x = random.normal(size=n)
    return pd.DataFrame({"x": x, "sign": np.where(x + 0.1 * random.normal(size=n) > 0, "+", "-")})


@pytest.fixture(scope="module")
def model() -> Model:
    return fit(plan(Dataset(frame(), name="frame"), SMALL))


class Independent(Generator):
    """A number and a category that know nothing of each other."""

    latent_dim = 2

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))  # tells the device

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        first = (z[:, 1] > 0.5).float()
        return torch.stack([z[:, 0], first, 1 - first], dim=1)


def test_cells_that_are_drawn_go_with_the_others_as_in_training_rows(model: Model) -> None:
    train = Dataset(frame(), name="frame")
    before = replace(model, G=Independent())
    after = replace(before, G=finished(before, train))
    assert isinstance(after.G, GibbsGenerator)
    rows = [sample(m, 2_000, seed=1).x for m in (before, after)]
    errors = [trend_error(train.x, x) for x in rows]
    assert errors[0] > 0.35
    assert errors[1] < 0.1
    # Their shares are those of training rows.
    assert shape_error(train.x[["sign"]], rows[0][["sign"]]) > 0.1
    assert shape_error(train.x[["sign"]], rows[1][["sign"]]) < 0.03


def test_numbers_come_as_training_rows_have_them(model: Model) -> None:
    drawn = sample(model, 4000, seed=2).x["x"]
    assert shape_error(frame()[["x"]], drawn.to_frame()) < 0.08


def test_a_saved_model_draws_as_before(model: Model, tmp_path: Path) -> None:
    assert isinstance(model.G, GibbsGenerator)
    model.save(tmp_path)
    again = Model.load(tmp_path)
    assert isinstance(again.G, GibbsGenerator)
    assert again.G.cells == model.G.cells
    pd.testing.assert_frame_equal(sample(model, 40).x, sample(again, 40).x)


def test_the_same_run_draws_the_same(model: Model) -> None:
    again = fit(plan(Dataset(frame(), name="frame"), SMALL))
    pd.testing.assert_frame_equal(sample(model, 40).x, sample(again, 40).x)


def test_a_condition_is_obeyed_all_the_same() -> None:
    table = frame().assign(group=np.where(np.arange(700) % 3, "a", "b"))
    model = fit(plan(Dataset(table, name="frame"), SMALL.replace({"target": "sign"})))
    assert isinstance(model.G, GibbsGenerator)
    drawn = sample(model, 30, y="+").x
    assert set(drawn["sign"]) == {"+"}


def test_cells_that_are_asked_for_go_with_each_other() -> None:
    random = np.random.default_rng(0)
    one = random.choice(list("abc"), 700)
    table = pd.DataFrame({"one": one, "two": np.where(random.random(700) < 0.05, "b", one)})
    model = fit(plan(Dataset(table, name="table"), SMALL))
    where = {"one": ["a", "b"], "two": ["b", "c"]}
    real = table[table["one"].isin(where["one"]) & table["two"].isin(where["two"])]
    assert (real["one"] == real["two"]).mean() > 0.9
    asked = model.kind.ask(400, where=where)
    drawn = sample(model, 400, asked=asked).x
    assert model.kind.obeyed(where, Dataset(drawn)).all()
    assert (drawn["one"] == drawn["two"]).mean() > 0.6
    drawn = sample(replace(model, G=model.G.base), 400, asked=asked).x
    assert (drawn["one"] == drawn["two"]).mean() < 0.3, "cells that were drawn one by one"
    # What is given without a choice stays.
    few = sample(model, 400, asked=model.kind.ask(400, where={"one": "a", "two": ["b", "c"]})).x
    assert set(few["one"]) == {"a"}
    assert set(few["two"]) <= {"b", "c"}


@pytest.mark.parametrize(("rows", "changes"), [(700, {"gibbs_sweep": False}), (400, {})])
def test_without_a_sweep_or_with_few_rows_cells_stay(rows: int, changes: dict[str, bool]) -> None:
    model = fit(plan(Dataset(frame(rows), name="frame"), SMALL.replace(changes)))
    assert isinstance(model.G, CalibratedGenerator)


def test_candidates_of_a_table_are_chosen_by_the_critic(tmp_path: Path) -> None:
    model = fit(plan(Dataset(frame(400), name="frame"), SMALL.replace({"candidates": 2})))
    assert isinstance(model.G, CalibratedGenerator)
    assert isinstance(model.G.base, SelectiveGenerator)
    model.save(tmp_path)
    pd.testing.assert_frame_equal(sample(model, 9).x, sample(Model.load(tmp_path), 9).x)


def test_where_g_knows_as_much_no_cell_is_drawn() -> None:
    random = torch.Generator().manual_seed(0)
    first = torch.randint(2, (20_700,), generator=random)
    other = torch.where(torch.rand(20_700, generator=random) < 0.3, 1 - first, first)
    x = torch.cat([torch.eye(2)[first], torch.eye(2)[other]], dim=1)
    net = Conditionals(Steps((), (), (2, 2)), 128)
    net.reset(random)
    assert refine.fitted(net, x[700:], x[:700], (0, 1), random) == ()


def test_training_rows_teach_for_as_long_as_it_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    decays, random = [], torch.Generator().manual_seed(0)

    def worse(net: Conditionals, rows: Tensor, cells: tuple[int, ...], decay: float, _: object):
        for _ in range(9 if decay == refine.G_DECAY else 99):
            decays.append(decay)
            if decay == refine.DECAY:
                net.bias.data[0] += 0.02  # each round a little worse
            yield

    monkeypatch.setattr(refine, "descent", worse)
    x = torch.eye(2)[torch.randint(2, (700,), generator=random)].repeat(1, 2)
    net = Conditionals(Steps((), (), (2, 2)), 128)
    net.reset(random)
    refine.fitted(net, x, x, (0, 1), random)
    assert decays[:9] == [refine.G_DECAY] * 9
    assert 2 <= len(decays[9:]) < 99
    assert net.bias[0] == 0


def test_a_table_of_too_many_values_is_left_as_it_is(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refine, "MOST_VALUES", 20)
    made = finished(replace(model, G=Independent()), Dataset(frame(), name="frame"))
    assert isinstance(made, CalibratedGenerator)


class Lost(Independent):
    """Rows that are not finite."""

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return super().forward(z, y) * math.nan


def test_rows_that_are_not_finite_are_told_to_who_samples(model: Model) -> None:
    lost = replace(model, G=Lost())
    lost.G = finished(lost, Dataset(frame(), name="frame"))
    with pytest.raises(DivergedError, match="not finite"):
        sample(lost, 10)


def test_a_sweep_is_for_tables() -> None:
    with pytest.raises(ConfigError, match="gibbs_sweep: only cells of tables"):
        plan(Dataset(np.eye(9), name="points"), SMALL.replace({"gibbs_sweep": True}))
