"""Every architecture makes and judges rows of every shape it is for."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from sparring.config import Config
from sparring.errors import ConfigError
from sparring.nets.base import Critic, Generator, Shape
from sparring.nets.catalogue import NETWORKS, build_networks
from sparring.nets.mlp import MLPCritic, MLPGenerator
from tests.nets.conftest import Build

SIDES = [8, 9, 15, 28, 32, 33, 64]
FLAT = [name for name, (make, _) in NETWORKS.items() if make is MLPGenerator]


def play(G: Generator, D: Critic, conditions: int, n: int = 5) -> tuple[Tensor, Tensor, Tensor]:
    """Noise and conditions, and what G makes of them."""
    random = torch.Generator().manual_seed(0)
    z = torch.randn(n, G.latent_dim, generator=random)
    y = torch.eye(3)[torch.arange(n) % 3][:, :conditions]
    return z, y, G(z, y)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("conditions", [0, 3])
def test_images(build: Build, name: str, side: int, colours: int, conditions: int) -> None:
    row = (colours, side, side)
    G, D = build(Shape(row, conditions), network=name)
    z, y, fake = play(G, D, conditions)
    assert fake.shape == (5, *row)
    logits = D(fake, y)
    assert logits.shape == (5,)
    assert torch.isfinite(logits).all()
    assert torch.equal(G(z, y), fake), "G is a function of z and y"


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("row", [1, 2, 21])
@pytest.mark.parametrize("conditions", [0, 3])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_points(build: Build, name: str, row: int, conditions: int, batch_norm: bool) -> None:
    G, D = build(
        Shape((row,), conditions), network=name,
        generator_batch_norm=batch_norm, critic_batch_norm=batch_norm,
    )  # fmt: skip
    z, y, fake = play(G, D, conditions)
    assert fake.shape == (5, row)
    assert D(fake, y).shape == (5,)
    assert torch.equal(G(z, y), fake)


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("sizes", [(2,), (3, 4), (1,), (7, 1, 2)])
@pytest.mark.parametrize("numbers", [0, 2])
def test_tables(build: Build, name: str, sizes: tuple[int, ...], numbers: int) -> None:
    G, D = build(Shape((numbers + sum(sizes),), 3, sizes), network=name)
    assert G.latent_dim == 3 + sum(sizes)
    z, y, fake = play(G, D, 3)
    assert fake.shape == (5, numbers + sum(sizes))
    for group in torch.split(fake[:, numbers:], list(sizes), 1):
        assert torch.equal(group.sort(1).values, torch.eye(group.shape[1])[-1].expand_as(group))
    assert torch.equal(G(z, y), fake)
    assert D(fake, y).shape == (5,)


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_made_depends_on_noise_and_condition(build: Build, name: str) -> None:
    G, D = build(Shape((1, 8, 8), 3), network=name)
    z, y, fake = play(G, D, 3)
    assert not torch.equal(G(z + 1, y), fake)
    assert not torch.equal(G(z, y.roll(1, 1)), fake)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_judgement_depends_on_row_and_condition(build: Build, name: str) -> None:
    G, D = build(Shape((1, 8, 8), 3), network=name)
    _, y, fake = play(G, D, 3)
    assert not torch.equal(D(fake + 1, y), D(fake, y))
    assert not torch.equal(D(fake, y.roll(1, 1)), D(fake, y))


@pytest.mark.parametrize("name", NETWORKS)
def test_rows_of_a_batch_do_not_see_each_other(build: Build, name: str) -> None:
    G, D = build(Shape((1, 9, 9), 3), network=name)
    z, y, fake = play(G, D, 3)
    torch.testing.assert_close(G(z[:2], y[:2]), fake[:2])
    torch.testing.assert_close(D(fake[:2], y[:2]), D(fake, y)[:2])


@pytest.mark.parametrize("name", NETWORKS)
def test_width_and_depth_of_the_critic_follow_those_of_G(build: Build, name: str) -> None:
    def size(D: Critic) -> int:
        return sum(p.numel() for p in D.parameters())

    shape = Shape((1, 8, 8))
    follows = size(build(shape, network=name, width=6)[1])
    assert follows == size(build(shape, network=name, width=4, critic_width=6)[1])
    assert follows > size(build(shape, network=name, width=4)[1])
    if name in FLAT:
        deep = size(build(shape, network=name, depth=3)[1])
        assert deep == size(build(shape, network=name, depth=2, critic_depth=3)[1])


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_come_from_the_seed_alone(build: Build, name: str) -> None:
    before = torch.get_rng_state()
    nets = [build(Shape((1, 8, 8)), network=name, seed=seed, critic_spectral_norm=True)
            for seed in (0, 0, 1)]  # fmt: skip
    assert torch.equal(torch.get_rng_state(), before)
    same, other = [
        [torch.equal(a, b) for net, twin in zip(nets[0], pair, strict=True)
         for a, b in zip(net.state_dict().values(), twin.state_dict().values(), strict=True)]
        for pair in nets[1:]
    ]  # fmt: skip
    assert all(same)
    assert not all(other)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in FLAT])
def test_convolutions_are_refused_for_flat_rows(name: str) -> None:
    with pytest.raises(ConfigError, match=f"network '{name}' needs images; .*: mlp, residual-mlp"):
        build_networks(Shape((2,)), Config(network=name))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"network": "mpl"}, "unknown network 'mpl'; did you mean 'mlp'"),
        ({"activation": "rely"}, "unknown activation 'rely'"),
        ({"critic_activation": "rely"}, "unknown critic_activation 'rely'"),
        ({"output_activation": "tahn"}, "unknown output_activation 'tahn'; did you mean 'tanh'"),
        ({"batch_size": 1, "generator_batch_norm": True}, "batch_size of at least 2, got 1"),
        ({"batch_size": 1, "critic_batch_norm": True}, "batch_size of at least 2, got 1"),
        ({"network": None}, "network is not resolved"),
        ({"width": None}, "width is not resolved"),
        ({"latent_dim": None}, "latent_dim is not resolved"),
        ({"output_activation": None}, "output_activation is not resolved"),
    ],
)
@pytest.mark.parametrize("name", NETWORKS)
def test_bad_settings_are_named(
    build: Build, name: str, settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        build(Shape((1, 8, 8)), **({"network": name} | settings))


def test_output_noise_is_drawn_by_mlps_alone(build: Build) -> None:
    shape = Shape((5,), one_hot=(3,))
    plain, _ = build(shape, network="mlp")
    G, _ = build(shape, network="mlp", output_noise=True)
    assert G.latent_dim == plain.latent_dim + 2  # two numbers beside the category
    z = torch.ones(4, G.latent_dim)
    still = torch.cat([z[:, :-2], torch.zeros(4, 2)], 1)
    made, means = G(z, torch.zeros(4, 0)), G(still, torch.zeros(4, 0))
    assert (made[:, :2] != means[:, :2]).all()
    assert torch.equal(made[:, 2:], means[:, 2:])
    for name in sorted(set(NETWORKS) - {"mlp", "residual-mlp"}):
        with pytest.raises(ConfigError, match=f"output_noise: network '{name}' has none"):
            build(Shape((1, 8, 8)), network=name, output_noise=True)


@pytest.mark.parametrize("setting", ["generator_batch_norm", "critic_batch_norm"])
def test_the_residual_net_refuses_normalisation(build: Build, setting: str) -> None:
    with pytest.raises(ConfigError, match="'resnet' is without normalisation"):
        build(Shape((1, 8, 8)), network="resnet", **{setting: True})


@pytest.mark.parametrize("name", NETWORKS)
def test_batch_norm_and_dropout_go_where_they_are_asked_for(build: Build, name: str) -> None:
    G, D = build(Shape((1, 8, 8)), network=name)
    kinds = {type(m).__name__ for net in (G, D) for m in net.modules()}
    assert not any("BatchNorm" in kind or "Dropout" in kind for kind in kinds)
    _, D = build(Shape((1, 8, 8)), network=name, critic_dropout=0.5)
    assert any(isinstance(m, torch.nn.Dropout) and m.p == 0.5 for m in D.modules())
    x = torch.ones(5, 1, 8, 8)
    y = torch.empty(5, 0)
    assert not torch.equal(D(x, y), D(x, y))
    D.eval()
    assert torch.equal(D(x, y), D(x, y))


@pytest.mark.parametrize("name", [*FLAT, "dcgan"])
def test_a_critic_with_batch_norm_says_so(build: Build, name: str) -> None:
    G, D = build(
        Shape((1, 16, 16)), network=name, generator_batch_norm=True, critic_batch_norm=True
    )
    assert D.mixes_rows
    for net in (G, D):
        assert any("BatchNorm" in type(m).__name__ for m in net.modules())


@pytest.mark.parametrize("name", FLAT)
def test_a_critic_judges_packs_of_rows(build: Build, name: str) -> None:
    _, D = build(Shape((3,), 2), network=name, batch_size=6, pac=3)
    assert D.mixes_rows
    random = torch.Generator().manual_seed(0)
    x, y = torch.randn(6, 3, generator=random), torch.randn(6, 2, generator=random)
    logits = D(x, y)
    assert torch.equal(logits, logits[[0, 0, 0, 3, 3, 3]]), "one logit for the rows of a pack"
    assert logits[0] != logits[3]
    changed = D(torch.cat([x[:1] + 1, x[1:]]), y)
    assert (changed != logits).tolist() == [True] * 3 + [False] * 3
    assert (D(x, y + 1) != logits).all()
    assert torch.equal(D(x[:4], y[:4]), D(x[[0, 1, 2, 3, 0, 1]], y[[0, 1, 2, 3, 0, 1]])[:4])
    assert D(x[:1], y[:1]).shape == (1,)


def test_packs_are_for_perceptrons(build: Build) -> None:
    for name in set(NETWORKS) - set(FLAT):
        with pytest.raises(ConfigError, match=f"pac: D of network '{name}' is of one row"):
            build(Shape((1, 8, 8)), network=name, batch_size=6, pac=3)


@pytest.mark.parametrize("name", FLAT)
def test_a_bottleneck_stands_between_D_and_its_logit(build: Build, name: str) -> None:
    _, D = build(Shape((3,)), network=name, width=5, critic_bottleneck=2)
    assert isinstance(D, MLPCritic)
    *_, narrow, last = [m for m in D.modules() if isinstance(m, torch.nn.Linear)]
    assert tuple(narrow.weight.shape) == (2, 5)
    assert tuple(last.weight.shape) == (1, 2)
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    assert D(x, torch.empty(4, 0)).shape == (4,)
    assert list(D.body)[-2:] == [narrow, last], "nothing stands between the two"


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_pass_through_their_activation(build: Build, name: str) -> None:
    for activation, low, high in [("tanh", -1, 1), ("sigmoid", 0, 1)]:
        G, _ = build(Shape((1, 8, 8)), network=name, output_activation=activation)
        with torch.no_grad():
            for p in G.parameters():
                p *= 30
        fake = G(torch.ones(5, 3), torch.empty(5, 0))
        assert fake.min() >= low
        assert fake.max() <= high
        assert fake.abs().max() > 0.9
