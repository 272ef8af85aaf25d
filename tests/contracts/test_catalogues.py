"""Every entry of every catalogue takes part in real training steps.

The tests are made from the dicts themselves: a new entry is tested as soon as it is named there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from sparring.config import Config
from sparring.data.batches import Batches
from sparring.kinds.catalogue import KINDS
from sparring.nets.base import Shape
from sparring.nets.catalogue import NETWORKS, build_networks
from sparring.nets.layers import ACTIVATIONS, OUTPUT_ACTIVATIONS
from sparring.nets.mlp import MLPGenerator
from sparring.objective.losses import LOSSES
from sparring.objective.objective import build_objective
from sparring.objective.penalties import PENALTIES
from sparring.train.optimizers import OPTIMIZERS
from sparring.train.runtime import PRECISIONS
from sparring.train.schedule import SCHEDULES
from sparring.train.trainer import Trainer

POINTS, IMAGES = Shape((2,), 3), Shape((1, 8, 8), 3)
STEPS = 4
SMALL: Mapping[str, Any] = {
    "network": "mlp", "width": 4, "depth": 2, "latent_dim": 3, "output_activation": "none",
    "gamma": 1.0, "gamma_decay": 0.1, "batch_size": 4, "learning_rate": 1e-3,
    "learning_rate_decay": 0.1, "ema_half_life_steps": 2.0, "precision": "fp32", "steps": STEPS,
    "engine": "eager",
}  # fmt: skip


def shapes_of(network: str) -> Shape:
    return POINTS if NETWORKS[network][0] is MLPGenerator else IMAGES


def train(shape: Shape, **settings: Any) -> None:
    """A few steps: everything stays finite, and both players have moved."""
    config = Config(**(SMALL | settings))
    G, D = build_networks(shape, config)
    rows = torch.rand((10, *shape.row), generator=torch.Generator().manual_seed(0))
    batches = Batches(
        (rows,), torch.arange(10) % 3, 3, lambda raw, _: raw[0], 4, torch.device("cpu"), 0
    )
    trainer = Trainer(G, D, build_objective(config), batches, config)
    before = [[p.detach().clone() for p in net.parameters()] for net in (G, D)]
    assert list(trainer.steps()) == list(range(1, STEPS + 1))
    assert trainer.healthy()
    assert all(math.isfinite(value) for value in trainer.record().values())
    for net, old in zip((G, D), before, strict=True):
        assert any(not torch.equal(p, q) for p, q in zip(net.parameters(), old, strict=True))
    y = torch.eye(3)
    fake = trainer.average.net(torch.zeros(3, G.latent_dim), y)
    assert fake.shape == (3, *shape.row)
    assert torch.isfinite(fake).all()
    assert torch.isfinite(D.eval()(fake, y)).all()


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("loss", LOSSES)
def test_losses(loss: str, network: str) -> None:
    train(shapes_of(network), loss=loss, network=network)


@pytest.mark.parametrize("loss", [name for name, loss in LOSSES.items() if loss.smooths])
def test_losses_with_smooth_labels(loss: str) -> None:
    train(POINTS, loss=loss, label_smoothing=0.1)


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_state_their_equation_and_source(loss: str) -> None:
    text = LOSSES[loss].__doc__ or ""
    assert "min" in text
    assert any(year in text for year in map(str, range(2014, 2100))), "no paper named"


@pytest.mark.parametrize("penalty", PENALTIES)
def test_penalties_have_a_docstring(penalty: str) -> None:
    assert type(PENALTIES[penalty]).__doc__


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("precision", [name for name, dtype in PRECISIONS.items() if dtype])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_penalties(penalty: str, precision: str, network: str) -> None:
    train(shapes_of(network), penalty=penalty, precision=precision, network=network)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("network", NETWORKS)
def test_penalties_of_a_spectrally_normed_critic_with_dropout(network: str, penalty: str) -> None:
    train(
        shapes_of(network), penalty=penalty, network=network,
        critic_spectral_norm=True, critic_dropout=0.3,
    )  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("penalty", [name for name, p in PENALTIES.items() if not p.mixes])
def test_packs(penalty: str, loss: str) -> None:
    train(POINTS, penalty=penalty, loss=loss, pac=2, candidates=1, stratified=False)


@pytest.mark.parametrize("network", NETWORKS)
def test_networks_for_images(network: str) -> None:
    for side in (8, 9):
        train(Shape((3, side, side), 3), network=network)


@pytest.mark.parametrize(
    "network", [name for name, (make, _) in NETWORKS.items() if make is MLPGenerator]
)
def test_networks_for_tables(network: str) -> None:
    train(Shape((6,), 3, (3, 1)), network=network)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_optimisers_and_schedules(optimizer: str, schedule: str) -> None:
    train(POINTS, optimizer=optimizer, schedule=schedule, momentum=0.5)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_activations(network: str, activation: str) -> None:
    train(
        shapes_of(network), network=network, activation=activation, critic_activation=activation
    )


@pytest.mark.parametrize("activation", OUTPUT_ACTIVATIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_output_activations(network: str, activation: str) -> None:
    train(shapes_of(network), network=network, output_activation=activation)


@pytest.mark.parametrize("kind", KINDS)
def test_the_defaults_of_a_kind_resolve_every_setting_that_training_needs(kind: str) -> None:
    config = Config().with_defaults(KINDS[kind].defaults)
    shape = IMAGES if kind == "image" else POINTS
    config = config.replace(
        {"width": 4, "batch_size": 4, "precision": "fp32", "engine": "eager", "steps": STEPS}
    )
    train(shape, **config.as_dict())
