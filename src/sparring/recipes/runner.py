"""Run a recipe: train what is missing, continue what was interrupted, measure, draw."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from sparring.errors import DivergedError, RunError
from sparring.files import write_json
from sparring.fit import fit
from sparring.kinds.style import save
from sparring.model import Model
from sparring.plan import Plan, check_same, plan
from sparring.recipes.base import Experiment, NotYet, Recipe, Results, Trained, Values
from sparring.recipes.summary import RESULTS, summary
from sparring.recorder import Reporter
from sparring.report.charts import animate
from sparring.train.run import Run
from sparring.train.trainer import Trainer

Tell = Callable[[str], None]
MARK = "recipes.json"  # what tells a folder of results from any other
VALUES = "values.json"  # in a run directory: the run is finished and measured
TELL_SECONDS = 15.0
PLAYERS = {"critic_loss": "D", "generator_loss": "G"}


def claim(out: Path, quick: bool) -> None:
    """Make `out` a folder of results, or find that it is one of the same sort.

    Raises:
        RunError: it holds something else, or results with(out) --quick, or cannot be written.
    """
    mark = out / MARK
    if mark.exists():
        try:
            was = bool(json.loads(mark.read_text(encoding="utf-8"))["quick"])
        except (OSError, ValueError, LookupError, TypeError):
            raise RunError(f"{mark}: damaged; name another --out") from None
        if was != quick:
            how = "with" if was else "without"
            raise RunError(f"{out} holds results {how} --quick: name another --out")
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"{out} exists and holds no results of recipes: name another --out")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{out}: cannot be made ({error.strerror})") from None
    write_json(mark, {"quick": quick})


def run_recipe(
    name: str, recipe: Recipe, out: Path, seeds: int, quick: bool, tell: Tell
) -> None:
    """Leave every run, figure and number of a recipe in `out/name`; what is done is not done again.

    Raises:
        InputError: its data is not there.
        ConfigError, RunError: the folder holds other results.
        Interrupted: Ctrl-C or SIGTERM; calling it again continues.
    """
    values: dict[str, dict[int, Values]] = {}
    seconds: dict[str, dict[int, float]] = {}

    def load(key: str, seed: int) -> Trained:
        experiment = recipe.experiments[key]
        path = directory_of(out, name, key, experiment, seed)
        return Trained(path, Model.load(path), experiment.rows(seed, quick), seed, quick)

    for number, (key, experiment) in enumerate(recipe.experiments.items(), start=1):
        values[key], seconds[key] = {}, {}
        wanted = experiment.seeds_of(seeds, quick)
        while (directory_of(out, name, key, experiment, wanted) / VALUES).exists():
            wanted += 1  # what more seeds gave before stays in the results
        for seed in range(wanted):
            told = f"{name} {number}/{len(recipe.experiments)}: {experiment.title}, seed {seed}"
            record = run_experiment(
                experiment, directory_of(out, name, key, experiment, seed), seed, quick,
                None if experiment.like is None else seconds[experiment.like][seed] / 60,
                partial(_tell, tell, told),
            )  # fmt: skip
            values[key][seed], seconds[key][seed] = record["values"], record["seconds"]
        publish(name, recipe, Results(values, load), seconds, out / name, quick)


def _tell(tell: Tell, what: str, text: str) -> None:
    tell(f"{what}: {text}")


def publish(
    name: str, recipe: Recipe, results: Results, seconds: Mapping[str, Mapping[int, float]],
    folder: Path, quick: bool,
) -> None:  # fmt: skip
    """Draw and write down what there is so far; at the end, everything (again).

    Results that were whole before, of fewer seeds say, stay until there are whole ones again.
    """
    folder.mkdir(exist_ok=True)
    path = folder / RESULTS
    complete = len(results.values) == len(recipe.experiments)
    if not complete and path.exists() and not json.loads(path.read_text()).get("unfinished"):
        return
    for drawing in recipe.drawings:
        if complete or not (folder / drawing.file).exists():
            with contextlib.suppress(NotYet):
                draw(drawing.draw(results), folder / drawing.file)
    write_json(path, summary(name, recipe, results, seconds, folder, quick))


def run_experiment(
    experiment: Experiment, path: Path, seed: int, quick: bool, minutes: float | None, tell: Tell
) -> dict[str, Any]:
    """Train and measure one seed, unless that is done: its values, seconds and steps."""
    rows = experiment.rows(seed, quick)
    config = experiment.config(seed, quick, minutes)
    started = (path / "model.safetensors").exists()
    planned = plan(rows, config)
    if (path / VALUES).exists():
        check_same(planned, Run.open(path))
        record: dict[str, Any] = json.loads((path / VALUES).read_text(encoding="utf-8"))
        return record
    watcher = Watcher(experiment if seed == 0 else None, path, tell)
    diverged = False
    try:
        fit(planned, directory(path, started), resume=started, reporter=watcher)
    except DivergedError as error:
        tell(f"diverged: {error}")
        diverged = True
    model = Model.load(path)
    trained = Trained(path, model, rows, seed, quick)
    last = trained.log[-1] if trained.log else {"seconds": 0.0}
    tell(f"{model.steps:,} steps in {last['seconds']:.0f} s; measuring")
    values = experiment.measure(trained) | {"diverged": float(diverged)}
    record = {"values": values, "seconds": last["seconds"], "steps": model.steps}
    write_json(path / VALUES, record)
    shutil.rmtree(path / "state")  # nothing is left to resume
    return record


def directory(path: Path, started: bool) -> Run:
    """The run directory; one that a kill left before its first model holds nothing to keep."""
    if started:
        return Run.open(path)
    if path.exists():
        shutil.rmtree(path)
    return Run.create(path)


def directory_of(out: Path, name: str, key: str, experiment: Experiment, seed: int) -> Path:
    """Where one run of a recipe is kept."""
    return out / (experiment.home or name) / "runs" / f"{key}-{seed}"


def draw(figure: Figure | list[Figure], path: Path) -> None:
    """Write a figure as PNG, or several as GIF."""
    if isinstance(figure, list):
        animate(figure, path)
    else:
        save(figure, path)


class Watcher(Reporter):
    """Tells how far a run is, and keeps its frames: frame 00 is before the first step."""

    def __init__(self, experiment: Experiment | None, path: Path, tell: Tell) -> None:
        self.keep = experiment.keep if experiment else None
        self.frames, self.tell = path / "frames", tell
        self.told_at = time.monotonic()

    def begin(self, plan: Plan, trainer: Trainer) -> None:
        self.model = Model(plan.config, plan.kind, trainer.average.net, trainer.D, plan.source)
        if trainer.step == 0:
            self.frame(0, trainer)

    def progress(self, trainer: Trainer, record: Mapping[str, float]) -> None:
        self.frame(math.floor(10 * trainer.progress), trainer)
        if time.monotonic() - self.told_at > TELL_SECONDS:
            self.told_at = time.monotonic()
            losses = [f"{name} {record[key]:.4g}" for key, name in PLAYERS.items() if key in record]
            self.tell(
                f"{trainer.progress:.0%}, step {trainer.step:,}, {', '.join(losses)}, "
                f"{trainer.seconds:.0f} s"
            )

    def event(self, text: str) -> None:
        self.tell(text)

    def frame(self, tenth: int, trainer: Trainer) -> None:
        """Keep this tenth, unless it is kept already: a resumed run makes the same bits again."""
        path = self.frames / f"{tenth:02d}"
        if self.keep is None or path.exists():
            return
        part = self.frames / f".{tenth:02d}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        self.model.steps = trainer.step
        self.keep(self.model, part)
        part.rename(path)
