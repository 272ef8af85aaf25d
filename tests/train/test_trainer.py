"""A run of steps: the same bits whether it was interrupted or not."""

from __future__ import annotations

import io
import itertools
import math
import re
from typing import Any

import pytest
import torch
from torch import Tensor

from sparring.errors import ConfigError, DivergedError, RunError
from sparring.train import trainer as module
from sparring.train import watch
from sparring.train.optimizers import OPTIMIZERS
from sparring.train.schedule import Schedule
from sparring.train.trainer import Trainer
from tests.train.conftest import TINY, MakeTrainer

IMAGE = (1, 8, 8)


def advance(trainer: Trainer, steps: int | None = None) -> Trainer:
    for _ in itertools.islice(trainer.steps(), steps):
        pass
    return trainer


def through_file(state: dict[str, Any]) -> dict[str, Any]:
    """What comes back from a file that may hold no code."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: dict[str, Any] = torch.load(file, weights_only=True)
    return loaded


def tensors(trainer: Trainer) -> list[Tensor]:
    """Every number that the steps have made, and the random numbers to come."""
    state = trainer.state_dict()
    del state["seconds"]
    found: list[Tensor] = []
    rest: list[Any] = [state]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            rest.extend(value.values())
        elif isinstance(value, (list, tuple)):
            rest.extend(value)
        elif isinstance(value, Tensor):
            found.append(value)
        else:
            found.append(torch.tensor(float(value or 0)))
    return found


def same(a: Trainer, b: Trainer) -> bool:
    return all(torch.equal(x, y) for x, y in zip(tensors(a), tensors(b), strict=True))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_resumed_run_has_the_same_bits(
    make_trainer: MakeTrainer, optimizer: str, dropout: float, precision: str
) -> None:
    settings = {
        "optimizer": optimizer, "critic_dropout": dropout, "precision": precision,
        "momentum": 0.5, "penalty": "gp", "steps": 9,
    }  # fmt: skip
    whole = advance(make_trainer(**settings))
    for stop in (0, 4, 8):
        first = advance(make_trainer(**settings), stop)
        second = make_trainer(**settings)
        second.load_state_dict(through_file(first.state_dict()))
        assert second.step == stop
        assert second.seconds == first.seconds
        assert same(advance(second), whole)


@pytest.mark.parametrize("network", ["dcgan", "resnet"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_resumed_run_of_convolutions_has_the_same_bits(
    make_trainer: MakeTrainer, network: str, precision: str
) -> None:
    settings = {
        "row": IMAGE, "network": network, "width": 2, "precision": precision,
        "critic_spectral_norm": True, "generator_batch_norm": network == "dcgan",
    }  # fmt: skip
    first = advance(make_trainer(**settings), 3)
    second = make_trainer(**settings)
    second.load_state_dict(through_file(first.state_dict()))
    assert same(advance(second), advance(make_trainer(**settings)))


def test_batch_norm_statistics_are_resumed(make_trainer: MakeTrainer) -> None:
    settings = {"generator_batch_norm": True, "critic_batch_norm": True, "penalty": "none"}
    first = advance(make_trainer(**settings), 3)
    second = make_trainer(**settings)
    second.load_state_dict(through_file(first.state_dict()))
    assert same(advance(second), advance(make_trainer(**settings)))


def test_a_state_is_of_its_moment(make_trainer: MakeTrainer) -> None:
    first = advance(make_trainer(), 3)
    state = first.state_dict()
    advance(first)
    second = make_trainer()
    second.load_state_dict(state)
    assert second.step == 3
    advance(second, 1)
    third = make_trainer()
    third.load_state_dict(state)
    assert same(advance(third), first), "training on from a state must not change the state"


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_the_seed_decides_every_bit(make_trainer: MakeTrainer, dropout: float) -> None:
    runs = [advance(make_trainer(seed=seed, critic_dropout=dropout)) for seed in (3, 3, 4)]
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_the_global_random_state_is_untouched(make_trainer: MakeTrainer, dropout: float) -> None:
    before = torch.get_rng_state()
    trainer = make_trainer(critic_dropout=dropout, critic_spectral_norm=True, penalty="gp")
    advance(trainer)
    trainer.record()
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(1)
    assert same(advance(make_trainer(critic_dropout=dropout, penalty="none")),
                advance(make_trainer(critic_dropout=dropout, penalty="none")))  # fmt: skip


def test_dropout_differs_from_step_to_step(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(critic_dropout=0.5)
    states = [trainer.dropout_random.get_state()]
    for _ in trainer.steps():
        states.append(trainer.dropout_random.get_state())
    assert not any(torch.equal(a, b) for a, b in itertools.pairwise(states))


def test_the_global_random_state_is_restored_after_an_error(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(critic_dropout=0.5)
    spoil(trainer.D)
    before = torch.get_rng_state()
    with pytest.raises(DivergedError):
        advance(trainer)
    assert torch.equal(torch.get_rng_state(), before)


def spoil(net: torch.nn.Module) -> None:
    with torch.no_grad():
        next(net.parameters()).fill_(math.nan)


@pytest.mark.parametrize("player", ["G", "D"])
def test_a_diverged_run_names_its_step(make_trainer: MakeTrainer, player: str) -> None:
    trainer = advance(make_trainer(rollbacks=0), 3)
    assert trainer.healthy()
    good = trainer.state_dict()["good"]
    spoil(getattr(trainer, player))
    assert not trainer.healthy()
    with pytest.raises(DivergedError, match=r"the (critic|generator)'s loss became nan at step 4$"):
        advance(trainer)
    assert trainer.healthy()
    assert trainer.step == good["step"] == 0, "what is left is the last good state"


@pytest.mark.parametrize("player", ["G", "D"])
def test_a_diverged_run_goes_back_and_slows_down(make_trainer: MakeTrainer, player: str) -> None:
    trainer = advance(make_trainer(), 3)
    spoil(getattr(trainer, player))
    assert next(trainer.steps()) == 0
    (event,) = trainer.events
    assert re.fullmatch(
        r"the (critic|generator)'s loss became nan at step 4: back to step 0, "
        r"learning rate x 0.5 from here on", event,
    )  # fmt: skip
    advance(trainer)
    assert trainer.step == 6
    slow = make_trainer(learning_rate=TINY["learning_rate"] / 2)
    parameters = zip(trainer.G.parameters(), advance(slow).G.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in parameters), "the same batches, half the rate"


def test_a_rollback_is_the_same_in_a_resumed_run(make_trainer: MakeTrainer) -> None:
    def spoiled_at_five(trainer: Trainer) -> Trainer:
        advance(trainer, 5 - trainer.step)
        spoil(trainer.G)
        return advance(trainer)

    first = advance(make_trainer(steps=9), 3)
    second = make_trainer(steps=9)
    second.load_state_dict(through_file(first.state_dict()))
    assert same(spoiled_at_five(second), spoiled_at_five(make_trainer(steps=9)))


def test_too_large_steps_diverge_by_themselves(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(optimizer="sgd", learning_rate=1e18, loss="least-squares", steps=50)
    with pytest.raises(DivergedError, match=r"became (nan|inf) at step \d+ \(after 3 rollbacks\)$"):
        advance(trainer)
    assert len(trainer.events) == 3


def test_gradients_that_explode_count(
    make_trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "FIRST", 25)
    for rollbacks, events in ((0, 0), (3, 1)):
        trainer = advance(make_trainer(steps=60, rollbacks=rollbacks, loss="wasserstein"), 40)
        with torch.no_grad():
            for p in trainer.D.parameters():
                p *= 20
        advance(trainer)
        assert len(trainer.events) >= events
        assert bool(trainer.events) == bool(events)


def test_no_state_is_good_while_gradients_may_explode(
    make_trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GOOD_EVERY", 4)
    for alarmed, good in ((False, 4), (True, 0)):
        trainer = advance(make_trainer(steps=9), 4)
        trainer.watch.above["critic"] = int(alarmed)
        assert advance(trainer, 1).state_dict()["good"]["step"] == good


def test_a_good_state_does_not_hold_those_before_it(
    make_trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GOOD_EVERY", 2)
    good = advance(make_trainer(steps=9), 7).state_dict()["good"]
    assert good["step"] == 6
    assert good["good"] is None


def test_the_critic_warms_up_before_the_first_step(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(critic_warmup_steps=3)
    started = [p.detach().clone() for p in trainer.G.parameters()]
    records = []
    for step in itertools.islice(trainer.steps(), 3):
        records.append(trainer.record())
        assert step == 0
    assert [r["critic_step"] for r in records] == [1, 2, 3]
    assert all("generator_loss" not in r for r in records)
    assert all(torch.equal(a, b) for a, b in zip(started, trainer.G.parameters(), strict=True))
    assert list(trainer.steps()) == [1, 2, 3, 4, 5, 6]
    assert "critic_step" not in trainer.record()


def test_a_warm_up_is_no_measure_of_what_is_usual(
    make_trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "FIRST", 2)
    monkeypatch.setattr(watch, "RENEWED_EVERY", 1)
    trainer = advance(make_trainer(critic_warmup_steps=30, learning_rate=1e-4))
    assert not trainer.events


def test_a_resumed_warm_up_has_the_same_bits(make_trainer: MakeTrainer) -> None:
    first = advance(make_trainer(critic_warmup_steps=4), 2)
    second = make_trainer(critic_warmup_steps=4)
    second.load_state_dict(through_file(first.state_dict()))
    assert same(advance(second), advance(make_trainer(critic_warmup_steps=4)))


def test_a_sick_average_is_not_healthy(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer()
    spoil(trainer.average.net)
    assert not trainer.healthy()


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        ({"steps": 7}, 7),
        ({"epochs": 1}, 3),  # 10 rows in batches of 4
        ({"epochs": 2.5}, 7),
        ({"epochs": 4, "d_steps": 2}, 5),
        ({"epochs": 0.01}, 1),
    ],
)
def test_a_budget_in_steps_or_epochs(
    make_trainer: MakeTrainer, settings: dict[str, Any], steps: int
) -> None:
    trainer = make_trainer(**settings)
    assert trainer.total_steps == steps
    counted = list(trainer.steps())
    assert counted == list(range(1, steps + 1))
    assert trainer.progress == 1
    assert list(trainer.steps()) == []


def test_a_budget_in_minutes(make_trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(0.0, 3.0)
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(clock))
    trainer = make_trainer(minutes=0.49)
    assert trainer.progress == 0
    rates = []
    for step in trainer.steps():
        assert trainer.progress == pytest.approx(min(3 * step / 29.4, 1))
        assert trainer.total_steps == 10
        rates.append(trainer.player_g.rates[0])
    assert trainer.step == 10
    assert trainer.seconds == 30
    schedule = Schedule(trainer.config)
    assert rates == pytest.approx([schedule.at(3 * i / 29.4).learning_rate for i in range(10)])
    assert trainer.progress == 1


def test_a_budget_of_no_time_makes_one_step(make_trainer: MakeTrainer) -> None:
    assert list(make_trainer(minutes=1e-6).steps()) == [1]


def test_no_budget_is_refused(make_trainer: MakeTrainer) -> None:
    with pytest.raises(ConfigError, match="give steps, epochs or minutes"):
        make_trainer(steps=None)


def test_settings_follow_the_schedule(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(critic_learning_rate=0.03)
    schedule = Schedule(trainer.config)
    for step in trainer.steps():
        now = schedule.at((step - 1) / 6)
        assert trainer.gamma.item() == pytest.approx(now.gamma)
        assert trainer.player_g.rates[0] == now.learning_rate
        assert trainer.player_d.rates == (now.critic_learning_rate, now.beta2)


def test_records_are_means_since_the_last(make_trainer: MakeTrainer) -> None:
    each = [t.record() for t in [make_trainer(steps=4)] for _ in t.steps()]
    halves_of = make_trainer(steps=4)
    halves = [halves_of.record() for step in halves_of.steps() if step % 2 == 0]
    for i, half in enumerate(halves):
        for name in ("critic_loss", "generator_loss"):
            mean = (each[2 * i][name] + each[2 * i + 1][name]) / 2
            assert half[name] == pytest.approx(mean, rel=1e-5)
    assert [r["step"] for r in halves] == [2, 4]
    assert halves[-1]["gamma"] == pytest.approx(0.1)


def test_a_record_is_resumed_in_the_middle(make_trainer: MakeTrainer) -> None:
    first = advance(make_trainer(), 3)
    second = make_trainer()
    second.load_state_dict(first.state_dict())
    a, b = advance(first, 2).record(), advance(second, 2).record()
    assert {k: v for k, v in a.items() if k != "seconds"} == {
        k: v for k, v in b.items() if k != "seconds"
    }


def test_the_averaged_net_follows_G(make_trainer: MakeTrainer) -> None:
    trainer = advance(make_trainer(ema_half_life_steps=0.0))
    pairs = zip(trainer.G.parameters(), trainer.average.net.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    trainer = advance(make_trainer(ema_half_life_steps=50.0))
    pairs = zip(trainer.G.parameters(), trainer.average.net.parameters(), strict=True)
    assert not any(torch.equal(a, b) for a, b in pairs)


def test_nets_train_in_training_mode_whatever_happens_between(make_trainer: MakeTrainer) -> None:
    trainer = make_trainer(critic_dropout=0.5)
    for _ in trainer.steps():
        assert trainer.G.training
        assert trainer.D.training
        trainer.D.eval()
    assert same(trainer, advance(make_trainer(critic_dropout=0.5)))


@pytest.mark.parametrize(
    "damage",
    [
        lambda state: state.pop("D"),
        lambda state: state["G"].pop("vector"),
        lambda state: state["D"].update({"vector": torch.zeros(3)}),
        lambda state: state["buffers"].append(torch.zeros(3)),
    ],
)
def test_the_state_of_another_run_is_refused(make_trainer: MakeTrainer, damage: Any) -> None:
    state = make_trainer().state_dict()
    damage(state)
    with pytest.raises(RunError, match=r"^the saved state does not fit this run \(.+\)$"):
        make_trainer().load_state_dict(state)


def test_the_state_of_another_kind_of_device_is_taken_without_its_random_numbers(
    make_trainer: MakeTrainer,
) -> None:
    state = advance(make_trainer(critic_dropout=0.5), 3).state_dict()
    # On a GPU the state of random numbers is 16 bytes long.
    state["streams"] = [torch.zeros(16, dtype=torch.uint8) for _ in state["streams"]]
    state["batches"]["random"] = torch.zeros(16, dtype=torch.uint8)
    trainer = make_trainer(critic_dropout=0.5)
    trainer.load_state_dict(state)
    assert advance(trainer).step == 6
    assert trainer.healthy()


def test_precision_must_be_resolved(make_trainer: MakeTrainer) -> None:
    with pytest.raises(ConfigError, match="precision is not resolved"):
        make_trainer(precision=None)
