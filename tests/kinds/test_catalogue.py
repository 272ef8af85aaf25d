"""The contract of a kind: whatever stands in KINDS keeps it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, InputError
from sparring.evaluate.suite import METRICS
from sparring.kinds.base import Kind
from sparring.kinds.catalogue import KINDS, pick_kind
from sparring.nets.catalogue import build_networks
from sparring.train.schedule import Schedule
from tests.conftest import rows_of, settings_of

LABELLED = pytest.mark.parametrize("labelled", [False, True], ids=["plain", "labelled"])
EVERY = pytest.mark.parametrize("name", KINDS)


def fitted(name: str, labelled: bool) -> tuple[Kind, Dataset]:
    rows = rows_of(name, labelled=labelled)
    return KINDS[name].fit(rows, Config(**settings_of(name, labelled=labelled))), rows


@EVERY
def test_it_is_listed_under_its_name(name: str) -> None:
    assert KINDS[name].name == name


@EVERY
@LABELLED
def test_it_alone_detects_its_rows(name: str, labelled: bool) -> None:
    rows = rows_of(name, labelled=labelled)
    assert [k for k, kind in KINDS.items() if kind.detects(rows)] == [name]
    assert pick_kind(rows, Config()) is KINDS[name]
    assert pick_kind(rows, Config(kind=name)) is KINDS[name]


@EVERY
def test_rows_of_other_kinds_are_refused(name: str) -> None:
    kind, _ = fitted(name, False)
    for other in KINDS.keys() - {name}:
        with pytest.raises(InputError, match="data holds no"):
            KINDS[name].fit(rows_of(other), Config())
        with pytest.raises(InputError, match="data holds no"):
            kind.check(rows_of(other))


@EVERY
@LABELLED
def test_rows_come_back_from_what_the_nets_see(name: str, labelled: bool) -> None:
    kind, rows = fitted(name, labelled)
    raw = kind.encode(rows)
    assert all(len(tensor) == len(rows) for tensor in raw)
    x = kind.prepare(raw, torch.Generator().manual_seed(0))
    assert x.shape == (len(rows), *kind.shape.row)
    assert x.dtype == torch.float32
    y = kind.encode_labels(rows)
    inside = name == "table"  # its label is one of its cells
    assert (y is None) is (kind.shape.conditions == 0)
    assert y is None or set(y.tolist()) == set(range(kind.shape.conditions))
    clusters = 2 if name == "image" else 0  # of 60 rows
    assert kind.shape.conditions == (clusters if not labelled else 0 if inside else 3)
    assert bool(kind.shape.cells) is inside
    back = kind.decode(x, y)
    assert type(back.x) is type(rows.x)
    if isinstance(back.x, pd.DataFrame):
        pd.testing.assert_series_equal(back.x.dtypes, rows.x.dtypes)
    else:
        assert back.x.dtype == rows.x.dtype
        np.testing.assert_allclose(back.x, rows.x, rtol=1e-5, atol=1e-6)
    values = kind.label_values(back)
    if labelled:
        assert values is not None
        np.testing.assert_array_equal(values, kind.label_values(rows))
    again = kind.prepare(raw, torch.Generator().manual_seed(0))
    assert torch.equal(x, again)


@EVERY
@LABELLED
def test_its_encoding_survives_json(name: str, labelled: bool) -> None:
    kind, rows = fitted(name, labelled)
    saved = json.loads(json.dumps(kind.to_dict(), allow_nan=False))
    restored = KINDS[name].from_dict(saved)
    assert restored == kind
    for found, expected in zip(restored.encode(rows), kind.encode(rows), strict=True):
        assert torch.equal(found, expected)


@EVERY
def test_its_defaults_leave_no_setting_open(name: str) -> None:
    config = Config().with_defaults(KINDS[name].defaults)
    kind, _ = fitted(name, True)
    G, D = build_networks(kind.shape, config)
    y = torch.zeros(2, kind.shape.condition_width)
    x = G(torch.zeros(2, G.latent_dim), y)
    assert x.shape == (2, *kind.shape.row)
    assert D(x, y).shape == (2,)
    assert Schedule(config).at(0.5).learning_rate > 0
    assert config.steps
    assert config.batch_size
    assert config.precision
    assert KINDS[name].defaults.keys() <= vars(config).keys()


@EVERY
def test_its_metrics_exist_and_look_at_its_views(name: str) -> None:
    assert KINDS[name].metrics
    assert set(KINDS[name].metrics) <= METRICS.keys()
    assert len(set(KINDS[name].metrics)) == len(KINDS[name].metrics)


@EVERY
@LABELLED
def test_its_views_share_a_space_fitted_on_the_first(name: str, labelled: bool) -> None:
    kind, rows = fitted(name, labelled)
    other = rows_of(name, 20, labelled=labelled, seed=1)
    first, second = kind.views(rows, other)
    assert (len(first), len(second)) == (60, 20)
    assert first.space == second.space
    assert first.features.shape[1] == second.features.shape[1]
    assert np.isfinite(first.features).all()
    assert np.isfinite(second.features).all()
    np.testing.assert_array_equal(kind.views(rows, other, rows)[0].features, first.features)
    assert (first.labels is None) is not labelled


@EVERY
@LABELLED
def test_its_classifier_judges_labels(name: str, labelled: bool) -> None:
    kind, rows = fitted(name, labelled)
    classifier = kind.classifier(rows, seed=0)
    assert (classifier is None) is not labelled
    if classifier is not None:
        assert classifier.predict(kind.views(rows)[0].rows).shape == (60,)


@EVERY
@LABELLED
def test_it_draws_its_rows(name: str, labelled: bool, tmp_path: Path) -> None:
    kind, rows = fitted(name, labelled)
    kind.draw(rows.take(np.arange(40)), rows, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert min(picture.size) > 50
        assert len(picture.convert("L").getcolors()) > 1


def test_rows_of_no_kind_are_refused() -> None:
    with pytest.raises(InputError, match="rows is none of: points, table, image"):
        pick_kind(Dataset(np.zeros(3), name="rows"), Config())


def test_an_unknown_kind_lists_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"unknown kind 'tabel'; did you mean 'table'.*points"):
        pick_kind(rows_of("table"), Config(kind="tabel"))


@pytest.mark.parametrize("settings", [{"target": "a"}, {"columns": ["a"]}])
def test_settings_of_tables_are_for_tables(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="is for tables; data is of kind points"):
        pick_kind(rows_of("points"), Config(**settings))


def test_tables_have_no_scaling_to_choose() -> None:
    with pytest.raises(ConfigError, match="scaling is for points and images; data is of kind t"):
        pick_kind(rows_of("table"), Config(scaling="min-max"))
