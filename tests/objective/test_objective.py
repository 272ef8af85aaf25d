"""What D and G descend."""

from __future__ import annotations

import itertools
import re

import pytest
import torch
from torch import Tensor

from sparring.config import Config
from sparring.errors import ConfigError
from sparring.nets.base import Critic, Generator, Shape
from sparring.nets.catalogue import NETWORKS, build_networks
from sparring.objective.losses import LOSSES
from sparring.objective.objective import build_objective, judge_pair
from sparring.objective.penalties import PENALTIES
from sparring.train.runtime import arithmetic


def nets(row: tuple[int, ...], **settings: object) -> tuple[Generator, Critic]:
    shared = {
        "network": "mlp", "width": 8, "depth": 2, "latent_dim": 3, "output_activation": "none",
    }  # fmt: skip
    return build_networks(Shape(row, 3), Config(**(shared | settings)))


def batch(n: int, *row: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Real rows, fake rows and the conditions of both."""
    random = torch.Generator().manual_seed(seed)
    real, fake = torch.randn(2, n, *row, generator=random)
    return real, fake, torch.eye(3)[torch.arange(n) % 3]


def slopes(loss: Tensor, D: Critic) -> Tensor:
    found = torch.autograd.grad(loss, list(D.parameters()), allow_unused=True)
    return torch.cat([s.flatten() for s in found if s is not None])

SHARE = torch.rand(12, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("network", NETWORKS)
def test_one_forward_pass_says_what_two_say(network: str) -> None:
    _, D = nets((1, 8, 8), network=network)
    real, fake, y = batch(6, 1, 8, 8)
    together = torch.cat(judge_pair(D, real, fake, y))
    torch.testing.assert_close(together, torch.cat([D(real, y), D(fake, y)]), atol=1e-6, rtol=1e-5)


def test_passes_through_the_critic_are_counted() -> None:
    for settings, expected in [({}, 1), ({"critic_batch_norm": True}, 2)]:
        _, D = nets((4,), **settings)
        calls: list[int] = []
        D.register_forward_hook(lambda *_, calls=calls: calls.append(1))
        judge_pair(D, *batch(6, 4))
        assert len(calls) == expected


@pytest.mark.parametrize("loss", LOSSES)
def test_real_rows_pass_d_for_g_only_where_something_comes_of_it(loss: str) -> None:
    for batch_norm in (False, True):  # whose statistics are of real rows and fakes alike
        _, D = nets((4,), critic_batch_norm=batch_norm)
        real, fake, y = batch(6, 4)
        seen: list[Tensor] = []
        D.register_forward_hook(lambda D, inputs, logits, seen=seen: seen.append(inputs[0]))
        objective = build_objective(Config(loss=loss, penalty="none", gamma=0.0))
        objective.generator_loss(D, real, fake, y)
        assert seen == ([real] if LOSSES[loss].pairs or batch_norm else []) + [fake]


def test_batch_statistics_do_not_mix_real_and_fake() -> None:
    _, D = nets((4,), critic_batch_norm=True)
    real, fake, y = batch(6, 4)
    first, _ = judge_pair(D, real, fake, y)
    again, _ = judge_pair(D, real, 100 + fake, y)
    assert torch.equal(first, again)


@pytest.mark.parametrize(("loss", "penalty"), list(itertools.product(LOSSES, PENALTIES)))
def test_what_D_descends_is_the_loss_plus_gamma_times_the_penalty(loss: str, penalty: str) -> None:
    _, D = nets((4,))
    real, fake, y = batch(6, 4)
    parts = []
    for gamma in (0.0, 1.0, 2.5):
        config = Config(loss=loss, penalty=penalty, gamma=gamma)
        objective = build_objective(config)
        parts.append(objective.critic_loss(D, real, fake, y, SHARE[: len(real)]).item())
    bare = LOSSES[loss]().critic(real=D(real, y), fake=D(fake, y)).item()
    assert parts[0] == pytest.approx(bare, abs=1e-6)
    assert parts[2] - parts[0] == pytest.approx(2.5 * (parts[1] - parts[0]), abs=1e-5)
    assert (parts[1] > parts[0]) == (penalty != "none")


@pytest.mark.parametrize("loss", LOSSES)
def test_what_G_descends_is_its_loss_without_a_penalty(loss: str) -> None:
    _, D = nets((4,))
    real, fake, y = batch(6, 4)
    got = build_objective(Config(loss=loss, gamma=7.0)).generator_loss(D, real, fake, y)
    expected = LOSSES[loss]().generator(real=D(real, y), fake=D(fake, y))
    assert got.item() == pytest.approx(expected.item(), abs=1e-6)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_rows_are_left_as_they_came(penalty: str) -> None:
    _, D = nets((4,))
    real, fake, y = batch(6, 4)
    fake.requires_grad_()
    kept = real.clone(), fake.detach().clone()
    objective = build_objective(Config(penalty=penalty, gamma=1.0))
    torch.autograd.backward(objective.critic_loss(D, real, fake, y, SHARE[: len(real)]))
    assert not real.requires_grad
    assert fake.grad is None, "the critic's loss must not reach G"
    assert torch.equal(real, kept[0])
    assert torch.equal(fake.detach(), kept[1])


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("n", [4, 6, 12])
def test_bf16_gives_the_gradients_of_fp32(network: str, penalty: str, n: int) -> None:
    G, D = nets((1, 8, 8), network=network)
    with torch.no_grad():
        for p in D.parameters():  # layers that start at zero would hide a wrong gradient
            p += 0.05 * torch.randn(p.shape, generator=torch.Generator().manual_seed(1))
    real, _, y = batch(n, 1, 8, 8)
    z = torch.zeros(n, 3)
    found = {}
    for precision in ("fp32", "bf16"):
        # So large a gamma that the gradient is that of the penalty.
        objective = build_objective(Config(penalty=penalty, gamma=1e3))
        with arithmetic(precision, torch.device("cpu")):
            fake = G(z, y)
            loss = objective.critic_loss(D, real, fake, y, SHARE[: len(real)])
            found[precision] = slopes(loss, D)
        assert loss.dtype == torch.float32
    assert torch.cosine_similarity(found["fp32"], found["bf16"], dim=0) > 0.99
    assert found["bf16"].norm() == pytest.approx(found["fp32"].norm().item(), rel=0.1)


def test_label_smoothing_reaches_the_loss() -> None:
    config = Config(loss="non-saturating", label_smoothing=0.1, gamma=0.0)
    assert build_objective(config).loss.label_smoothing == 0.1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "hing"}, "unknown loss 'hing'; did you mean 'hinge'"),
        ({"penalty": "r3"}, r"unknown penalty 'r3'.*\(valid: none, r1, r2, r1\+r2, gp\)"),
        (
            {"loss": "hinge", "label_smoothing": 0.1},
            r"loss 'hinge' has no labels to smooth \(these have: minimax, .*least-squares\)",
        ),
        (
            {"critic_batch_norm": True},
            re.escape("penalty 'r1+r2' would be wrong: set penalty to none or critic_batch_norm"),
        ),
    ],
)
def test_settings_that_cannot_hold_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_objective(Config(**settings))


def test_batch_normalisation_goes_without_a_penalty() -> None:
    build_objective(Config(critic_batch_norm=True, penalty="none", gamma=0.0))
