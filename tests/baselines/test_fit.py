"""From rows of every kind to samples of that kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sparring.baselines.catalogue import BASELINES
from sparring.baselines.fit import encoded, fit_baseline
from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError
from sparring.kinds.catalogue import KINDS
from sparring.plan import Plan, plan
from tests.conftest import rows_of, settings_of

EVERY = pytest.mark.parametrize("kind", KINDS)
LABELLED = pytest.mark.parametrize("labelled", [False, True], ids=["plain", "labelled"])


def planned(kind: str, labelled: bool, rows: Dataset | None = None) -> Plan:
    rows = rows or rows_of(kind, labelled=labelled)
    return plan(rows, Config(**settings_of(kind, labelled=labelled)))


@EVERY
@LABELLED
@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.usefixtures("ticking")
def test_samples_look_like_training_rows(name: str, kind: str, labelled: bool) -> None:
    p = planned(kind, labelled)
    draw = fit_baseline(name, p.kind, p.train, seed=0, seconds=2.0)
    samples = draw(7, 1)
    assert len(samples) == 7
    p.kind.check(samples)
    if isinstance(samples.x, pd.DataFrame):
        assert isinstance(p.train.x, pd.DataFrame)
        pd.testing.assert_series_equal(samples.x.dtypes, p.train.x.dtypes)
    else:
        assert samples.x.dtype == p.train.x.dtype
        assert (samples.y is not None) is labelled
    again = draw(7, 1)
    np.testing.assert_array_equal(
        np.asarray(samples.x, object)[:, 0], np.asarray(again.x, object)[:, 0]
    )


@EVERY
@LABELLED
def test_a_bootstrap_is_training_rows_again(kind: str, labelled: bool) -> None:
    settings = settings_of(kind, labelled=labelled) | {"min_count": 1}
    p = plan(rows_of(kind, labelled=labelled), Config(**settings))
    samples = fit_baseline("bootstrap", p.kind, p.train, seed=0, seconds=0.0)(40, 1)
    if isinstance(samples.x, pd.DataFrame):
        assert isinstance(p.train.x, pd.DataFrame)
        known = set(p.train.x.astype(str).itertuples(index=False, name=None))
        assert set(samples.x.astype(str).itertuples(index=False, name=None)) <= known
        return
    close = [
        np.abs(p.train.x.astype(float) - x).reshape(len(p.train), -1).max(1) for x in samples.x
    ]
    assert np.min(close, axis=1).max() < 1e-6
    if labelled:
        assert p.train.y is not None
        assert (p.train.y[np.argmin(close, axis=1)] == samples.y).all()


def test_labels_come_at_their_shares() -> None:
    y = np.repeat(["a", "b"], [45, 15])
    rows = Dataset(np.random.default_rng(0).normal(size=(60, 2)), y)
    p = planned("points", True, rows)
    samples = fit_baseline("gaussian", p.kind, p.train, seed=0, seconds=0.0)(4_000, 1)
    np.testing.assert_allclose((samples.y == "a").mean(), (p.train.y == "a").mean(), atol=0.03)


def test_rows_are_flat_and_labels_are_numbers() -> None:
    p = planned("image", True)
    x, y = encoded(p.kind, p.train, 0)
    assert x.shape == (len(p.train), 64)
    assert y is not None
    assert set(y) == {0, 1, 2}


def test_an_unknown_name_lists_the_known() -> None:
    p = planned("points", False)
    with pytest.raises(ConfigError, match=r"unknown baseline 'gm'.*'gmm'.*bootstrap, marginals"):
        fit_baseline("gm", p.kind, p.train, seed=0, seconds=0.0)
