"""Trainers of tiny networks on a few rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from sparring.config import Config
from sparring.data.batches import Batches
from sparring.nets.base import Shape
from sparring.nets.catalogue import build_networks
from sparring.objective.objective import build_objective
from sparring.train.trainer import Trainer

MakeTrainer = Callable[..., Trainer]

TINY = {
    "network": "mlp", "width": 8, "depth": 2, "latent_dim": 3, "output_activation": "none",
    "gamma": 1.0, "gamma_decay": 0.1, "batch_size": 4, "learning_rate": 1e-2,
    "learning_rate_decay": 0.1, "ema_half_life_steps": 3.0, "precision": "fp32", "engine": "eager",
}  # fmt: skip


@pytest.fixture(scope="session")
def tiny() -> Config:
    """A resolved config of tiny networks, six steps long."""
    return Config(**TINY, steps=6)


@pytest.fixture(scope="session")
def make_trainer() -> MakeTrainer:
    """make_trainer(row=(2,), loss="hinge", ...): ten labelled rows and six steps ahead."""

    def make(row: tuple[int, ...] = (2,), **settings: object) -> Trainer:
        budget = {} if {"epochs", "minutes"} & settings.keys() else {"steps": 6}
        config = Config(**(TINY | budget | settings))
        G, D = build_networks(Shape(row, 3), config)
        random = torch.Generator().manual_seed(7)
        batches = Batches(
            (torch.randn(10, *row, generator=random),),
            torch.arange(10) % 3,
            3,
            # Randomness in the preparation of rows is a part of the state, too.
            lambda raw, r: raw[0] + 0.1 * torch.randn(raw[0].shape, generator=r),
            config.batch_size or 1,
            torch.device("cpu"),
            config.seed,
        )
        return Trainer(G, D, build_objective(config), batches, config)

    return make
