"""What a run leaves behind, and what it tells while it goes on."""

from __future__ import annotations

import dataclasses
import math
import time

from sparring.data.dataset import Dataset
from sparring.diagnose.diagnosis import Diagnosis
from sparring.diagnose.doctor import diagnose_log, told
from sparring.diagnose.signals import is_look
from sparring.errors import DivergedError
from sparring.evaluate.score import Score
from sparring.model import Model
from sparring.monitor import Monitor
from sparring.plan import Plan
from sparring.sample import sample
from sparring.train.run import Run, read_lines
from sparring.train.trainer import Trainer


class Reporter:
    """What a run tells while it goes on; this one is silent."""

    def begin(self, plan: Plan, trainer: Trainer) -> None:
        """Before the first step of this sitting."""

    def progress(self, trainer: Trainer, record: dict[str, float]) -> None:
        """After every line of the log."""

    def diagnosis(self, found: Diagnosis) -> None:
        """After every look of the doctor, before the log's line is passed on."""

    def event(self, text: str) -> None:
        """Something happened that a person should know."""

    def finishing(self) -> None:
        """After the last step, before what is put on G is fitted, which can take a minute."""

    def end(self) -> None:
        """When all is done, or on the way out of a failed run."""


class Recorder:
    """Writes what a run leaves behind; without a run directory, nothing."""

    def __init__(
        self,
        plan: Plan,
        trainer: Trainer,
        model: Model,
        run: Run | None,
        monitor: Monitor | None = None,
    ) -> None:
        self.plan, self.trainer, self.model, self.run = plan, trainer, model, run
        self.monitor = monitor
        self.saved_at = time.monotonic()
        self.pictures = math.floor(10 * trainer.progress)
        self.looks = [] if run is None else [r for r in read_lines(run.log_path) if is_look(r)]
        self.word = ""  # the doctor's, of the last look

    def log(self, reporter: Reporter) -> None:
        """Append the trainer's record to the log and pass it on, with what the doctor says."""
        record = self.trainer.record()
        if self.run is not None:
            self.run.append(self.run.log_path, record)
        if is_look(record):
            self._diagnose(record, reporter)
        reporter.progress(self.trainer, record)

    def _diagnose(self, record: dict[str, float], reporter: Reporter) -> None:
        """Say how the run stands; of a collapse, once and at once."""
        before = (look for look in self.looks if look["step"] < record["step"])  # or rolled back
        self.looks = [*before, record]
        plan = self.plan
        defaults = plan.kind.defaults_for(plan.train.total, plan.config)
        found = diagnose_log(self.looks, plan.config, defaults)
        reporter.diagnosis(found)
        if found.verdict == "collapsed" != self.word:
            self.trainer.events.append(f"step {self.trainer.step:,}: {told(found)}")
        self.word = found.verdict

    def end_diverged(self) -> None:
        """The last line of the log of a run that diverged."""
        if self.run is not None:
            self.run.append(self.run.log_path, self.trainer.ending())

    def tell_events(self, reporter: Reporter) -> None:
        """Pass on what happened, and keep it in events.jsonl."""
        for text in self.trainer.events:
            reporter.event(text)
            if self.run is not None:
                about = {"step": self.trainer.step, "seconds": round(self.trainer.seconds, 3)}
                self.run.append(self.run.events_path, about | {"event": text})
                if self.trainer.went_back:
                    self.run.rewind_log(self.trainer.step)  # its steps are made again
        self.trainer.events.clear()

    def picture_if_due(self) -> None:
        """Draw samples every `sample_every_steps`, or at every tenth of the run."""
        every = self.plan.config.sample_every_steps
        tenths = math.floor(10 * self.trainer.progress)
        due = self.trainer.step % every == 0 if every else tenths > self.pictures
        if self.run is None or self.trainer.step == 0 or not due:
            return
        self.pictures = tenths
        path = self.run.samples / f"step-{self.trainer.step:07d}.png"
        self.plan.kind.draw(picture_samples(self.model), self.plan.train, path)

    def verdict(self) -> str:
        """Why the monitor wants the run to end, or ""."""
        return "" if self.monitor is None else self.monitor.verdict

    def judge_if_due(self) -> None:
        """Let the monitor look, and keep what it sees in metrics.jsonl."""

        def keep(score: Score) -> None:
            if self.run is not None:
                about = {"step": self.trainer.step, "against": "holdout"}
                scores = [dataclasses.asdict(score)]
                self.run.append(self.run.metrics_path, about | {"scores": scores})

        if self.monitor is not None:
            self.monitor.look_if_due(self.trainer, keep)

    def state_if_due(self) -> None:
        """Save the state when `state_every_seconds` have passed."""
        if time.monotonic() - self.saved_at >= self.plan.config.state_every_seconds:
            self.save()

    def save(self) -> None:
        """Save the state and the model.

        Raises:
            DivergedError: a parameter is not finite; the states before this one stay.
        """
        if not self.trainer.healthy():
            raise DivergedError(f"a parameter is not finite at step {self.trainer.step}")
        state = self.trainer.state_dict()
        if self.monitor is None:
            step = self.trainer.step
            self.model.steps, self.model.epsilon = step, self.plan.spent(step)
        else:
            state["monitor"] = self.monitor.state_dict()
        if self.run is not None:
            self.run.save_state(state)
            self.model.save_weights(self.run.path)
        self.saved_at = time.monotonic()

    def kept(self) -> str:
        """What is left of a run that failed, and what to try."""
        remedy = "try a lower learning_rate or a higher gamma"
        if self.run is None:
            return remedy
        return f"{self.run.path} keeps the model of step {self.model.steps:,}; {remedy}"


def picture_samples(model: Model, per_class: int = 10, seed: int | None = None) -> Dataset:
    """As many as the kind wants; of images, some of each class. The same at every time, by the seed
    that is given or the model's own."""
    seed = model.config.seed if seed is None else seed
    if len(model.kind.shape.row) == 1 or model.kind.labels is None:
        return sample(model, model.kind.pictured, seed=seed)
    classes = model.kind.labels.classes[:20]
    y = [c for c in classes for _ in range(per_class)]
    return sample(model, len(y), y=y, seed=seed)
