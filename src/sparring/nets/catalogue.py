"""Which architectures there are, and how to build a pair of them."""

from __future__ import annotations

from collections.abc import Callable

import torch

from sparring.config import Config, resolved
from sparring.errors import ConfigError, choose
from sparring.nets.base import Critic, Generator, Shape
from sparring.nets.dcgan import DCGANCritic, DCGANGenerator
from sparring.nets.embedding import EmbeddingDCGANCritic, EmbeddingDCGANGenerator
from sparring.nets.mlp import MLPCritic, MLPGenerator
from sparring.nets.resnet import ResNetCritic, ResNetGenerator


def build_networks(shape: Shape, config: Config) -> tuple[Generator, Critic]:
    """G and D for rows of `shape`, as a resolved config names them, drawn from its seed.

    Raises:
        ConfigError: an unknown network or activation, a convolutional net for flat rows or with
            what only MLPs have (output noise, packs, a bottleneck, D's own depth), batch
            normalisation of batches of one, or a setting that is not resolved.
    """
    make_generator, make_critic = choose("network", resolved(config.network, "network"), NETWORKS)
    if len(shape.row) == 1 and make_generator is not MLPGenerator:
        raise ConfigError(
            f"network {config.network!r} needs images; for points and tables: "
            f"{', '.join(PERCEPTRONS)}"
        )
    if config.output_noise and make_generator is not MLPGenerator:
        raise ConfigError(f"output_noise: network {config.network!r} has none; MLPs do")
    if make_critic is not MLPCritic:
        if config.pac > 1:
            raise ConfigError(f"pac: D of network {config.network!r} is of one row; MLPs have it")
        for name in ("critic_bottleneck", "critic_depth"):
            if getattr(config, name):
                raise ConfigError(f"{name}: D of network {config.network!r} has none; MLPs do")
    if config.batch_size == 1 and (config.generator_batch_norm or config.critic_batch_norm):
        raise ConfigError("batch normalisation needs a batch_size of at least 2, got 1")
    # Layers know only torch's global random numbers: lend them ours, on the CPU, then restore.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(config.seed)
        return make_generator(shape, config), make_critic(shape, config)


Makers = tuple[Callable[[Shape, Config], Generator], Callable[[Shape, Config], Critic]]

NETWORKS: dict[str, Makers] = {
    "mlp": (MLPGenerator, MLPCritic),
    "residual-mlp": (MLPGenerator, MLPCritic),
    "dcgan": (DCGANGenerator, DCGANCritic),
    "embedding-dcgan": (EmbeddingDCGANGenerator, EmbeddingDCGANCritic),
    "resnet": (ResNetGenerator, ResNetCritic),
}
PERCEPTRONS = tuple(name for name, (G, _) in NETWORKS.items() if G is MLPGenerator)  # for any rows
