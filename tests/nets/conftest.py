"""Small networks by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sparring.config import Config
from sparring.nets.base import Critic, Generator, Shape
from sparring.nets.catalogue import build_networks

Build = Callable[..., tuple[Generator, Critic]]


@pytest.fixture(scope="session")
def build() -> Build:
    """build(Shape(...), network="mlp", ...): G and D, a few units wide."""

    def make(shape: Shape, **settings: object) -> tuple[Generator, Critic]:
        small = {
            "network": "mlp", "width": 4, "depth": 2, "latent_dim": 3, "batch_size": 5,
            "output_activation": "none",
        }  # fmt: skip
        return build_networks(shape, Config(**(small | settings)))

    return make
