"""The report of a run: one HTML file with everything inside, which needs nothing from anywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from sparring import __version__
from sparring.evaluate.score import Score
from sparring.files import write_whole
from sparring.report import sections
from sparring.report.findings import Findings
from sparring.report.html import TEMPLATES, environment
from sparring.report.of_kind import OF_KIND
from sparring.report.parts import Plate, Section
from sparring.report.rivals import best_rival, verdict
from sparring.report.words import interval, number
from sparring.standings import Comparison
from sparring.train.trainer import planned_steps

SHOWN_NUMBERS = 3
WELL = {"healthy": True, "too early to tell": None}  # every other verdict is a failure


@dataclass(frozen=True)
class Number:
    """A score on the first screen.

    Attributes:
        title, meaning: what it is.
        value, floor: of the samples and of real rows; `interval` of the value, or "-".
        rival: the best simple method and its value, or "".
        good: whether the samples do as well as real rows.
    """

    title: str
    meaning: str
    value: str
    interval: str
    floor: str
    rival: str
    good: bool


@dataclass(frozen=True)
class First:
    """What a busy person reads.

    Attributes:
        facts: what was trained on what.
        diagnosis: what the doctor says, and what that means.
        well: whether the doctor found nothing wrong; None where it is too early to tell.
        answer: whether a simple method does better, or that this is not known.
        beaten: whether it does.
        unfinished: what is not there yet, or "".
        gone: what cannot be shown for want of rows, or "".
    """

    facts: str
    diagnosis: str
    well: bool | None
    answer: str
    beaten: bool
    unfinished: str
    gone: str
    numbers: list[Number]
    beside: Plate


def write_report(found: Findings, path: Path) -> None:
    """Write the page, whole or not at all.

    Raises:
        RunError: it cannot be written.
    """
    text = page(found)
    write_whole(path, lambda file: file.write(text.encode()))


def page(found: Findings) -> str:
    """The whole page as HTML."""
    name = found.model.source.get("name", "data")
    template = environment(TEMPLATES).get_template("report.html.j2")
    return template.render(
        title=f"Report of {found.path.name if found.path else name}",
        first=first_screen(found),
        sections=all_sections(found),
        version=__version__,
    )


def all_sections(found: Findings) -> list[Section]:
    """Everything below the first screen, in order."""
    makers = [
        sections.diagnosis, sections.training, sections.losses, sections.signals,
        *OF_KIND[found.model.kind.name].sections,
        sections.scores, sections.baselines, sections.again, sections.settings,
    ]  # fmt: skip
    return [make(found) for make in makers]


def first_screen(found: Findings) -> First:
    kind = OF_KIND[found.model.kind.name]
    beaten, answer = False, "No simple method was compared with this GAN."
    if found.comparison is not None:
        beaten, answer = verdict(found.comparison)
    return First(
        facts=_facts(found),
        diagnosis=sections.said(found.diagnosis),
        well=WELL.get(found.diagnosis.verdict, False),
        answer=answer,
        beaten=beaten,
        unfinished=_unfinished(found),
        gone=_gone(found),
        numbers=_numbers(found, kind.headline),
        beside=kind.beside(found),
    )


def _numbers(found: Findings, names: tuple[str, ...]) -> list[Number]:
    """The first three scores of those named that have a value."""
    scores = [score for name in names if (score := found.score(name)) is not None]
    return [_told(score, found.comparison) for score in scores[:SHOWN_NUMBERS]]


def _told(score: Score, comparison: Comparison | None) -> Number:
    assert score.value is not None
    assert score.floor is not None
    return Number(
        title=score.title.partition(" [")[0],
        meaning=score.meaning,
        value=number(score.value),
        interval=interval(score),
        floor=number(score.floor),
        rival="" if comparison is None else best_rival(comparison, score.name),
        good=good(score.value, score.low, score.high, score.floor, score.better),
    )


def good(
    value: float, low: float | None, high: float | None, floor: float, better: str | float
) -> bool:
    """Whether samples do as well as real rows: at least so, or so within their interval."""
    low, high = (value if end is None else end for end in (low, high))
    if low <= floor <= high:
        return True
    if isinstance(better, str):
        return value <= floor if better == "lower" else value >= floor
    return abs(value - better) <= abs(floor - better)


def _facts(found: Findings) -> str:
    """What was trained on what, in a line."""
    model, source = found.model, found.model.source
    parts = [f"{source.get('name', 'data')}: {model.kind.name}"]
    if found.train is not None and found.holdout is not None:
        learnt, judged = found.train.total, len(found.holdout)
        parts.append(f"{learnt:,} rows to learn from, {judged:,} to judge by")
    elif "rows" in source:
        parts.append(f"{source['rows']:,} rows")
    parts.append(f"{model.steps:,} steps")
    if found.log and "seconds" in found.log[-1]:
        parts.append(f"{found.log[-1]['seconds']:,.0f} s of training")
    if model.privacy:
        parts.append(model.privacy)
    return "; ".join(parts)


def _gone(found: Findings) -> str:
    """What cannot be shown or scored for want of rows, if anything."""
    if found.gone:
        scored = "" if found.holdout is not None else (
            " There are no scores." if not found.scores else
            " The scores are those of the last evaluation."
        )  # fmt: skip
        return f"The training rows are gone: {found.gone}.{scored} What needs them is left out."
    return f"There are no scores: {found.unscored}." if found.unscored else ""


def _unfinished(found: Findings) -> str:
    """That the run has not made all its steps, if so."""
    rows = found.train.total if found.train is not None else 0
    config = found.model.config
    planned = None if config.epochs is not None and not rows else planned_steps(config, rows)
    made = max([found.model.steps, *(int(r["step"]) for r in found.log[-1:])])
    if planned is None or made >= planned or found.path is None:
        return ""
    return (
        f"{made:,} of {planned:,} steps are made ({math.floor(100 * made / planned)} %): the run "
        "goes on, was stopped, or ended early. This is what it has saved so far."
    )
