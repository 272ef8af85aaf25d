"""The conditional DCGAN whose labels enter as one more picture (embedding, then a linear map)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sparring.config import Config, resolved
from sparring.errors import choose
from sparring.nets.base import Critic, Generator, Shape
from sparring.nets.layers import ACTIVATIONS, output_layer, spectrally_normed

EMBEDDING = 100  # dimension of a label's vector


class LabelPicture(nn.Module):
    """A picture of one channel for each label: y (n, k) one-hot -> (n, 1, side, side).

    With k = 0 there is no such channel.
    """

    def __init__(self, conditions: int, side: int) -> None:
        super().__init__()
        self.side, self.channels = side, 1 if conditions else 0
        if conditions:
            self.vectors = nn.Embedding(conditions, EMBEDDING)
            self.paint = nn.Linear(EMBEDDING, side**2)

    def forward(self, y: Tensor) -> Tensor:
        if not self.channels:
            return y.new_empty(len(y), 0, self.side, self.side)
        picture: Tensor = self.paint(y @ self.vectors.weight)
        return picture.view(-1, 1, self.side, self.side)


def halved(side: int) -> int:
    """The side of an image after a convolution of stride 2."""
    return (side + 1) // 2


class EmbeddingDCGANGenerator(Generator):
    """G: z -> Linear to a quarter of the side, beside the label's picture -> doubled twice.

    For 28 x 28 pixels, `width` 128, batch normalisation and activation relu: LearnOpenCV's
    conditional GAN (2020) with a DCGAN's convolutions.
    """

    def __init__(self, shape: Shape, config: Config) -> None:
        super().__init__()
        colours, side, _ = shape.row
        self.latent_dim = resolved(config.latent_dim, "latent_dim")
        self.sides = (halved(side), side)
        small, width = halved(halved(side)), resolved(config.width, "width")
        self.label = LabelPicture(shape.conditions, small)
        self.start = nn.Sequential(
            nn.Linear(self.latent_dim, width * small**2),
            nn.LeakyReLU(0.2),
            nn.Unflatten(1, (width, small, small)),
        )
        self.up = nn.ConvTranspose2d(width + self.label.channels, width, 4, stride=2, padding=1)
        norm = [nn.BatchNorm2d(width)] if config.generator_batch_norm else []
        act = choose("activation", config.activation, ACTIVATIONS)
        self.middle = nn.Sequential(*norm, act(width))
        self.paint = nn.ConvTranspose2d(width, colours, 4, stride=2, padding=1)
        self.output = output_layer(config)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        x = self.up(torch.cat([self.start(z), self.label(y)], dim=1))
        half, side = self.sides
        x = self.middle(x[:, :, :half, :half])  # doubling an odd half overshoots by one
        rows: Tensor = self.output(self.paint(x)[:, :, :side, :side])
        return rows


class EmbeddingDCGANCritic(Critic):
    """D: the image beside the label's picture -> halved twice -> one convolution to the logit."""

    def __init__(self, shape: Shape, config: Config) -> None:
        super().__init__()
        colours, side, _ = shape.row
        self.mixes_rows = config.critic_batch_norm
        width = resolved(config.critic_width or config.width, "width")
        act = choose("critic_activation", config.critic_activation, ACTIVATIONS)
        self.label = LabelPicture(shape.conditions, side)
        norm = [nn.BatchNorm2d(2 * width)] if config.critic_batch_norm else []
        dropout = [nn.Dropout(config.critic_dropout)] if config.critic_dropout else []
        self.body = nn.Sequential(
            nn.Conv2d(colours + self.label.channels, width, 3, stride=2, padding=1),
            act(width),
            *dropout,
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            *norm,
            act(2 * width),
            *dropout,
            nn.Conv2d(2 * width, 1, halved(halved(side))),
            nn.Flatten(0),
        )
        if config.critic_spectral_norm:
            spectrally_normed(self)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        logits: Tensor = self.body(torch.cat([x, self.label(y)], dim=1))
        return logits
