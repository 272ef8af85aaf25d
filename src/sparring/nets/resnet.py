"""Small residual convolutional nets without normalisation (after R3GAN, Huang et al. 2025)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from sparring.config import Config
from sparring.errors import choose
from sparring.nets.critic import Critic, Generator, Shape
from sparring.nets.dcgan import channels
from sparring.nets.layers import (
    ACTIVATIONS,
    OUTPUT_ACTIVATIONS,
    LabelledLinear,
    pyramid,
    spectrally_normed,
    zero_,
)


class ConvBlock(nn.Module):
    """Shortcut + convolution 3x3 twice, the second started at zero; x (n, before, s, s)."""

    def __init__(self, before: int, after: int, activation: str) -> None:
        super().__init__()
        act = choose("activation", activation, ACTIVATIONS)
        self.shortcut = (
            nn.Identity() if before == after else nn.Conv2d(before, after, 1, bias=False)
        )
        self.change = nn.Sequential(
            act(before),
            nn.Conv2d(before, after, 3, padding=1),
            act(after),
            zero_(nn.Conv2d(after, after, 3, padding=1)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut(x) + self.change(x)


class ResNetGenerator(Generator):
    """G: [z, y] -> Linear to the smallest side -> blocks, bilinear doubling between them."""

    def __init__(self, shape: Shape, config: Config) -> None:
        super().__init__()
        colours, side, _ = shape.row
        self.latent_dim = int(config.latent_dim or 1)
        self.sides = pyramid(side)[::-1]
        width = channels(int(config.width or 1), len(self.sides))[::-1]
        self.output = choose("output_activation", config.output_activation, OUTPUT_ACTIVATIONS)()
        self.start = nn.Sequential(
            nn.Linear(self.latent_dim + shape.conditions, width[0] * self.sides[0] ** 2),
            nn.Unflatten(1, (width[0], self.sides[0], self.sides[0])),
        )
        self.blocks = nn.ModuleList(
            ConvBlock(before, after, config.activation)
            for before, after in zip([width[0], *width], width, strict=False)
        )
        act = choose("activation", config.activation, ACTIVATIONS)
        self.paint = nn.Sequential(act(width[-1]), nn.Conv2d(width[-1], colours, 3, padding=1))

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        x = self.start(torch.cat([z, y], dim=1))
        for block, side in zip(self.blocks, self.sides, strict=True):
            if x.shape[-1] != side:
                x = interpolate(x, size=(side, side), mode="bilinear", align_corners=False)
            x = block(x)
        return self.output(self.paint(x))


class ResNetCritic(Critic):
    """D: G upside down; average pooling between blocks, a logit per condition at the end."""

    def __init__(self, shape: Shape, config: Config) -> None:
        super().__init__()
        colours, side, _ = shape.row
        self.sides = pyramid(side)
        width = channels(int(config.critic_width or config.width or 1), len(self.sides))
        self.read = nn.Conv2d(colours, width[0], 3, padding=1)
        self.blocks = nn.ModuleList(
            ConvBlock(before, after, config.critic_activation)
            for before, after in zip(width, [*width[1:], width[-1]], strict=True)
        )
        act = choose("critic_activation", config.critic_activation, ACTIVATIONS)
        dropout = [nn.Dropout(config.critic_dropout)] if config.critic_dropout else []
        self.finish = nn.Sequential(act(width[-1]), nn.Flatten(), *dropout)
        self.head = LabelledLinear(width[-1] * self.sides[-1] ** 2, shape.conditions)
        if config.critic_spectral_norm:
            spectrally_normed(self)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        x = self.read(x)
        for block, side in zip(self.blocks, self.sides, strict=True):
            if x.shape[-1] != side:
                x = adaptive_avg_pool2d(x, side)
            x = block(x)
        return self.head(self.finish(x), y)
