"""The conditional DCGAN of the listing, against the listing's own steps."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import embedding, leaky_relu, linear

from sparring.nets.base import Shape
from sparring.nets.embedding import EmbeddingDCGANCritic, EmbeddingDCGANGenerator
from tests.nets.conftest import Build

LISTED = {
    "network": "embedding-dcgan", "latent_dim": 100, "width": 128, "critic_width": 64,
    "activation": "relu", "generator_batch_norm": True, "critic_batch_norm": True,
    "output_activation": "tanh",
}  # fmt: skip
LABELS = torch.tensor([3, 1, 9, 3])
Y = nn.functional.one_hot(LABELS, 10).float()
RANDOM = torch.Generator().manual_seed(0)


def test_G_takes_the_steps_of_the_listing(build: Build) -> None:
    G, _ = build(Shape((1, 28, 28), 10), **LISTED)
    assert isinstance(G, EmbeddingDCGANGenerator)
    z = torch.randn(4, 100, generator=RANDOM)
    label, first = G.label, G.start[0]
    # The listing looks the label's vector up; ours multiplies by the one-hot.
    picture = linear(embedding(LABELS, label.vectors.weight), label.paint.weight, label.paint.bias)
    latent = leaky_relu(linear(z, first.weight, first.bias), 0.2)
    x = torch.cat([latent.view(-1, 128, 7, 7), picture.view(-1, 1, 7, 7)], dim=1)
    norm, relu = G.middle
    expected = torch.tanh(G.paint(relu(norm(G.up(x)))))
    assert expected.shape == (4, 1, 28, 28)
    torch.testing.assert_close(G(z, Y), expected)


def test_D_takes_the_steps_of_the_listing(build: Build) -> None:
    _, D = build(Shape((1, 28, 28), 10), **LISTED)
    assert isinstance(D, EmbeddingDCGANCritic)
    x = torch.randn(4, 1, 28, 28, generator=RANDOM)
    label = D.label
    picture = linear(embedding(LABELS, label.vectors.weight), label.paint.weight, label.paint.bias)
    first, act, second, norm, again, last, _ = D.body
    h = act(first(torch.cat([x, picture.view(-1, 1, 28, 28)], dim=1)))
    assert h.shape == (4, 64, 14, 14)
    h = again(norm(second(h)))
    assert h.shape == (4, 128, 7, 7)
    torch.testing.assert_close(D(x, Y), last(h).view(4))
    assert last.kernel_size == (7, 7)


def test_without_labels_there_is_no_picture_of_them(build: Build) -> None:
    G, D = build(Shape((3, 10, 10)), **LISTED)
    y = torch.empty(2, 0)
    x = G(torch.randn(2, 100, generator=RANDOM), y)
    assert x.shape == (2, 3, 10, 10)
    assert D(x, y).shape == (2,)
    assert not any(isinstance(m, nn.Embedding) for net in (G, D) for m in net.modules())
