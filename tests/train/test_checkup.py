"""The looks at a run: when they come, what they see, and that the run does not notice them."""

from __future__ import annotations

import itertools

import pytest
import torch

from sparring.data.batches import Batches
from sparring.diagnose.signals import SIGNALS
from sparring.train import checkup
from sparring.train.checkup import Checkup
from sparring.train.trainer import Trainer
from tests.train.conftest import MakeTrainer


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "LEAST_STEPS", 1)


def rows(n: int, seed: int) -> Batches:
    x = torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))
    y = torch.arange(n) % 3
    return Batches((x,), y, 3, lambda raw, _: raw[0], 4, torch.device("cpu"), 0)


def looked_at(trainer: Trainer, steps: int | None = None) -> list[dict[str, float]]:
    """Records of every step."""
    return [trainer.record() for _ in itertools.islice(trainer.steps(), steps)]


def with_holdout(make_trainer: MakeTrainer, **settings: object) -> Trainer:
    trainer = make_trainer(**settings)
    old = trainer.checkup
    trainer.checkup = Checkup(
        old.G, old.average, old.D, old.loss, rows(40, 1), rows(20, 2), trainer.config.seed
    )
    return trainer


def test_every_signal_is_explained_and_every_explanation_is_of_a_signal(
    make_trainer: MakeTrainer,
) -> None:
    last = looked_at(with_holdout(make_trainer))[-1]
    of_the_log = {
        "step", "seconds", "critic_loss", "generator_loss", "critic_gradient",
        "generator_gradient", "gamma", "learning_rate",
    }  # fmt: skip
    assert set(last) - of_the_log == set(SIGNALS) - {"looks", "divergences", "distance_growth"}


@pytest.mark.parametrize("loss", ["minimax", "wasserstein", "relativistic"])
def test_the_run_has_the_same_bits_with_and_without(make_trainer: MakeTrainer, loss: str) -> None:
    seen, unseen = (with_holdout(make_trainer, loss=loss, critic_dropout=0.3) for _ in range(2))
    looked_at(seen)
    for _ in unseen.steps():
        pass
    for a, b in ((seen.player_g, unseen.player_g), (seen.player_d, unseen.player_d)):
        assert torch.equal(a.vector, b.vector)


def test_a_resumed_run_sees_the_same(make_trainer: MakeTrainer) -> None:
    whole = looked_at(with_holdout(make_trainer))
    first = with_holdout(make_trainer)
    begun = looked_at(first, 3)
    second = with_holdout(make_trainer)
    second.load_state_dict(first.state_dict())
    both = [*begun, *looked_at(second)]
    for a, b in zip(whole, both, strict=True):
        assert {k: v for k, v in a.items() if k != "seconds"} == {
            k: v for k, v in b.items() if k != "seconds"
        }


def test_looks_are_spread_over_the_run_and_one_is_at_its_end(make_trainer: MakeTrainer) -> None:
    steps = 3 * checkup.LOOKS
    looks = [r["step"] for r in looked_at(make_trainer(steps=steps)) if "spread" in r]
    assert looks == list(range(3, steps + 1, 3))


def test_looks_have_their_distance(
    make_trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkup, "LEAST_STEPS", 4)
    looks = [r["step"] for r in looked_at(make_trainer(steps=10)) if "spread" in r]
    assert looks == [4, 8, 10]


def test_the_share_that_a_loss_passes_on(make_trainer: MakeTrainer) -> None:
    """Minimax passes on sigmoid(b), non-saturating 1 - sigmoid(b), Wasserstein everything."""
    share = {}
    for loss in ("minimax", "non-saturating", "wasserstein"):
        trainer = with_holdout(make_trainer, loss=loss, penalty="none")
        with torch.no_grad():  # D without a slope at the end, and sure of the fakes
            last = list(trainer.D.parameters())[-1]
            last.fill_(-6.0)
        share[loss] = trainer.checkup.look(1, 0.5)["gradient_share"]
    assert share["minimax"] < 0.05
    assert share["non-saturating"] > 0.95
    assert share["wasserstein"] == pytest.approx(1, abs=1e-4)


def test_what_a_critic_that_knows_says(make_trainer: MakeTrainer) -> None:
    """A D that takes the first coordinate as its logit, beside rows moved along it."""
    trainer = with_holdout(make_trainer)
    check = trainer.checkup
    assert check.holdout is not None
    check.holdout.raw = (check.holdout.raw[0] - 50.0,)
    with torch.no_grad():
        for p in trainer.D.parameters():
            p.zero_()
    found = check.look(1, 0.5)
    assert found["critic_accuracy"] == 0.5
    assert found["critic_slope"] == 0
    assert "gradient_share" not in found  # of nothing there is no share

    class First(torch.nn.Module):
        mixes_rows = False

        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return x[:, 0]

    check.D = First()  # type: ignore[assignment]
    found = check.look(2, 0.6)
    assert found["critic_slope"] == pytest.approx(1)
    assert found["train_preference"] == 1
    assert found["holdout_accuracy"] == 0


def test_few_rows_held_out_say_nothing_of_what_d_knows(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer()
    old = trainer.checkup
    few = Checkup(old.G, old.average, old.D, old.loss, rows(40, 1), rows(9, 2), 0).look(1, 0.5)
    assert {"holdout_accuracy", "train_preference"}.isdisjoint(few)
