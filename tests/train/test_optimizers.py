"""Optimisers: torch.optim's, and the same written in plain operations."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sparring.config import Config
from sparring.errors import ConfigError
from sparring.train.optimizers import OPTIMIZERS
from sparring.train.player import Player

SETTINGS: dict[str, Any] = {"momentum": 0.7, "beta1": 0.3, "beta2": 0.8}


def player(name: str, **settings: Any) -> Player:
    net = nn.Linear(3, 2)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[3.0, -2.0, 1.0], [0.5, -0.1, 4.0]]))
        net.bias.copy_(torch.tensor([-1.0, 2.0]))
    return Player(net, Config(optimizer=name, **(SETTINGS | settings)))


def slope(of: Player) -> tuple[Tensor, list[Tensor]]:
    """That of the sum of all squared parameters."""
    parameters = list(of.net.parameters())
    loss = sum(p.detach().square().sum() for p in parameters)
    assert isinstance(loss, Tensor)
    return loss, [2 * p.detach() for p in parameters]


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("recorded", [False, True])
def test_every_optimiser_descends_at_the_rate_it_is_given(name: str, recorded: bool) -> None:
    moves = []
    for rate in (0.0, 0.01, 0.02):
        one = player(name)
        one.recorded = recorded
        one.set_rates(rate, 0.9)
        before = one.net.weight.detach().clone()
        loss = one.descend(slope(one))
        assert loss.item() == pytest.approx(14 + 0.25 + 0.01 + 16 + 5)
        moves.append(before - one.net.weight.detach())
    assert not moves[0].any()
    assert (moves[1] * before > 0).all(), "towards zero"
    torch.testing.assert_close(moves[2], 2 * moves[1])


@pytest.mark.parametrize("momentum", [0.0, 0.7])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_both_forms_of_an_optimiser_go_the_same_way(name: str, momentum: float) -> None:
    library, plain = player(name, momentum=momentum), player(name, momentum=momentum)
    plain.recorded = True
    for step in range(20):
        for one in (library, plain):
            one.set_rates(0.1 / (step + 1), 0.8 + 0.01 * step if name == "adam" else 0.8)
            one.descend(slope(one))
    torch.testing.assert_close(plain.vector, library.vector, rtol=1e-5, atol=1e-6)
    assert plain.state_dict().keys() == library.state_dict().keys()


def test_adam_by_hand() -> None:
    one = player("adam", beta1=0.0, beta2=0.9)
    one.set_rates(0.1, 0.9)
    one.descend(slope(one))
    # The first step of Adam is the rate, whatever the gradient's size.
    expected = torch.tensor([[2.9, -1.9, 0.9], [0.4, 0.0, 3.9]])
    torch.testing.assert_close(one.net.weight.detach(), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_player_is_resumed(name: str) -> None:
    first, second = player(name), player(name)
    for one in (first, second):
        one.set_rates(0.1, 0.9)
    first.descend(slope(first))
    second.load_state_dict(first.state_dict())
    for one in (first, second):
        one.descend(slope(one))
    assert torch.equal(first.vector, second.vector)


def test_a_state_is_of_its_moment() -> None:
    one = player("adam")
    one.set_rates(0.1, 0.9)
    state = one.state_dict()
    kept = {name: value.clone() for name, value in state.items()}
    one.descend(slope(one))
    assert all(torch.equal(state[name], kept[name]) for name in kept)


def test_the_parameters_live_in_one_vector_and_apart() -> None:
    one = player("sgd")
    inside = torch.cat([p.detach().flatten() for p in one.net.parameters()])
    assert set(inside.tolist()) <= set(one.vector.tolist())
    with torch.no_grad():
        one.vector.zero_()
    assert not any(p.any() for p in one.net.parameters())
    starts = [p.data_ptr() - one.vector.data_ptr() for p in one.net.parameters()]
    assert starts == [0, 64]


def test_an_unknown_optimiser_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown optimizer 'adan'; did you mean 'adam'"):
        player("adan")
