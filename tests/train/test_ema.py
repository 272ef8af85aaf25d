"""The running average of a net."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sparring.train.ema import AveragedModel
from sparring.train.player import FlatParameters


def net(value: float) -> nn.Sequential:
    made = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    fill(made, value)
    return made


def fill(made: nn.Module, value: float) -> None:
    with torch.no_grad():
        for p in made.parameters():
            p.fill_(value)


def test_the_average_is_the_weighted_sum_of_what_was() -> None:
    live = net(1.0)
    average = AveragedModel(live, FlatParameters(live).vector)
    w = 0.3
    values = [4.0, -2.0, 7.0, 0.5]
    for value in values:
        fill(live, value)
        average.update(w)
    n = len(values)
    expected = (1 - w) ** n + sum(w * (1 - w) ** (n - 1 - i) * v for i, v in enumerate(values))
    for p in average.net.parameters():
        torch.testing.assert_close(p, torch.full_like(p, expected))


def test_a_half_life_is_the_time_to_half_way() -> None:
    live = net(0.0)
    average = AveragedModel(live, FlatParameters(live).vector)
    fill(live, 1.0)
    for _ in range(50):
        average.update(1 - 0.5 ** (1 / 50))
    for p in average.net.parameters():
        torch.testing.assert_close(p, torch.full_like(p, 0.5))


@pytest.mark.parametrize(("weight", "value"), [(0.0, 1.0), (1.0, 5.0)])
def test_the_ends_of_the_weight(weight: float, value: float) -> None:
    live = net(1.0)
    average = AveragedModel(live, FlatParameters(live).vector)
    fill(live, 5.0)
    average.update(weight)
    assert all((p == value).all() for p in average.net.parameters())


def test_buffers_are_copied() -> None:
    live = net(1.0)
    average = AveragedModel(live, FlatParameters(live).vector)
    live(torch.randn(8, 2, generator=torch.Generator().manual_seed(0)))
    average.update(0.1)
    pairs = zip(average.net.buffers(), live.buffers(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert average.net[1].num_batches_tracked == 1


def test_the_averaged_net_is_apart_in_eval_mode_and_without_gradients() -> None:
    live = net(1.0)
    average = AveragedModel(live, FlatParameters(live).vector)
    fill(live, 2.0)
    assert all((p == 1).all() for p in average.net.parameters())
    assert not average.net.training
    assert live.training
    assert not any(p.requires_grad for p in average.net.parameters())
    assert all(p.requires_grad for p in live.parameters())
