"""What commands show: progress and tables, for a terminal and for a file."""

from __future__ import annotations

import time

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from sparring.diagnose.diagnosis import Diagnosis
from sparring.diagnose.signals import SIGNALS
from sparring.evaluate.suite import Score
from sparring.plan import Plan
from sparring.recorder import Reporter
from sparring.repeats import mean_and_deviation, spread
from sparring.report.words import ideal, interval, number
from sparring.train.trainer import Trainer

PLAIN_WIDTH = 200
PLAIN_SECONDS = 5.0


def console() -> Console:
    """Rich's console; where there is no terminal, wide enough that no table is cut."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=PLAIN_WIDTH)


def losses(record: dict[str, float]) -> str:
    of_D = f"D {record['critic_loss']:.3f}  " if "critic_loss" in record else ""
    of_G = f"G {record['generator_loss']:.3f}" if "generator_loss" in record else "warming up"
    return of_D + of_G


class BarReporter(Reporter):
    """A progress bar with both losses, the doctor's verdict, the pace and the time left."""

    verdict = ""

    def __init__(self, on: Console) -> None:
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn(
                "{task.percentage:>3.0f}%  {task.fields[losses]}  {task.fields[verdict]}"
                "{task.fields[pace]}"
            ),
            TimeRemainingColumn(compact=True),
            console=on,
        )

    def begin(self, plan: Plan, trainer: Trainer) -> None:
        self.task = self.bar.add_task("training", total=1.0, losses="", verdict="", pace="")
        self.bar.start()

    def progress(self, trainer: Trainer, record: dict[str, float]) -> None:
        pace = f"{trainer.step:,}/{trainer.total_steps:,} steps"
        self.bar.update(
            self.task, completed=trainer.progress, losses=losses(record), verdict=self.verdict,
            pace=pace,
        )  # fmt: skip

    def diagnosis(self, found: Diagnosis) -> None:
        self.verdict = f"{found.verdict}  "

    def finishing(self) -> None:
        self.bar.update(self.task, description="finishing")

    def event(self, text: str) -> None:
        self.bar.console.print(escape(text))

    def end(self) -> None:
        self.bar.stop()


class LineReporter(Reporter):
    """A plain line every few seconds and at the end."""

    verdict = ""

    def begin(self, plan: Plan, trainer: Trainer) -> None:
        self.shown_at = time.monotonic()

    def progress(self, trainer: Trainer, record: dict[str, float]) -> None:
        now = time.monotonic()
        if now - self.shown_at < PLAIN_SECONDS and trainer.progress < 1:
            return
        self.shown_at = now
        print(
            f"step {trainer.step:,}/{trainer.total_steps:,}  {losses(record)}  {self.verdict}"
            f"{trainer.seconds:.0f} s",
            flush=True,
        )

    def diagnosis(self, found: Diagnosis) -> None:
        self.verdict = f"{found.verdict}  "

    def finishing(self) -> None:
        print("finishing the model", flush=True)

    def event(self, text: str) -> None:
        print(text, flush=True)


def reporter(on: Console) -> Reporter:
    """The one that suits the place: a bar on a terminal, lines otherwise."""
    return BarReporter(on) if on.is_terminal else LineReporter()


def score_table(scores: list[Score], against: str | None = None) -> Table:
    """Scores beside the floor; the reason stands where a score could not be had.

    Args:
        against: what rows they were compared with; None = those that the run held out.
    """
    title = f"samples beside {against or 'rows that training never saw'}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("metric")
    table.add_column("samples", justify="right")
    table.add_column("95 % interval", justify="right")
    table.add_column("real rows", justify="right")
    table.add_column("best")
    table.add_column("rows", justify="right")
    table.add_column("meaning", style="dim")
    for s in scores:
        best = ideal(s.better)
        if s.value is None or s.floor is None:
            cells = ["-", "-", "-", best, "-", f"skipped: {s.skipped}"]
        else:
            shown = [number(s.value), interval(s), number(s.floor)]
            cells = [*shown, best, f"{s.rows:,}", s.meaning]
        table.add_row(*map(escape, [s.title, *cells]))
    return table


def spread_table(scores: list[list[Score]]) -> Table:
    """Mean, standard deviation and range of each score over several runs."""
    title = f"samples of {len(scores)} runs, each beside rows that its training never saw"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("metric")
    for name in ("mean", "deviation", "lowest", "highest", "real rows"):
        table.add_column(name, justify="right")
    table.add_column("best")
    for first, values in spread(scores):
        if not values or first.floor is None:
            continue
        mean, deviation = mean_and_deviation(values)
        numbers = [mean, deviation, min(values), max(values), first.floor]
        table.add_row(*map(escape, [first.title, *map(number, numbers), ideal(first.better)]))
    return table


def diagnosis_table(found: Diagnosis) -> Table:
    """The signals that speak for a diagnosis, each beside its reference."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for name in ("signal", "value", "reference", "since step"):
        table.add_column(name, justify="left" if name == "signal" else "right")
    table.add_column("meaning", style="dim")
    for e in found.evidence:
        side = "above" if e.value > e.reference else "below"
        since = "-" if e.since_step is None else f"{e.since_step:,}"
        cells = [e.signal, number(e.value), f"{side} {number(e.reference)}", since]
        table.add_row(*map(escape, [*cells, SIGNALS[e.signal]]))
    return table
