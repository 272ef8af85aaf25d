"""The parts of a report that every kind of data has."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from typing import Any

import numpy as np

from sparring.config import BUDGETS, Config
from sparring.diagnose.diagnosis import VERDICTS, Diagnosis
from sparring.diagnose.doctor import named
from sparring.diagnose.signals import SIGNALS
from sparring.errors import InputError
from sparring.report.charts import plot_losses
from sparring.report.findings import Findings
from sparring.report.html import inline, small
from sparring.report.parts import Plate, Section, Sheet, drawn
from sparring.report.rivals import PLAIN, best_rival
from sparring.report.traces import plot_signals
from sparring.report.words import ideal, interval, number
from sparring.standings import GAN

MOST_PICTURES, PICTURE_BYTES = 6, 60_000
MACHINE = ("device", "threads", "precision", "engine")  # where a run was made, not what it is


def diagnosis(found: Findings) -> Section:
    """What the doctor says, what speaks for it, and what to try."""
    d = found.diagnosis
    words = [said(d)]
    if not d.evidence:
        return Section("Diagnosis", words)
    words.append(f"Confidence in this verdict: {d.confidence:.0%}.")
    rows = []
    for e in d.evidence:
        side = "above" if e.value > e.reference else "below"
        since = "-" if e.since_step is None else f"{e.since_step:,}"
        told = e.signal.replace("_", " "), number(e.value), f"{side} {number(e.reference)}", since
        rows.append((*told, SIGNALS[e.signal]))
    head = ("signal", "value", "reference", "since step", "meaning")
    sheet = Sheet("What was looked at", head, rows, frozenset({1, 2, 3}))
    if not d.remedy:
        return Section("Diagnosis", words, sheets=[sheet])
    words.append("What to try is the command below, which changes " + ", ".join(d.remedy) + ".")
    return Section("Diagnosis", words, sheets=[sheet], commands=[train_command(found, d.remedy)])


def said(d: Diagnosis) -> str:
    """A diagnosis in sentences: "Critic wins: ... Also collapsed: ..."."""
    first, *more = (f"{name}: {VERDICTS[name]}." for name in named(d))
    return " ".join([first[0].upper() + first[1:], *(f"Also {sentence}" for sentence in more)])


def training(found: Findings) -> Section:
    """Pictures that the run took as it went."""
    title = "Samples through training"
    if not found.pictures:
        reason = "the model came without a run directory" if found.path is None else (
            "the run has taken no picture yet"
        )  # fmt: skip
        return Section(title, missing=reason)
    some = np.unique(np.linspace(0, len(found.pictures) - 1, MOST_PICTURES).round().astype(int))
    plates = []
    for path in (found.pictures[i] for i in some):
        step = int(path.stem.removeprefix("step-"))
        source = inline(small(path.read_bytes(), most=PICTURE_BYTES))
        chart = found.model.kind.name != "image"
        plates.append(Plate(source, f"Samples after step {step}", f"Step {step:,}", chart))
    words = ["The same noise at every time: what changes is what G has learnt."]
    return Section(title, words, plates)


def losses(found: Findings) -> Section:
    """What the players descended, and what happened."""
    config = found.model.config
    words = [
        "A loss that falls is no sign of better samples: each player's depends on the other's. "
        "In a perfect game both end at the dashed lines."
    ]
    if found.events:
        told = (f"step {e['step']:,}: {e['event']}" for e in found.events if "event" in e)
        words += ["What happened on the way:", *told]
    try:
        # Smoothed labels end the game elsewhere.
        loss = None if config.label_smoothing else config.loss
        figure = plot_losses(found.log, loss=loss)
    except InputError as error:
        return Section("Losses", words[1:], missing=str(error))
    plate = drawn(
        figure, "Loss of critic and generator over the steps, with the equilibrium as dashed lines",
        f"Losses over the steps ({config.loss}).", wide=True,
    )  # fmt: skip
    return Section("Losses", words, [plate])


def signals(found: Findings) -> Section:
    """What else the log kept."""
    try:
        references = {e.signal: e.reference for e in found.diagnosis.evidence}
        figure = plot_signals(found.log, list(LOGGED), references)
    except InputError as error:
        return Section("Signals", missing=str(error))
    seen = [key for key in LOGGED if any(key in record for record in found.log)]
    rows = [(key.replace("_", " "), LOGGED[key]) for key in seen]
    plate = drawn(
        figure, "Over the steps: " + ", ".join(title for title, _ in rows),
        "Signals over the steps. Dashed: what the diagnosis holds a signal against.", wide=True,
    )  # fmt: skip
    sheet = Sheet("What they are", ("signal", "meaning"), rows)
    return Section("Signals", plates=[plate], sheets=[sheet])


def scores(found: Findings) -> Section:
    """Every metric with its interval, the floor and the best baseline."""
    if not found.scores:
        return Section("All scores", missing=found.unscored)
    rows = []
    for s in found.scores:
        if s.value is None or s.floor is None:
            rows.append((s.title, *"----", ideal(s.better), f"skipped: {s.skipped}"))
            continue
        rival = "" if found.comparison is None else best_rival(found.comparison, s.name)
        numbers = [number(s.value), interval(s), number(s.floor)]
        rows.append((s.title, *numbers, rival or "-", ideal(s.better), s.meaning))
    head = (
        "score", "samples", "95 % interval", "real rows", "best simple method", "best", "meaning",
    )  # fmt: skip
    words = [
        f"Samples against {found.against}. The column of real rows is the floor: what training "
        "rows score in the place of samples. No generator can be expected to do better."
    ]
    caption = "Scores of the samples, beside real rows and the best simple method"
    sheet = Sheet(caption, head, rows, frozenset({1, 2, 3, 4}))
    return Section("All scores", words, sheets=[sheet])


def baselines(found: Findings) -> Section:
    """Every baseline on every metric."""
    title, comparison = "Simpler methods", found.comparison
    if comparison is None:
        reason = found.gone or found.unscored or "no baselines were asked for"
        return Section(title, missing=reason)
    shown = [m for m in comparison.methods if m not in comparison.skipped]
    rows = []
    for standing in comparison.standings:
        if not (set(standing.values) - {GAN}):
            continue
        cells = [standing.values.get(method) for method in shown]
        floor = number(standing.floor[0]) if standing.floor else "-"
        values = ["-" if cell is None else number(cell[0]) for cell in cells]
        best = comparison.best(standing)
        first = best[0] if len(best) == 1 else f"{len(best)} equal"
        rows.append((standing.title, floor, *values, first))
    words = [
        "Generators without a game, fitted to the same rows while this report was made, and "
        "scored alike. One seed does not tell what is chance; the command below repeats it."
    ]
    words += [f"{m} is left out ({reason})." for m, reason in comparison.skipped.items()]
    head = ("score", "real rows", *shown, "closest to real rows")
    what = [(method, PLAIN[method]) for method in shown if method != GAN]
    return Section(
        title, words,
        sheets=[
            Sheet("Scores of every method", head, rows, frozenset(range(1, len(head) - 1))),
            Sheet("The methods", ("method", "what it does"), what),
        ],
    )  # fmt: skip


def settings(found: Findings) -> Section:
    """The configuration, what differs from the defaults first."""
    values, changed = found.model.config.as_dict(), differences(found)
    parts = {
        "Different from the defaults": [n for n in changed if n not in MACHINE],
        "Where it ran": MACHINE,
        "As the defaults are": [n for n in values if n not in changed and n not in MACHINE],
    }
    head = ("setting", "value", "meaning")
    sheets = [
        Sheet(caption, head, [(n, shown(values[n]), _help(n)) for n in names])
        for caption, names in parts.items()
        if names
    ]
    return Section("Settings", sheets=sheets)


def again(found: Findings) -> Section:
    """The commands that make all this again."""
    source = found.model.source
    if source.get("location") is None:
        words = ["The model was trained on rows in memory; with these settings:"]
        given = ", ".join(f"{k}={v!r}" for k, v in differences(found).items())
        return Section("Do it again", words, commands=[f"sparring.GAN({given}).fit(X)"])
    run = shlex.quote(str(found.path or "RUN"))
    words = [
        f"The source held {source['rows']:,} rows with the fingerprint {source['fingerprint']} "
        "(SHA-256). On the same machine with the same versions the same bits come out, unless "
        "the run was limited by time."
    ]
    place = shlex.quote(str(source["location"]))
    return Section(
        "Do it again", words,
        commands=[
            train_command(found), f"sparring evaluate {run}", f"sparring report {run}",
            f"sparring compare {place} --seeds 3", f"sparring sample {run} -n 1000",
        ],
    )  # fmt: skip


def train_command(found: Findings, changes: Mapping[str, str] | None = None) -> str:
    """The command that trains the same again, or with other settings.

    Args:
        changes: settings as `--set` takes them.
    """
    place = found.model.source.get("location") or "SOURCE"
    values = differences(found)
    lists = [part for v in values.values() if isinstance(v, list) for part in v]
    parts = ["sparring train", shlex.quote(str(place))]
    if found.path is not None and any("," in part for part in lists):  # --set would split it
        parts.append(f"--config {shlex.quote(str(found.path / 'config.json'))}")
        values = {}
    if any(name in BUDGETS for name in changes or ()):
        values = {name: v for name, v in values.items() if name not in BUDGETS}
    given = {name: shown(v, ",") for name, v in values.items()} | dict(changes or {})
    return " ".join([*parts, *(f"--set {shlex.quote(f'{n}={v}')}" for n, v in given.items())])


def differences(found: Findings) -> dict[str, Any]:
    """The settings that are not what the kind and the house choose by themselves."""
    defaults = {f.name: f.default for f in dataclasses.fields(Config)}
    defaults |= dict(found.model.defaults)
    values = found.model.config.as_dict()
    return {k: v for k, v in values.items() if v is not None and v != defaults[k]}


def shown(value: Any, between: str = ", ") -> str:
    """A setting as a person writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return between.join(map(str, value)) if isinstance(value, list) else str(value)


def _help(name: str) -> str:
    text: str = Config.__dataclass_fields__[name].metadata["help"]
    return text


# What the log keeps beside the losses, and what that is.
LOGGED: dict[str, str] = SIGNALS | {
    "critic_gradient": "length of the gradient that D descends",
    "generator_gradient": "length of the gradient that G descends; near 0, G learns nothing",
    "gamma": "weight of the penalty on D at that step",
    "learning_rate": "of G at that step",
}
