from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.data.smoothing import Smoothed
from sparring.errors import ConfigError
from sparring.plan import plan

CPU = torch.device("cpu")


def as_it_is(raw: tuple[Tensor, ...], random: torch.Generator) -> Tensor:
    return raw[0]


def rows(n: int = 4_000) -> Tensor:
    """Two numbers that go together, far from 0 the second, and two categories."""
    x = torch.randn(n, generator=torch.Generator().manual_seed(0))
    y = 5 + 2 * x + torch.randn(n, generator=torch.Generator().manual_seed(1))
    return torch.stack([x, y, (x > 0).float(), (x <= 0).float()], dim=1)


@pytest.mark.parametrize("h", [0.1, 0.5, 0.9])
def test_mean_and_covariance_stay(h: float) -> None:
    x = rows()
    moved = Smoothed(as_it_is, (x,), [0, 1], h, 0, CPU)((x,), torch.Generator().manual_seed(2))
    assert torch.equal(moved[:, 2:], x[:, 2:])
    assert (moved[:, :2] - x[:, :2]).std(0).min() > 0.5 * h
    for part in (x[:, 2] >= 0, x[:, 2] == 1, x[:, 2] == 0):  # all, and those of a category
        was, now = x[part, :2], moved[part, :2]
        assert torch.allclose(now.mean(0), was.mean(0), atol=0.1)
        assert torch.allclose(torch.cov(now.T), torch.cov(was.T), rtol=0.1, atol=0.05)


def test_rows_on_a_line_stay_on_it() -> None:
    x = torch.linspace(-1, 1, 20)[:, None] * torch.tensor([[1.0, -3.0]])
    moved = Smoothed(as_it_is, (x,), [0, 1], 0.5, 0, CPU)((x,), torch.Generator().manual_seed(0))
    assert torch.allclose(moved[:, 1], -3 * moved[:, 0], atol=1e-3)
    assert not torch.allclose(moved, x, atol=0.1)


def test_one_row_stays_where_it_is() -> None:
    x = torch.tensor([[1.0, 2.0]])
    moved = Smoothed(as_it_is, (x,), [0, 1], 0.5, 0, CPU)((x,), torch.Generator().manual_seed(0))
    assert torch.equal(moved, x)


def test_they_move_anew_each_time_and_repeatably() -> None:
    x = rows(8)
    smoothed = Smoothed(as_it_is, (x,), [0, 1], 0.3, 0, CPU)
    random = torch.Generator().manual_seed(0)
    first, second = smoothed((x,), random), smoothed((x,), random)
    assert not torch.equal(first, second)
    assert torch.equal(first, smoothed((x,), torch.Generator().manual_seed(0)))


def table(n: int = 60) -> Dataset:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=n), "word": random.choice(list("ab"), n)})
    return Dataset(frame, name="rows")


@pytest.mark.parametrize("data", [table(), Dataset(np.random.default_rng(0).normal(size=(60, 2)))])
def test_batches_are_moved_if_asked(data: Dataset) -> None:
    def batch(h: float) -> Tensor:
        trainer = plan(data, Config(smoothing=h, steps=1, engine="eager", width=4)).build()
        return trainer.batches.next()[0]

    still, moved = batch(0.0), batch(0.3)
    assert still.shape == moved.shape
    assert not torch.allclose(still, moved, atol=0.05)


def test_a_table_without_numbers_has_nothing_to_move() -> None:
    frame = pd.DataFrame({"a": list("xyz") * 9, "b": list("uvw") * 9})
    plan(Dataset(frame), Config(smoothing=0.3, steps=1, engine="eager", width=4)).build()


def test_images_are_not_moved() -> None:
    images = np.zeros((8, 8, 8, 1), np.uint8)
    with pytest.raises(ConfigError, match="smoothing: only the numbers of points and tables"):
        plan(Dataset(images), Config(smoothing=0.3, steps=1))


def test_what_stays_tells_where_the_others_are_expected() -> None:
    x = rows()[:, [1, 2, 0, 3]]
    moved = Smoothed(as_it_is, (x,), [0], 0.9, 0, CPU)((x,), torch.Generator().manual_seed(2))
    assert torch.equal(moved[:, 1:], x[:, 1:])
    was, now = torch.cov(x.T), torch.cov(moved.T)
    assert torch.allclose(now[0], was[0], rtol=0.1, atol=0.1)


def test_numbers_of_a_few_values_do_not_move() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({
        "length": random.normal(size=80), "answer": random.integers(1, 6, 80),
        "kind": ["a", "b"] * 40, "code": random.integers(10, 13, 80).astype(float),
    })  # fmt: skip
    planned = plan(Dataset(frame), Config(threads=1, steps=2))
    assert planned.config.smoothing == 0.5
    assert list(planned.kind.continuous) == [0]
