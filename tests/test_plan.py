"""What is found out before a run: the pace of its steps, and settings that would do nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError
from sparring.plan import plan
from sparring.train.engine import pick_engine


@pytest.mark.parametrize("budget", [{"steps": 600}, {"epochs": 30.0}])
def test_an_engine_is_picked_by_the_seconds_of_the_whole_run(
    budget: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def pick(config: Config, device: Any, steps: float, seconds: float) -> str:
        asked.append((steps, seconds))
        return pick_engine(config, device, steps, 0.0)

    monkeypatch.setattr("sparring.plan.pick_engine", pick)
    rows = Dataset(np.random.default_rng(0).normal(size=(1_600, 2)).astype(np.float32))
    config = Config(network="mlp", width=4, depth=1, batch_size=80, holdout=0.0, threads=1)
    assert plan(rows, config.replace(budget)).config.engine == "traced"
    [(steps, seconds)] = asked
    assert steps == 600
    assert seconds > 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"momentum": 0.9}, "momentum: optimizer 'adam' has none; sgd does"),
        ({"min_count": 5}, "min_count: only tables"),
        ({"tail_quantile": 0.1}, "tail_quantile: only tables"),
        ({"drop_text": True}, "drop_text: only tables"),
        ({"critic_depth": 2, "network": "dcgan"}, "critic_depth: D of network 'dcgan' has none"),
        ({"critic_bottleneck": 2, "network": "dcgan"}, "critic_bottleneck: D of network 'dcgan'"),
    ],
)
def test_a_setting_that_would_change_nothing_is_refused(
    settings: dict[str, Any], says: str
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1)).astype(np.uint8)
    with pytest.raises(ConfigError, match=says):
        plan(Dataset(images), Config(threads=1, steps=2).replace(settings))
