"""A small variational autoencoder (Kingma & Welling 2014)."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from sparring.baselines.nets import GenerativeNet, NetBaseline, body, noise
from sparring.nets.base import Shape
from sparring.nets.heads import OneHotHead

LATENTS = 32  # at most
LEAST_VARIANCE = 1e-5  # a column that never moves would drive the likelihood up for ever


class Autoencoder(GenerativeNet):
    """q(z | x, y) and p(x | z, y), which maximise E_q log p(x | z, y) - KL(q || N(0, I)).

    Numbers are normal around what is decoded, with the variance that is likeliest: the mean squared
    error of each column, or of all pixels of an image (Rybkin et al. 2021). Categories are drawn
    from a softmax, as in TVAE (Xu et al. 2019).
    """

    variance: Tensor  # a running mean of the squared errors

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        width = math.prod(shape.row)
        self.sizes = [width - sum(shape.one_hot), *shape.one_hot]
        self.image = len(shape.row) == 3
        self.latents = min(width, LATENTS)
        self.encoder = body(width + shape.conditions, 2 * self.latents)
        self.decoder = body(self.latents + shape.conditions, width)
        self.head = OneHotHead(self.sizes[0], shape.one_hot)
        self.register_buffer("variance", torch.ones(self.sizes[0]))

    def loss(self, x: Tensor, y: Tensor, random: torch.Generator) -> Tensor:
        mean, log_variance = self.encoder(torch.cat([x, y], 1)).chunk(2, 1)
        z = mean + (log_variance / 2).exp() * noise(x, self.latents, random)
        divergence = (mean**2 + log_variance.exp() - 1 - log_variance).sum(1) / 2
        numbers, *groups = torch.split(x, self.sizes, 1)
        expected, *logits = torch.split(self.decoder(torch.cat([z, y], 1)), self.sizes, 1)
        error = (numbers - expected).square().mean(0)
        if self.image:
            error = error.mean().expand(len(error))
        error = error.clamp(min=LEAST_VARIANCE)
        self.variance.lerp_(error.detach(), 0.01)
        surprise = [cross_entropy(a, b) for a, b in zip(logits, groups, strict=True)]
        bound: Tensor = error.log().sum() / 2 + sum(surprise) + divergence.mean()
        return bound

    def draw(self, y: Tensor, random: torch.Generator) -> Tensor:
        raw: Tensor = self.decoder(torch.cat([noise(y, self.latents, random), y], 1))
        if not self.image:  # an image is its mean: noise of each pixel's own is no picture
            raw[:, : self.sizes[0]] += self.variance.sqrt() * noise(y, self.sizes[0], random)
        rows: Tensor = self.head(raw, noise(y, sum(self.sizes[1:]), random))
        return rows


class VAE(NetBaseline):
    """Variational autoencoder of residual perceptrons (Kingma & Welling 2014)."""

    net: ClassVar[type[GenerativeNet]] = Autoencoder
