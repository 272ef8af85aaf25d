"""Tables and commands of the report."""

from __future__ import annotations

import dataclasses
import shlex

import pytest

from sparring.config import Config
from sparring.diagnose.diagnosis import VERDICTS, Diagnosis, Evidence
from sparring.diagnose.doctor import diagnose_log
from sparring.diagnose.signals import SIGNALS
from sparring.evaluate.suite import METRICS
from sparring.kinds.catalogue import KINDS
from sparring.report import sections
from sparring.report.findings import Findings
from sparring.report.of_kind import OF_KIND
from sparring.report.sections import differences, train_command
from sparring.standings import GAN, Trial
from tests.report.conftest import LOG, found_of

TOO_EARLY = VERDICTS["too early to tell"]


def with_source(found: Findings, **changes: object) -> Findings:
    """The same run, from a file and with other settings."""
    source = {"location": "my data.csv", "rows": 60, "fingerprint": "f00"}
    config = found.model.config.replace(changes)
    return dataclasses.replace(
        found, model=dataclasses.replace(found.model, config=config, source=source)
    )


def settings_in(command: str) -> dict[str, str]:
    words = shlex.split(command)
    assert words[:3] == ["sparring", "train", "my data.csv"]
    assert words[3::2] == ["--set"] * len(words[3::2])
    return dict(word.split("=", 1) for word in words[4::2])


def test_the_command_has_what_is_not_a_default() -> None:
    found = with_source(found_of("points"), loss="hinge", columns=["a", "b c"])
    given = settings_in(train_command(found))
    assert given.keys() == differences(found).keys()
    assert given["loss"] == "hinge"
    assert given["columns"] == "a,b c"
    assert given["steps"] == "3"
    assert given["threads"] == "1"  # where it ran decides the bits too
    assert "seed" not in given


def test_the_command_of_a_remedy() -> None:
    found = with_source(found_of("points"))
    assert settings_in(train_command(found, {"gamma": "10", "steps": "6"})) == (
        settings_in(train_command(found)) | {"gamma": "10", "steps": "6"}
    )
    longer = settings_in(train_command(found, {"epochs": "2"}))
    assert "steps" not in longer  # a new budget drops the old one


def test_rows_in_memory_are_named_as_such() -> None:
    (command,) = sections.again(found_of("table")).commands
    assert command.startswith("sparring.GAN(")
    assert "steps=3" in command
    assert command.endswith(".fit(X)")


def test_every_setting_is_told_once() -> None:
    names = [row[0] for sheet in sections.settings(found_of("image")).sheets for row in sheet.rows]
    assert sorted(names) == sorted(f.name for f in dataclasses.fields(Config))


def test_a_skipped_metric_says_why_and_has_no_number() -> None:
    found = found_of("points")
    short = dataclasses.replace(
        found.scores[0], value=None, floor=None, low=None, high=None, skipped="5 rows are too few"
    )
    (sheet,) = sections.scores(dataclasses.replace(found, scores=[short])).sheets
    (row,) = sheet.rows
    assert row[1:5] == ("-", "-", "-", "-")
    assert row[-1] == "skipped: 5 rows are too few"


def test_who_comes_closest() -> None:
    found = found_of("points")
    comparison = found.comparison
    assert comparison is not None
    sheet = sections.baselines(found).sheets[0]
    assert list(sheet.head) == ["score", "real rows", "gan", "marginals", "closest to real rows"]
    for row in sheet.rows:
        assert row[-1] in ("gan", "marginals", "2 equal")
    copies = next(row for row in sheet.rows if row[0] == "Exact copies")
    assert copies[-1] == "2 equal"
    failed = (*comparison.trials[:1], Trial("marginals", 0, 0.0, skipped="too few rows"))
    assert comparison.trials[0].method == GAN
    section = sections.baselines(
        dataclasses.replace(found, comparison=dataclasses.replace(comparison, trials=failed))
    )
    assert "marginals is left out (seed 0: too few rows)." in section.words


def test_the_diagnosis_and_its_remedy() -> None:
    found = with_source(found_of("points"), loss="minimax")
    ill = dataclasses.replace(
        found, diagnosis=diagnose_log(LOG, found.model.config, found.model.kind.defaults)
    )
    section = sections.diagnosis(ill)
    assert section.words[0] == (
        f"Collapsed: {VERDICTS['collapsed']}. Also critic wins: {VERDICTS['critic wins']}."
    )
    spread = next(row for row in section.sheets[0].rows if row[0] == "spread")
    assert spread[1] == "0"
    assert spread[2].startswith("below ")
    assert spread[3:] == ("1", SIGNALS["spread"])
    (command,) = section.commands
    assert settings_in(command) == settings_in(train_command(ill)) | dict(ill.diagnosis.remedy)
    early = dataclasses.replace(found, diagnosis=Diagnosis("too early to tell", 1.0))
    assert sections.diagnosis(early).words == [f"Too early to tell: {TOO_EARLY}."]
    well = dataclasses.replace(
        found, diagnosis=Diagnosis("healthy", 0.9, (Evidence("spread", 1.0, 0.7),))
    )
    assert sections.diagnosis(well).commands == ()
    assert "Confidence in this verdict: 90%" in sections.diagnosis(well).words[1]


@pytest.mark.usefixtures("undrawn")
def test_what_happened_on_the_way_is_told() -> None:
    events = [{"step": 1200, "event": "went back"}, {"step": 1300}]
    found = dataclasses.replace(found_of("points"), events=events)
    assert sections.losses(found).words[-1] == "step 1,200: went back"


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_part_of_the_report(kind: str) -> None:
    assert set(OF_KIND[kind].headline) <= set(KINDS[kind].metrics) & METRICS.keys()
    for labelled in (False, True):
        for make in OF_KIND[kind].sections:
            section = make(found_of(kind, labelled))
            assert section.plates
            assert not section.missing
