"""Values that move over a run."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.config import Config
from sparring.errors import ConfigError
from sparring.train.schedule import SCHEDULES, Schedule, Settings, cosine

CONFIG = Config(
    gamma=2.0, gamma_decay=0.01, learning_rate=1e-3, learning_rate_decay=0.05,
    beta2=0.9, beta2_end=0.99, ema_half_life_steps=500.0,
)  # fmt: skip
shares = st.floats(0, 1)


def at(progress: float, **changes: object) -> Settings:
    return Schedule(dataclasses.replace(CONFIG, **changes)).at(progress)


def test_the_start_is_the_config() -> None:
    assert at(0) == Settings(2.0, 1e-3, 1e-3, 0.9, ema_weight=1.0)


def test_the_end_is_the_decayed_config() -> None:
    end = at(1)
    assert end.gamma == pytest.approx(0.02)
    assert end.learning_rate == pytest.approx(5e-5)
    assert end.critic_learning_rate == pytest.approx(5e-5)
    assert end.beta2 == pytest.approx(0.99)
    assert (1 - end.ema_weight) ** 500 == pytest.approx(0.5)


def test_the_middle_is_the_geometric_mean_of_gamma_and_the_mean_of_the_rest() -> None:
    middle = at(0.5)
    assert middle.gamma == pytest.approx(0.2)
    assert middle.learning_rate == pytest.approx((1e-3 + 5e-5) / 2)
    assert middle.beta2 == pytest.approx(0.945)


@given(shares, shares)
def test_every_value_moves_one_way(a: float, b: float) -> None:
    early, late = at(min(a, b)), at(max(a, b))
    assert early.gamma >= late.gamma
    assert early.learning_rate >= late.learning_rate
    assert early.beta2 <= late.beta2
    assert early.ema_weight >= late.ema_weight
    for settings in (early, late):
        assert all(math.isfinite(value) for value in dataclasses.astuple(settings))
        assert 0 < settings.ema_weight <= 1


@pytest.mark.parametrize("name", SCHEDULES)
@given(shares)
def test_every_schedule_stays_between_its_ends(name: str, progress: float) -> None:
    assert SCHEDULES[name](0.0) == 0
    assert 0 <= SCHEDULES[name](progress) <= 1


@given(shares)
def test_a_constant_schedule_keeps_all_but_the_averaging(progress: float) -> None:
    now = at(progress, schedule="constant")
    assert dataclasses.replace(now, ema_weight=1.0) == at(0)
    assert now.ema_weight == at(progress).ema_weight


def test_progress_beyond_the_end_stays_there() -> None:
    assert cosine(-1) == 0
    assert cosine(2) == 1


def test_no_half_life_is_no_averaging() -> None:
    assert at(1, ema_half_life_steps=0.0).ema_weight == 1


def test_a_short_run_is_averaged_over_a_quarter_of_its_steps() -> None:
    weight = Schedule(CONFIG).at(1, step=400).ema_weight
    assert (1 - weight) ** 100 == pytest.approx(0.5)
    assert Schedule(CONFIG).at(1, step=2_000) == at(1)


def test_the_critic_may_have_a_rate_of_its_own() -> None:
    assert at(0, critic_learning_rate=4e-3).critic_learning_rate == 4e-3
    assert at(1, critic_learning_rate=4e-3).critic_learning_rate == pytest.approx(2e-4)
    assert at(0, critic_learning_rate=0.0).critic_learning_rate == 0


@pytest.mark.parametrize(
    "name", ["gamma", "gamma_decay", "learning_rate", "learning_rate_decay", "ema_half_life_steps"]
)
def test_a_setting_that_is_not_resolved_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name} is not resolved"):
        at(0.5, **{name: None})


def test_an_unknown_schedule_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="unknown schedule 'cosin'; did you mean 'cosine'"):
        Schedule(Config(schedule="cosin"))
