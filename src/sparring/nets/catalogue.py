"""Which architectures there are, and how to build a pair of them."""

from __future__ import annotations

from collections.abc import Callable

from sparring.config import Config
from sparring.errors import ConfigError, choose
from sparring.nets.critic import Critic, Generator, Shape
from sparring.nets.dcgan import DCGANCritic, DCGANGenerator
from sparring.nets.mlp import MLPCritic, MLPGenerator
from sparring.nets.resnet import ResNetCritic, ResNetGenerator


def build_networks(shape: Shape, config: Config) -> tuple[Generator, Critic]:
    """G and D for rows of `shape`, as a resolved config names them.

    Raises:
        ConfigError: an unknown network or activation, or a convolutional net for flat rows.
    """
    make_generator, make_critic = choose("network", str(config.network), NETWORKS)
    if len(shape.row) == 1 and make_generator is not MLPGenerator:
        flat = ", ".join(name for name, (G, _) in NETWORKS.items() if G is MLPGenerator)
        raise ConfigError(f"network {config.network!r} needs images; for points and tables: {flat}")
    return make_generator(shape, config), make_critic(shape, config)


Makers = tuple[Callable[[Shape, Config], Generator], Callable[[Shape, Config], Critic]]

NETWORKS: dict[str, Makers] = {
    "mlp": (MLPGenerator, MLPCritic),
    "residual-mlp": (MLPGenerator, MLPCritic),
    "dcgan": (DCGANGenerator, DCGANCritic),
    "resnet": (ResNetGenerator, ResNetCritic),
}
