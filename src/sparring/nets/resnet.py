"""Small residual convolutional nets without normalisation (after R3GAN, Huang et al. 2025)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, pad

from sparring.config import Config, resolved
from sparring.errors import ConfigError, choose
from sparring.nets.base import Critic, Generator, Shape
from sparring.nets.dcgan import channels
from sparring.nets.layers import (
    ACTIVATIONS,
    Activation,
    LabelledLinear,
    output_layer,
    pyramid,
    spectrally_normed,
    zero_,
)

# On CPUs with bf16 matrix units, oneDNN gets the second derivative (a penalty needs it) of a 3x3
# convolution in bf16 wrong for some smaller batches: its direction there is pure noise.
SAFE_ROWS = 16


class ConvBlock(nn.Module):
    """Shortcut + convolution 3x3 twice, the second started at zero; x (n, before, s, s)."""

    def __init__(self, before: int, after: int, act: Activation) -> None:
        super().__init__()
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
        new: Tensor = self.shortcut(x) + self.change(x)
        return new


class ResNetGenerator(Generator):
    """G: [z, y] -> Linear to the smallest side -> blocks, bilinear doubling between them."""

    def __init__(self, shape: Shape, config: Config) -> None:
        super().__init__()
        if config.generator_batch_norm or config.critic_batch_norm:
            raise ConfigError("network 'resnet' is without normalisation: set batch norm to false")
        colours, side, _ = shape.row
        self.latent_dim = resolved(config.latent_dim, "latent_dim")
        self.sides = pyramid(side)[::-1]
        width = channels(resolved(config.width, "width"), len(self.sides))[::-1]
        self.output = output_layer(config)
        self.start = nn.Sequential(
            nn.Linear(self.latent_dim + shape.conditions, width[0] * self.sides[0] ** 2),
            nn.Unflatten(1, (width[0], self.sides[0], self.sides[0])),
        )
        act = choose("activation", config.activation, ACTIVATIONS)
        self.blocks = nn.ModuleList(
            ConvBlock(before, after, act)
            for before, after in zip([width[0], *width], width, strict=False)
        )
        self.paint = nn.Sequential(act(width[-1]), nn.Conv2d(width[-1], colours, 3, padding=1))

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        x = self.start(torch.cat([z, y], dim=1))
        for block, side in zip(self.blocks, self.sides, strict=True):
            if x.shape[-1] != side:
                x = interpolate(x, size=(side, side), mode="bilinear", align_corners=False)
            x = block(x)
        rows: Tensor = self.output(self.paint(x))
        return rows


class ResNetCritic(Critic):
    """D: G upside down; average pooling between blocks, a logit per condition at the end."""

    def __init__(self, shape: Shape, config: Config) -> None:
        super().__init__()
        colours, side, _ = shape.row
        self.sides = pyramid(side)
        base = resolved(config.critic_width or config.width, "width")
        width = channels(base, len(self.sides))
        act = choose("critic_activation", config.critic_activation, ACTIVATIONS)
        self.read = nn.Conv2d(colours, width[0], 3, padding=1)
        self.blocks = nn.ModuleList(
            ConvBlock(before, after, act)
            for before, after in zip(width, [*width[1:], width[-1]], strict=True)
        )
        dropout = [nn.Dropout(config.critic_dropout)] if config.critic_dropout else []
        self.finish = nn.Sequential(act(width[-1]), nn.Flatten(), *dropout)
        self.head = LabelledLinear(width[-1] * self.sides[-1] ** 2, shape.conditions)
        if config.critic_spectral_norm:
            spectrally_normed(self)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        rows = len(x)
        if rows < SAFE_ROWS and torch.is_autocast_enabled("cpu"):
            x = pad(x, (0, 0, 0, 0, 0, 0, 0, SAFE_ROWS - rows))
        x = self.read(x)
        for block, side in zip(self.blocks, self.sides, strict=True):
            if x.shape[-1] != side:
                x = avg_pool2d(x, 2, ceil_mode=True)
            x = block(x)
        logits: Tensor = self.head(self.finish(x)[:rows], y)
        return logits
