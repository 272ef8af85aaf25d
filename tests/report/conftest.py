"""Runs to report on, made once: a table with hostile names, and a model of every kind."""

from __future__ import annotations

import csv
import functools
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from sparring.config import Config
from sparring.data.source import open_source
from sparring.fit import fit
from sparring.plan import plan
from sparring.report.findings import Findings, of_model
from sparring.train.run import Run
from tests.conftest import rows_of, settings_of, trained

ALERT = "<script>alert(1)</script>"
HOSTILE = [ALERT, '"quoted" & $x^2$', "'><img src=x onerror=alert(2)>", "a,b"]

# Of a run in which all samples are alike.
LOG: list[dict[str, float]] = [
    {
        "step": step, "seconds": step / 10, "critic_loss": 1.0, "generator_loss": 0.5,
        "critic_accuracy": 1.0, "holdout_accuracy": 1.0, "train_preference": 0.5,
        "logit_gap": 5.0, "critic_slope": 1.0, "gradient_share": 0.9, "distance": 9.0,
        "spread": 0.0, "cells_missed": 0.9, "cell_entropy": 0.0, "neighbour_accuracy": 1.0,
        "movement": 0.1, "turning": 0.1, "churn": 0.1,
    }
    for step in (1, 2, 3)
]  # fmt: skip


@functools.cache
def found_of(kind: str, labelled: bool = False) -> Findings:
    """What is found of a model in memory, beside one baseline; to look at and not to change."""
    model, rows = trained(kind, labelled), rows_of(kind, labelled=labelled)
    planned = plan(rows, Config(**settings_of(kind, labelled=labelled)))
    return of_model(model, LOG, (planned.train, planned.holdout), baselines=["marginals"])


@pytest.fixture(scope="session")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a table whose names and categories are markup."""
    folder, random = tmp_path_factory.mktemp("hostile"), np.random.default_rng(0)
    with (folder / "people.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(HOSTILE)
        for i in range(60):
            row = [[ALERT, "</style>", "b&b"][i % 3], round(random.normal(), 3), i % 4, i * 0.5]
            lines.writerow(row)
    path = folder / "people.csv"
    settings = settings_of("table", log_every_steps=1, sample_every_steps=1)
    fit(plan(open_source(path), Config(**settings), path), Run.create(folder / "run"))
    return folder / "run"


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are made and not drawn, which takes most of the time."""
    monkeypatch.setattr("sparring.report.parts.png", lambda figure: b"")


@pytest.fixture
def run(hostile_run: Path, tmp_path: Path) -> Path:
    """A copy of that run, to be changed."""
    return Path(shutil.copytree(hostile_run, tmp_path / "run"))


class Page(HTMLParser):
    """What a browser would see.

    Attributes:
        tags: (name, attributes) in order.
        paragraphs: texts of <p>, in order.
        text: all that is shown.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.paragraphs: list[str] = []
        self.text, self.inside = "", [""]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.inside.append(tag)
        if tag == "p":
            self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        while self.inside.pop() != tag:  # what has no end, such as <img>
            assert self.inside, tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.inside:
            self.text += data
        if "p" in self.inside:
            self.paragraphs[-1] += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]
