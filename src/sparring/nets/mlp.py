"""Multi-layer perceptrons for rows of any shape: plain, and residual without normalisation."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from sparring.config import Config, resolved
from sparring.errors import choose
from sparring.nets.base import Critic, Generator, Shape
from sparring.nets.heads import OneHotHead
from sparring.nets.layers import (
    ACTIVATIONS,
    Activation,
    Maxout,
    output_layer,
    spectrally_normed,
    zero_,
)


class Block(nn.Module):
    """x + Linear(f(Linear(f(x)))), the second Linear started at zero (R3GAN's block, flat)."""

    def __init__(self, width: int, act: Activation) -> None:
        super().__init__()
        self.change = nn.Sequential(
            act(width), nn.Linear(width, width), act(width), zero_(nn.Linear(width, width))
        )

    def forward(self, x: Tensor) -> Tensor:
        new: Tensor = x + self.change(x)
        return new


def plain_body(
    inputs: int, outputs: int, width: int, depth: int, act: Activation,
    *, batch_norm: bool = False, dropout: float = 0.0,
) -> nn.Sequential:  # fmt: skip
    """`depth` hidden layers of `width` units: Linear [batch norm] activation [dropout].

    A maxout layer is both: affine maps of what comes in, and the largest of them.
    """
    layers: list[nn.Module] = []
    for before in [inputs, *[width] * (depth - 1)]:
        norm = [nn.BatchNorm1d(width)] if batch_norm else []
        if act is Maxout:
            layers += [Maxout(width, inputs=before), *norm]
        else:
            layers += [nn.Linear(before, width), *norm, act(width)]
        layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def residual_body(
    inputs: int, outputs: int, width: int, depth: int, act: Activation,
    *, batch_norm: bool = False, dropout: float = 0.0,
) -> nn.Sequential:  # fmt: skip
    """Linear, `depth` residual blocks, activation, Linear."""
    layers: list[nn.Module] = [nn.Linear(inputs, width)]
    for _ in range(depth):
        layers += [nn.BatchNorm1d(width)] if batch_norm else []
        layers.append(Block(width, act))
        layers += [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(*layers, act(width), nn.Linear(width, outputs))


BODIES = {"mlp": plain_body, "residual-mlp": residual_body}


class GivenCells(nn.Module):
    """The part of a condition that gives cells of a row: which, and what they hold.

    See `data.given.Given`; where a row has no such cells, none is given.
    """

    spread: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.labels, self.cells, self.always = shape.conditions, len(shape.cells), shape.always
        widths = torch.tensor(shape.cells, dtype=torch.int64)
        spread = torch.arange(self.cells).repeat_interleave(widths)
        self.register_buffer("spread", spread, persistent=False)

    def forward(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """y (n, k) to which numbers of a row are given, bool (n, d), and what they are (n, d)."""
        bits, cells = torch.split(y[:, self.labels :], [self.cells, len(self.spread)], dim=1)
        return bits.index_select(1, self.spread) > 0.5, cells

    def asked(self, y: Tensor, always: bool = False) -> bool:
        """Whether cells of any row are given.

        Args:
            always: whether the one that is given in any case counts.
        """
        found = y[:, self.labels : self.labels + self.cells].any(0)
        if self.always is not None and not always:
            found[self.always] = False
        return bool(found.any())


class MLPGenerator(Generator):
    """G: [z, y] through an MLP, shaped like a row; a part of z is the noise of the head.

    Cells that y gives stand in the row as they were given.
    """

    def __init__(self, shape: Shape, config: Config) -> None:
        super().__init__()
        self.row = shape.row
        width = math.prod(shape.row)
        numbers = width - sum(shape.one_hot)
        self.head = OneHotHead(
            numbers, shape.one_hot, output_layer(config), noisy=bool(config.output_noise)
        )
        self.given = GivenCells(shape)
        self.body_dim = resolved(config.latent_dim, "latent_dim")
        self.latent_dim = self.body_dim + self.head.noise_dim
        self.body = BODIES[resolved(config.network, "network")](
            self.body_dim + shape.condition_width, self.head.raw_dim,
            resolved(config.width, "width"), resolved(config.depth, "depth"),
            choose("activation", config.activation, ACTIVATIONS),
            batch_norm=bool(config.generator_batch_norm),
        )  # fmt: skip

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        z, noise = z[:, : self.body_dim], z[:, self.body_dim :]
        row: Tensor = self.head(self.body(torch.cat([z, y], dim=1)), noise)
        if self.given.cells:
            given, cells = self.given(y)
            row = torch.where(given, cells, row)
        return torch.unflatten(row, 1, self.row)


class MLPCritic(Critic):
    """D: [x, y] through an MLP, and a linear bottleneck before the logit if one is asked for.

    Cells that y gives count as y, not as x: no penalty is on them. With `pac` above 1 so many rows
    in a row are one input (PacGAN, Lin et al. 2018), and its logit is that of each of them: D sees
    when samples are more alike than real rows.
    """

    def __init__(self, shape: Shape, config: Config) -> None:
        super().__init__()
        self.pac = config.pac
        self.mixes_rows = config.critic_batch_norm or config.pac > 1
        self.given = GivenCells(shape)
        bottleneck = config.critic_bottleneck
        body = BODIES[resolved(config.network, "network")](
            self.pac * (math.prod(shape.row) + shape.condition_width), bottleneck or 1,
            resolved(config.critic_width or config.width, "width"),
            resolved(config.critic_depth or config.depth, "depth"),
            choose("critic_activation", config.critic_activation, ACTIVATIONS),
            batch_norm=config.critic_batch_norm, dropout=config.critic_dropout,
        )  # fmt: skip
        if bottleneck:
            body.append(nn.Linear(bottleneck, 1))
        self.body = spectrally_normed(body) if config.critic_spectral_norm else body

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        x = x.flatten(1)
        if self.given.cells:
            x = x.masked_fill(self.given(y)[0], 0.0)
        rows = torch.cat([x, y], dim=1)
        if self.pac == 1:
            logits: Tensor = self.body(rows).squeeze(1)
            return logits
        logits = self.body(packs(rows, self.pac)).squeeze(1)
        return logits.repeat_interleave(self.pac)[: len(rows)]


def packs(rows: Tensor, size: int) -> Tensor:
    """Rows (n, d) side by side, `size` at a time: (ceil(n / size), size * d).

    Where the last pack has too few, it goes on with the first rows.
    """
    count = -(-len(rows) // size)
    places = torch.arange(count * size, device=rows.device) % len(rows)
    return rows[places].reshape(count, -1)
