"""Remedies are settings that exist, fit together and change something."""

from __future__ import annotations

from typing import Any

import pytest

from sparring.config import Config, parse
from sparring.diagnose.remedies import REMEDIES, far, remedy
from sparring.kinds.catalogue import KINDS
from sparring.objective.objective import build_objective

STRANGE: list[dict[str, Any]] = [
    {},
    {"loss": "minimax", "penalty": "none", "critic_batch_norm": True},
    {"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.9},
    {"d_steps": 20, "critic_width": 1000, "critic_learning_rate": 0.1, "critic_warmup_steps": 9},
    {"critic_width": 2, "width": 4, "gamma": 1e4},
    {"gamma": 0.0, "learning_rate": 0.0, "minutes": 1.0},
    {"epochs": 2.0, "beta1": 0.9, "schedule": "constant", "label_smoothing": 0.1,
     "loss": "non-saturating"},
]  # fmt: skip


@pytest.mark.parametrize("verdict", REMEDIES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strange", STRANGE, ids=str)
def test_every_remedy_is_a_config_that_differs(
    verdict: str, kind: str, strange: dict[str, Any]
) -> None:
    defaults = KINDS[kind].defaults
    config = Config(**strange).with_defaults(defaults)
    changes = remedy(verdict, config, defaults)
    assert changes
    tried = config.replace({name: parse(name, text) for name, text in changes.items()})
    tried = tried.with_defaults(defaults)
    assert tried != config
    build_objective(tried)


def test_what_is_not_ill_has_no_remedy() -> None:
    defaults = KINDS["points"].defaults
    for verdict in ("healthy", "too early to tell"):
        assert remedy(verdict, Config().with_defaults(defaults), defaults) == {}


def test_what_was_changed_goes_back() -> None:
    defaults = KINDS["points"].defaults
    config = Config(loss="minimax", penalty="none", d_steps=20, critic_width=999)
    changes = remedy("critic wins", config.with_defaults(defaults), defaults)
    assert changes == {
        "loss": "relativistic", "penalty": "r1+r2", "d_steps": "1", "critic_width": "none",
    }  # fmt: skip


def test_a_run_that_ended_too_soon_goes_on_longer() -> None:
    defaults = KINDS["points"].defaults
    for budget in ("steps", "epochs", "minutes"):
        config = Config(**{budget: 10}).with_defaults(defaults)
        least = str(defaults["steps"] // 2) if budget == "steps" else "40"
        assert remedy("under-trained", config, defaults) == {budget: least}
    slow = Config(learning_rate=1e-6).with_defaults(defaults)
    usual = f"{defaults['learning_rate']:.6g}"
    assert remedy("under-trained", slow, defaults) == {"learning_rate": usual}


def test_a_short_run_that_fails_is_told_to_go_on_longer_too() -> None:
    defaults = KINDS["points"].defaults
    usual = defaults["steps"]
    shares = ((1 / 20, 1 / 2), (1 / 5, 4 / 5), (1 / 3, 1))
    for steps, least in ((round(a * usual), round(b * usual)) for a, b in shares):
        config = Config(steps=steps, loss="minimax").with_defaults(defaults)
        changes = {"loss": "relativistic", "steps": str(least)}
        assert remedy("collapsed", config, defaults) == changes
    config = Config(steps=usual, loss="minimax").with_defaults(defaults)
    assert remedy("collapsed", config, defaults) == {"loss": "relativistic"}


def test_a_critic_that_knows_few_rows_gets_more_of_them_and_none_twice() -> None:
    for kind, moves in (("points", True), ("table", True), ("image", False)):
        defaults = KINDS[kind].defaults
        config = Config(holdout=0.5).with_defaults(defaults)
        changes = remedy("critic memorises", config, defaults)
        assert changes["holdout"] == "0.2"
        assert changes.get("smoothing") == ("0.3" if moves else None)
    smooth = Config(smoothing=0.5).with_defaults(KINDS["points"].defaults)
    changes = remedy("copies training data", smooth, KINDS["points"].defaults)
    assert {"holdout", "smoothing"}.isdisjoint(changes)


def test_a_narrow_generator_becomes_as_wide_as_usual() -> None:
    defaults = KINDS["points"].defaults
    config = Config(width=8).with_defaults(defaults)
    assert remedy("mode dropping", config, defaults) == {"width": str(defaults["width"])}


def test_or_as_wide_as_a_critic_that_is_not_far_too_wide() -> None:
    defaults = KINDS["image"].defaults
    usual = defaults["width"]
    config = Config(width=usual // 4, critic_width=4 * usual).with_defaults(defaults)
    assert remedy("mode dropping", config, defaults)["width"] == str(4 * usual)
    config = Config(width=usual // 4, critic_width=5 * usual).with_defaults(defaults)
    assert "width" not in remedy("mode dropping", config, defaults)


def test_a_critic_rate_that_was_not_set_stays_that_of_the_generator() -> None:
    defaults = KINDS["points"].defaults
    config = Config(learning_rate=1e-1, critic_learning_rate=None).with_defaults(defaults)
    usual = f"{defaults['learning_rate']:.6g}"
    assert remedy("collapsed", config, defaults) == {"learning_rate": usual}


def test_numbers_near_their_default_are_left_alone() -> None:
    assert not far(2e-3, 1e-3)
    assert far(1e-2, 1e-3)
    assert far(0.0, 1e-3)
    assert far(None, 1e-3)
    assert not far("adam", "adam")
