"""All that a report tells of a run, found out before a word of it is written."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparring.data.dataset import Dataset
from sparring.diagnose.diagnosis import Diagnosis
from sparring.diagnose.doctor import diagnose_log
from sparring.errors import InputError
from sparring.evaluate.score import Part
from sparring.evaluate.suite import METRICS, Score
from sparring.judge import judge
from sparring.model import Model
from sparring.plan import reopen
from sparring.recorder import picture_samples
from sparring.report.rivals import CHEAP, against_rivals, check_baselines
from sparring.standings import Comparison
from sparring.train.run import Run, read_lines

Told = Callable[[str], None]
Rows = tuple[Dataset | str, Dataset | None]  # of training, or why they are gone; and held out


@dataclass(frozen=True)
class Findings:
    """What is known of a run.

    Attributes:
        path: the run directory, or None of a model in memory.
        log, events: records of log.jsonl and events.jsonl.
        diagnosis: what the log says.
        pictures: files in samples/, the first of the run first.
        train, holdout: rows; None where they cannot be had, for the reason `gone`.
        against: what the samples were scored against, for a person.
        scores: of the samples; those of the last evaluation where no rows are at hand.
        unscored: why there are none, or "".
        comparison: the GAN beside simpler generators; None where none was asked for or possible.
        samples: as many as show the kind well.
    """

    model: Model
    path: Path | None
    log: Sequence[Mapping[str, float]]
    events: Sequence[Mapping[str, Any]]
    diagnosis: Diagnosis
    pictures: Sequence[Path]
    train: Dataset | None
    holdout: Dataset | None
    gone: str
    against: str
    scores: Sequence[Score]
    unscored: str
    comparison: Comparison | None
    samples: Dataset

    def score(self, name: str) -> Score | None:
        """The score of a metric that was measured."""
        return next((s for s in self.scores if s.name == name and s.value is not None), None)


def of_run(
    path: Path,
    *,
    against: tuple[Dataset, str] | None = None,
    baselines: Sequence[str] = CHEAP,
    seed: int = 0,
    told: Told = lambda line: None,
) -> Findings:
    """Read a run directory, whether the run goes on or not, and its source again; score it.

    Args:
        against: rows to judge by in place of the holdout, and what they are called.
        baselines: keys of BASELINES to compare with; none = no comparison.
        seed: of the samples that are scored, and of the baselines.
        told: is called with a line for a person before each long step.

    Raises:
        RunError: no run, a damaged one, or one that has saved no model yet.
        InputError: rows to judge by that do not fit the model's.
        ConfigError: an unknown baseline.
    """
    run, model = Run.open(path), Model.load(path)
    rows = _rows_of(model)
    if against is not None:
        judged_by = model.kind.adopt(against[0])
        model.kind.check(judged_by)
        rows = (rows[0], judged_by)
    name = "the rows held out" if against is None else against[1]
    log = list(read_lines(run.log_path))
    return _found(model, log, rows, name, baselines, seed, told, run)


def of_model(
    model: Model,
    log: Sequence[Mapping[str, float]],
    rows: Rows | None = None,
    *,
    baselines: Sequence[str] = CHEAP,
    seed: int = 0,
) -> Findings:
    """The same of a model in memory.

    Args:
        rows: of training, and those held out; omitted = they are read again from their source.
    """
    rows = _rows_of(model) if rows is None else rows
    return _found(model, log, rows, "the rows held out", baselines, seed, lambda line: None, None)


def _rows_of(model: Model) -> Rows:
    """The rows of training and those held out, or why they cannot be had."""
    try:
        return reopen(model)
    except InputError as error:
        return str(error), None


def _found(
    model: Model,
    log: Sequence[Mapping[str, float]],
    rows: Rows,
    against: str,
    baselines: Sequence[str],
    seed: int,
    told: Told,
    run: Run | None,
) -> Findings:
    check_baselines(baselines)
    train, gone = (None, rows[0]) if isinstance(rows[0], str) else (rows[0], "")
    holdout, scores, comparison, unscored = rows[1], [], None, gone
    if holdout is not None and len(holdout) < 2:
        unscored = "no row was held out from training"
    elif holdout is not None:
        unscored = ""
        told("scoring the samples")
        scores = judge(model, holdout, train, metrics="all", seed=seed)
        if train is not None and baselines:
            seconds = log[-1].get("seconds") if log else None
            comparison = against_rivals(
                model, scores, train, holdout, baselines, seed, told, seconds
            )
    elif run is not None and (last := last_scores(run)) is not None:
        against, scores, unscored = f"{last[0]}, at the last evaluation", last[1], ""
    return Findings(
        model, None if run is None else run.path, log,
        [] if run is None else list(read_lines(run.events_path)),
        diagnose_log(log, model.config, model.defaults),
        [] if run is None else sorted(run.samples.glob("step-*.png")),
        train, holdout, gone, against, scores, unscored, comparison, picture_samples(model),
    )  # fmt: skip


def last_scores(run: Run) -> tuple[str, list[Score]] | None:
    """What the last evaluation that measured more than a monitor does was against, and its scores.

    A line of another version is none.
    """
    for line in reversed(list(read_lines(run.metrics_path))):
        if "step" not in line:
            with contextlib.suppress(LookupError, TypeError):
                return str(line["against"]), [_score(score) for score in line["scores"]]
    return None


def _score(saved: Mapping[str, Any]) -> Score:
    parts = tuple(
        Part(tuple(part["columns"]), part["value"], part["floor"]) for part in saved["parts"]
    )
    METRICS[saved["name"]]  # what this version knows nothing of cannot be explained
    return Score(**(dict(saved) | {"parts": parts}))
