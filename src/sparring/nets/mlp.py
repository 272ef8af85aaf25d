"""Multi-layer perceptrons for rows of any shape: plain, and residual without normalisation."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from sparring.config import Config
from sparring.errors import choose
from sparring.nets.critic import Critic, Generator, Shape
from sparring.nets.heads import OneHotHead
from sparring.nets.layers import ACTIVATIONS, OUTPUT_ACTIVATIONS, spectrally_normed, zero_


class Block(nn.Module):
    """x + Linear(f(Linear(f(x)))), the second Linear started at zero (R3GAN's block, flat)."""

    def __init__(self, width: int, activation: str) -> None:
        super().__init__()
        act = ACTIVATIONS[activation]
        self.change = nn.Sequential(
            act(width), nn.Linear(width, width), act(width), zero_(nn.Linear(width, width))
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.change(x)


def plain_body(
    inputs: int, outputs: int, width: int, depth: int, activation: str,
    *, batch_norm: bool = False, dropout: float = 0.0,
) -> nn.Sequential:  # fmt: skip
    """`depth` hidden layers of `width` units: Linear [batch norm] activation [dropout]."""
    act = choose("activation", activation, ACTIVATIONS)
    layers: list[nn.Module] = []
    for i in range(depth):
        layers.append(nn.Linear(width if i else inputs, width))
        layers += [nn.BatchNorm1d(width)] if batch_norm else []
        layers.append(act(width))
        layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def residual_body(
    inputs: int, outputs: int, width: int, depth: int, activation: str,
    *, batch_norm: bool = False, dropout: float = 0.0,
) -> nn.Sequential:  # fmt: skip
    """Linear, `depth` residual blocks, activation, Linear."""
    act = choose("activation", activation, ACTIVATIONS)
    layers: list[nn.Module] = [nn.Linear(inputs, width)]
    for _ in range(depth):
        layers += [nn.BatchNorm1d(width)] if batch_norm else []
        layers.append(Block(width, activation))
        layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, act(width), nn.Linear(width, outputs))


BODIES = {"mlp": plain_body, "residual-mlp": residual_body}


class MLPGenerator(Generator):
    """G: [z, y] through an MLP, shaped like a row; a part of z is the noise of the one-hot head."""

    def __init__(self, shape: Shape, config: Config) -> None:
        super().__init__()
        self.row = shape.row
        width = math.prod(shape.row)
        self.head = OneHotHead(width - sum(shape.one_hot), shape.one_hot)
        self.body_dim = int(config.latent_dim or 1)
        self.latent_dim = self.body_dim + self.head.noise_dim
        self.output = choose("output_activation", config.output_activation, OUTPUT_ACTIVATIONS)()
        self.body = BODIES[str(config.network)](
            self.body_dim + shape.conditions, width, int(config.width or 1),
            int(config.depth or 1), config.activation,
            batch_norm=bool(config.generator_batch_norm),
        )  # fmt: skip

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        z, noise = z.split([self.body_dim, self.head.noise_dim], dim=1)
        raw = self.output(self.body(torch.cat([z, y], dim=1)))
        return self.head(raw, noise).unflatten(1, self.row)


class MLPCritic(Critic):
    """D: [x, y] through an MLP."""

    def __init__(self, shape: Shape, config: Config) -> None:
        super().__init__()
        self.batch_norm = config.critic_batch_norm
        body = BODIES[str(config.network)](
            math.prod(shape.row) + shape.conditions, 1,
            int(config.critic_width or config.width or 1),
            int(config.critic_depth or config.depth or 1), config.critic_activation,
            batch_norm=config.critic_batch_norm, dropout=config.critic_dropout,
        )  # fmt: skip
        self.body = spectrally_normed(body) if config.critic_spectral_norm else body

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.body(torch.cat([x.flatten(1), y], dim=1)).squeeze(1)
