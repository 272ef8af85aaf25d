"""From a log to a verdict: every rule, what speaks for it, and logs that are short or torn."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from sparring.config import Config
from sparring.diagnose.diagnosis import VERDICTS, Diagnosis
from sparring.diagnose.doctor import diagnose, diagnose_log, named, settings, told
from sparring.diagnose.remedies import REMEDIES, remedy
from sparring.diagnose.rules import CONFIDENCE, HEALTH, OF_SAMPLES, RULES, Rule, Sign
from sparring.diagnose.signals import SIGNALS, Course
from sparring.errors import RunError
from sparring.kinds.points import Points
from tests.conftest import trained

CONFIG = Config().with_defaults(Points.defaults)
HEALTHY = {
    "critic_accuracy": 0.6, "holdout_accuracy": 0.6, "train_preference": 0.5, "logit_gap": 0.1,
    "critic_slope": 0.2, "gradient_share": 0.5, "distance": 1.2, "spread": 1.0,
    "cells_missed": 0.0, "cell_entropy": 1.0, "neighbour_accuracy": 0.6, "nearness": 1.3,
    "copies": 0.0, "movement": 0.05, "turning": 0.4, "churn": 0.05,
}  # fmt: skip

STUCK = {
    "critic_accuracy": 1.0, "holdout_accuracy": 1.0, "logit_gap": 9.0, "movement": 0.01,
    "distance": 9.0,
}  # fmt: skip


def log(looks: int = 10, since: int = 0, **changes: float) -> list[dict[str, Any]]:
    """A look every 100 steps, healthy but for `changes` from step `since` on."""
    records = []
    for step in range(50, 100 * looks + 1, 50):
        record = {"step": step, "seconds": step / 100, "critic_loss": 0.7, "learning_rate": 1e-3}
        if step % 100 == 0:
            record |= HEALTHY | (changes if step >= since else {})
        records.append(record)
    return records


def told_of(records: list[dict[str, Any]]) -> Diagnosis:
    return diagnose_log(records, CONFIG, Points.defaults)


def beyond(sign: Sign) -> float:
    """A value that shows the sign."""
    margin = 0.05 * abs(sign.reference) + 0.01
    return sign.reference + (margin if sign.above else -margin)


def ill(rule: Rule, since: int = 0) -> list[dict[str, Any]]:
    signs = {sign.signal: beyond(sign) for sign in rule.signs}
    growth = signs.pop("distance_growth", 0.0)
    looks = int(signs.pop("looks", 10))
    ended = signs.pop("divergences", None) is not None
    end = [{"step": 1000, "seconds": 10.0, "divergences": 4.0}]
    records = log(looks, since, **signs)
    for record in records[: len(records) // 2]:
        if "distance" in record:
            record["distance"] /= 1 + growth
    return [*records, *(end if ended else [])]


def test_the_catalogues_belong_together() -> None:
    judged = {rule.verdict for rule in RULES}
    assert set(VERDICTS) == judged | {"healthy", "too early to tell"}
    assert set(CONFIDENCE) == judged | {"healthy"}
    assert set(REMEDIES) == judged
    assert judged > OF_SAMPLES
    assert all(0 < value < 1 for value in CONFIDENCE.values())
    assert {sign.signal for rule in RULES for sign in rule.signs} <= set(SIGNALS)
    assert {sign.signal for sign in HEALTH} <= set(SIGNALS)


def test_a_healthy_run() -> None:
    found = told_of(log())
    assert found.verdict == "healthy"
    assert found.remedy == {}
    assert [e.signal for e in found.evidence] == [sign.signal for sign in HEALTH]
    for evidence, sign in zip(found.evidence, HEALTH, strict=True):
        assert evidence.value == HEALTHY[sign.signal]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.verdict)
def test_every_rule_is_reached_and_says_why(rule: Rule) -> None:
    found = told_of(ill(rule))
    assert found.verdict == rule.verdict
    assert found.confidence == CONFIDENCE[rule.verdict]
    assert found.remedy
    for evidence, sign in zip(found.evidence, rule.signs, strict=True):
        assert evidence.signal == sign.signal
        assert evidence.reference == sign.reference
        assert sign.holds(evidence.value)
    line = told(found)
    assert line.startswith(f"{rule.verdict}: {VERDICTS[rule.verdict]}")
    assert "\n" not in line
    assert settings(found) in line


def test_a_cause_comes_with_what_samples_show() -> None:
    assert told_of(log(**STUCK)).also == ""
    found = told_of(log(**STUCK, spread=0.1))
    assert (found.verdict, found.also) == ("critic wins", "collapsed")
    assert len({(e.signal, e.reference) for e in found.evidence}) == len(found.evidence)
    assert found.evidence[-1].signal == "spread"  # the distance was said before
    line = told(found)
    assert line.startswith(f"critic wins: {VERDICTS['critic wins']}; also collapsed: ")
    moving = told_of(log(**(STUCK | {"movement": 0.3}), spread=0.1))
    assert (moving.verdict, moving.also) == ("collapsed", "critic wins")
    assert moving.remedy == remedy("collapsed", CONFIG, Points.defaults)


def test_nothing_is_said_beside_a_divergence_or_a_run_that_has_just_begun() -> None:
    few = {"cell_entropy": 0.1, "cells_missed": 0.9, "neighbour_accuracy": 0.99}
    found = told_of(log(spread=9.0, distance=90.0, **few))
    assert (found.verdict, found.also) == ("diverged", "")
    found = told_of(log(looks=2, spread=0.1, distance=9.0, logit_gap=1.0, **few))
    assert (found.verdict, found.also) == ("under-trained", "")


def test_of_a_generator_that_never_moved_missing_modes_say_nothing_more() -> None:
    found = told_of(log(**STUCK, cells_missed=0.5, cell_entropy=0.7))
    assert (found.verdict, found.also) == ("critic wins", "")


def test_a_critic_that_is_sure_only_of_rows_that_it_knows_by_heart_does_not_win() -> None:
    by_heart = log(**STUCK | {"holdout_accuracy": 0.8})
    assert "critic wins" not in named(told_of(by_heart))
    for record in by_heart:
        record.pop("holdout_accuracy", None)  # of a run that holds no rows out
    assert told_of(by_heart).verdict == "critic wins"


@pytest.mark.parametrize(("missed", "also"), [(0.3, ""), (0.4, "mode dropping")])
def test_beside_a_generator_that_wins_many_missing_modes_are_told(missed: float, also: str) -> None:
    flat = {"critic_slope": 0.001, "logit_gap": 0.001, "distance": 9.0}
    found = told_of(log(**flat, cells_missed=missed, cell_entropy=0.7))
    assert (found.verdict, found.also) == ("generator wins", also)


def test_a_sign_that_does_not_last_is_none() -> None:
    rule = next(rule for rule in RULES if rule.verdict == "collapsed")
    records = ill(rule)
    assert told_of([*records[:-6], *log()[-6:]]).verdict == "healthy"
    (first, *_) = told_of(ill(rule, since=600)).evidence
    assert first.since_step == 600


def test_too_early_to_tell() -> None:
    assert told_of([]).verdict == "too early to tell"
    assert told_of(log(looks=1)).verdict == "too early to tell"
    assert told_of(log(looks=1)).evidence == ()
    assert told_of(log(looks=2)).verdict == "healthy"


def test_a_run_that_still_improves_is_not_called_collapsed() -> None:
    """The samples of a G that has just begun are nearly alike."""
    far = {"cells_missed": 0.9, "distance": 8.0, "neighbour_accuracy": 0.99}
    collapsed = log(4, spread=0.1, cell_entropy=0.1, **far)
    assert told_of(collapsed).verdict == "collapsed"
    for look, record in enumerate(record for record in collapsed if "distance" in record):
        record["distance"] = 16.0 - 3 * look
    assert told_of(collapsed).verdict == "under-trained"


def test_a_divergence_needs_no_look() -> None:
    end = {"step": 12, "seconds": 0.1, "divergences": 4.0}
    found = told_of([end])
    assert found.verdict == "diverged"
    assert found.evidence[0].value == 4
    assert told_of([end | {"divergences": 1.0}]).verdict == "diverged"  # no rollback was allowed
    survived = [*log()[:-1], log()[-1] | {"divergences": 1.0}]
    assert told_of(survived).verdict == "healthy"


def test_the_course_of_a_run() -> None:
    course = Course.of(log(spread=0.25, since=900))
    assert len(course.looks) == 10
    assert course.now("spread") == 0.25  # the median of 1, .25, .25
    assert course.since("spread", lambda value: value < 0.5) == 900
    assert course.since("spread", lambda value: value > 0.5) is None
    assert course.now("divergences") == 0
    assert Course.of([]).now("spread") is None


def write_run(path: Path, records: list[dict[str, Any]], end: str = "") -> Path:
    trained("points").save(path)
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (path / "log.jsonl").write_text(lines + end)
    return path


def test_a_run_directory_that_is_still_being_written(tmp_path: Path) -> None:
    rule = next(rule for rule in RULES if rule.verdict == "collapsed")
    run = write_run(tmp_path / "run", ill(rule))
    whole = diagnose(run)
    assert whole.verdict == "collapsed"
    torn = '{"step": 1100, "seconds": 3.0, "spread": 1.0, "critic_acc'
    assert diagnose(write_run(tmp_path / "torn", ill(rule), torn)) == whole
    (tmp_path / "torn" / "model.safetensors").unlink()  # none is saved before the first state
    assert diagnose(tmp_path / "torn") == whole


def test_bad_runs(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such run"):
        diagnose(tmp_path / "gone")
    with pytest.raises(RunError, match="no run directory"):
        diagnose(tmp_path)
    run = write_run(tmp_path / "run", log())
    (run / "schema.json").write_text('{"kind": "sound"}')
    with pytest.raises(RunError, match="sound"):
        diagnose(run)
    (run / "config.json").write_text('{"width"')
    with pytest.raises(RunError, match="cannot be read"):
        diagnose(run)


def test_a_diagnosis_is_plain_values() -> None:
    found = told_of(ill(RULES[1]))
    assert json.loads(json.dumps(dataclasses.asdict(found)))["verdict"] == RULES[1].verdict
