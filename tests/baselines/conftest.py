"""Small nets, and a clock that ticks at every look: training takes so many steps exactly."""

from __future__ import annotations

import itertools

import pytest

from sparring.baselines import nets


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nets, "WIDTH", 32)
    monkeypatch.setattr(nets, "DEPTH", 1)
    monkeypatch.setattr(nets, "BATCH_SIZE", 64)


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count()
    monkeypatch.setattr("sparring.baselines.nets.time.perf_counter", lambda: float(next(ticks)))
