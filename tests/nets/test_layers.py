"""The pieces that networks share."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sparring.nets.base import Shape
from sparring.nets.catalogue import NETWORKS
from sparring.nets.layers import ACTIVATIONS, LabelledLinear, Maxout, pyramid, zero_
from sparring.nets.mlp import Block
from sparring.nets.resnet import ConvBlock
from tests.nets.conftest import Build


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_residual_blocks_start_as_the_identity(activation: str) -> None:
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Block(4, ACTIVATIONS[activation])(x), x)
    image = x[:, :, None, None].expand(5, 4, 3, 3)
    assert torch.equal(ConvBlock(4, 4, ACTIVATIONS[activation])(image), image)


def test_a_block_that_changes_its_width_starts_as_its_shortcut() -> None:
    block = ConvBlock(4, 6, ACTIVATIONS["relu"])
    x = torch.randn(5, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(block(x), block.shortcut(x))


@pytest.mark.parametrize("kind", [Block, ConvBlock])
def test_residual_blocks_learn_at_once(kind: type[nn.Module]) -> None:
    act = ACTIVATIONS["relu"]
    block = Block(4, act) if kind is Block else ConvBlock(4, 4, act)
    x = torch.randn(5, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    block(x[..., 0, 0] if kind is Block else x).square().sum().backward()
    last = [p.grad for p in block.parameters()][-2:]
    assert all(g is not None and g.abs().sum() > 0 for g in last)


def test_zeroed_layers_are_zero() -> None:
    assert not any(p.any() for p in zero_(nn.Linear(3, 4)).parameters())


def test_maxout_is_the_largest_affine_map() -> None:
    layer = Maxout(4, pieces=3)
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    maps = [
        x @ layer.affine.weight[4 * i : 4 * i + 4].T + layer.affine.bias[4 * i : 4 * i + 4]
        for i in range(3)
    ]
    torch.testing.assert_close(layer(x), torch.stack(maps).amax(0))


def test_a_maxout_layer_maps_its_inputs_itself(build: Build) -> None:
    """Goodfellow et al. 2013: no linear map stands before the pieces."""
    _, D = build(Shape((7,)), width=4, depth=2, critic_activation="maxout")
    shapes = [tuple(p.shape) for p in D.parameters() if p.dim() == 2]
    assert shapes == [(5 * 4, 7), (5 * 4, 4), (1, 4)]


def test_maxout_of_an_image_is_that_of_every_pixel() -> None:
    layer = Maxout(4)
    x = torch.randn(5, 4, 2, 3, generator=torch.Generator().manual_seed(0))
    out = layer(x)
    assert out.shape == x.shape
    for i in range(2):
        for j in range(3):
            torch.testing.assert_close(out[:, :, i, j], layer(x[:, :, i, j]))


@pytest.mark.parametrize(
    ("size", "sides"),
    [(8, [8, 4]), (9, [9, 5]), (15, [15, 8, 4]), (28, [28, 14, 7]), (33, [33, 17, 9, 5]),
     (64, [64, 32, 16, 8, 4]), (7, [7])],
)  # fmt: skip
def test_pyramids_halve_down_to_less_than_eight(size: int, sides: list[int]) -> None:
    assert pyramid(size) == sides


def test_every_side_ends_between_four_and_seven() -> None:
    assert {pyramid(size)[-1] for size in range(8, 65)} == {4, 5, 6, 7}


def test_a_labelled_linear_layer_adds_the_logit_of_the_condition() -> None:
    layer = LabelledLinear(4, 3)
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    raw = layer.linear(x)
    for k in range(3):
        y = torch.eye(3)[k].expand(5, 3)
        torch.testing.assert_close(layer(x, y), raw[:, 0] + raw[:, 1 + k])
    torch.testing.assert_close(layer(x, torch.zeros(5, 3)), raw[:, 0])


def test_a_labelled_linear_layer_without_conditions_is_linear() -> None:
    layer = LabelledLinear(4, 0)
    x = torch.ones(5, 4)
    torch.testing.assert_close(layer(x, torch.empty(5, 0)), layer.linear(x)[:, 0])


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("activation", ["leaky-relu", "maxout"])
def test_spectral_norms_are_one(build: Build, name: str, activation: str) -> None:
    _, D = build(
        Shape((1, 8, 8), 3), network=name, critic_spectral_norm=True, critic_activation=activation
    )
    random = torch.Generator().manual_seed(0)
    x, y = torch.randn(5, 1, 8, 8, generator=random), torch.eye(3)[torch.arange(5) % 3]
    for _ in range(30):  # each pass refines the estimate of the largest singular value
        logits = D(x, y)
    assert torch.isfinite(logits).all()
    assert logits.std() > 0
    D.eval()
    weighted = [m for m in D.modules() if isinstance(m, (nn.Linear, nn.Conv2d))]
    assert weighted
    for layer in weighted:
        norm = torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2).item()
        assert norm == pytest.approx(1, abs=0.01)
    before = [p.clone() for p in D.parameters()]
    D(x, y).sum().backward()
    assert all(torch.equal(a, b) for a, b in zip(before, D.parameters(), strict=True))
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in D.parameters())


def test_a_spectrally_normed_mlp_is_lipschitz(build: Build) -> None:
    _, D = build(Shape((6,)), network="mlp", width=16, depth=3, critic_spectral_norm=True)
    random = torch.Generator().manual_seed(0)
    a, b = 5 * torch.randn(2, 500, 6, generator=random)
    none = torch.empty(500, 0)
    for _ in range(30):
        D(a, none)
    D.eval()
    assert ((D(a, none) - D(b, none)).abs() <= 1.01 * (a - b).norm(dim=1)).all()
