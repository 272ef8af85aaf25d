"""Optimisers under moving settings."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from sparring.config import Config
from sparring.errors import ConfigError
from sparring.train.optimizers import OPTIMIZERS, build_optimizer, set_rates


def parameter() -> nn.Parameter:
    return nn.Parameter(torch.tensor([3.0, -2.0]))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser_descends_at_the_rate_it_is_given(name: str, tiny: Config) -> None:
    moves = []
    for rate in (0.0, 0.01, 0.02):
        weight = parameter()
        optimizer = build_optimizer([weight], dataclasses.replace(tiny, optimizer=name))
        set_rates(optimizer, rate, 0.9)
        assert {group["lr"] for group in optimizer.param_groups} == {rate}
        weight.square().sum().backward()
        optimizer.step()
        moves.append((parameter() - weight).detach())
    assert not moves[0].any()
    assert (moves[1] * parameter() > 0).all(), "towards zero"
    torch.testing.assert_close(moves[2], 2 * moves[1])


def test_adam_takes_its_betas(tiny: Config) -> None:
    config = dataclasses.replace(tiny, beta1=0.3, beta2=0.8)
    optimizer = build_optimizer([parameter()], config)
    assert optimizer.param_groups[0]["betas"] == (0.3, 0.8)
    set_rates(optimizer, 0.1, 0.95)
    assert optimizer.param_groups[0]["betas"] == (0.3, 0.95)


def test_sgd_takes_its_momentum_and_rmsprop_its_decay(tiny: Config) -> None:
    config = dataclasses.replace(tiny, optimizer="sgd", momentum=0.7)
    assert build_optimizer([parameter()], config).param_groups[0]["momentum"] == 0.7
    config = dataclasses.replace(tiny, optimizer="rmsprop", beta2=0.8)
    assert build_optimizer([parameter()], config).param_groups[0]["alpha"] == 0.8


def test_an_unknown_optimiser_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown optimizer 'adan'; did you mean 'adam'"):
        build_optimizer([parameter()], Config(optimizer="adan"))
