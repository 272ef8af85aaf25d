"""The same run under several seeds, side by side: how much of a result is luck."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import (
    active_children,
    forkserver,
    get_all_start_methods,
    get_context,
    parent_process,
)
from pathlib import Path
from typing import Any

import numpy as np

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, DivergedError, RunError
from sparring.evaluate.score import Score, record
from sparring.files import write_json
from sparring.fit import fit
from sparring.judge import judge
from sparring.model import Model
from sparring.plan import check_same, check_settings, plan
from sparring.signals import handled
from sparring.train.run import Run, read_lines
from sparring.train.runtime import cores

FILE = "seeds.json"  # in the folder of the runs: what they have in common
# A server that has loaded this module starts processes that need not load it again.
SERVED = "forkserver" in get_all_start_methods()
ALONE_SECONDS = 2.0  # between two attempts to end a run whose first process is gone


@dataclass(frozen=True)
class Repeats:
    """Runs of the seeds config.seed, config.seed + 1, ... that are the same otherwise.

    Attributes:
        path: folder of the run directories, seed-0, seed-1, ...
        seeds: how many.
        config: settings, as they were given.
        location: where the rows can be read again.
    """

    path: Path
    seeds: int
    config: Config
    location: str | None

    @classmethod
    def open(cls, path: Path) -> Repeats | None:
        """Those that were begun in a folder; None where none were.

        Raises:
            RunError: what they have in common cannot be read.
        """
        try:
            kept = json.loads((path / FILE).read_text(encoding="utf-8"))
            return cls(path, int(kept["seeds"]), Config(**kept["settings"]), kept["location"])
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ConfigError, LookupError, TypeError, ValueError) as error:
            first = str(error).partition("\n")[0]
            raise RunError(f"{path / FILE}: cannot be read ({first})") from None

    def begin(self) -> None:
        """Make the folder, and keep what its runs have in common.

        Raises:
            RunError: it exists and is not empty, or cannot be written.
        """
        if self.path.exists() and not (self.path.is_dir() and not any(self.path.iterdir())):
            raise RunError(f"{self.path} exists: continue it with --resume, or name another --run")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{self.path}: cannot be written ({error.strerror})") from None
        self._keep()

    def resumed(self, seeds: int, changes: Mapping[str, Any]) -> Repeats:
        """The same with more seeds, if so many are wanted, and some settings changed.

        Raises:
            ConfigError: settings that make runs that were begun other runs.
            RunError: the folder cannot be written.
        """
        begun = next(filter(_is_begun, sorted(self.path.glob("seed-*"))), None)
        if begun is not None:
            saved = Model.load(begun, weights=False).config
            check_settings(self.path, saved, saved.replace(changes))
        more = replace(self, seeds=max(self.seeds, seeds))
        if more != self:
            more._keep()  # but not the changes: they are those of one sitting
        return replace(more, config=self.config.replace(changes))

    def _keep(self) -> None:
        about = {
            "seeds": self.seeds, "location": self.location, "settings": self.config.as_dict()
        }  # fmt: skip
        write_json(self.path / FILE, about)

    def run(
        self, dataset: Dataset, changes: Mapping[str, Any] | None = None
    ) -> Iterator[tuple[int, list[Score] | DivergedError]]:
        """Train and judge them, one single-threaded process for each core.

        That is the most training that cores can do. Runs that were begun go on where they were.

        Args:
            changes: to the settings of runs that were begun.

        Yields:
            A seed and its scores (none without a holdout), or why it has none, as each run ends.

        Raises:
            SparringError: what else a run raises, or that its process was killed; the others are
                stopped, and saved.
            KeyboardInterrupt: Ctrl-C or SIGTERM; what was begun is saved.
        """
        config = self.config.replace({"threads": self.config.threads or 1})
        waiting = [config.replace({"seed": config.seed + i}) for i in range(self.seeds)]
        workers = min(cores(), self.seeds)
        running: dict[Future[list[Score]], int] = {}
        make_ready()
        context = get_context("forkserver" if SERVED else "spawn")
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent)
        try:
            with handled():
                while waiting or running:
                    # No more than run at once: a pool does not take back what it was handed.
                    while waiting and len(running) < workers:
                        each = waiting.pop(0)
                        path = self.path / f"seed-{each.seed}"
                        job = pool.submit(one, dataset, each, self.location, path, changes)
                        running[job] = each.seed
                    for job in wait(running, return_when=FIRST_COMPLETED).done:
                        seed = running.pop(job)
                        try:
                            yield seed, job.result()
                        except DivergedError as error:
                            yield seed, error
        except BrokenProcessPool:
            raise RunError(
                f"{self.path}: a run's process was killed, perhaps for want of memory; continue "
                "with --resume"
            ) from None
        finally:
            if running:
                for child in active_children():
                    child.terminate()  # it saves, and ends
            pool.shutdown()


def one(
    dataset: Dataset, config: Config, location: str | None, path: Path,
    changes: Mapping[str, Any] | None = None,
) -> list[Score]:  # fmt: skip
    """Train and judge the run in the directory `path`; its scores."""
    begun = _is_begun(path)
    if begun:
        config = Model.load(path, weights=False).config.replace(changes or {})
    planned = plan(dataset, config, location)
    run = Run.open(path) if begun else Run.create(path)
    model = _ended(run) if begun else None
    if model is None:
        model = fit(planned, run, resume=begun)
    else:
        check_same(planned, run)
    if len(planned.holdout) < 2:
        return []
    scores = judge(model, planned.holdout, planned.train)
    if all("step" in line for line in read_lines(run.metrics_path)):  # a monitor's lines have one
        run.append(run.metrics_path, record(scores, "holdout"))
    return scores


def _is_begun(path: Path) -> bool:
    """Whether a run that can go on is in a directory."""
    return (path / "config.json").is_file() and not Run(path).is_blank()


def _ended(run: Run) -> Model | None:
    """The model of a run that has ended; None of one that goes on."""
    try:
        model = Model.load(run.path)
    except RunError:  # there is none yet, or it is damaged: the state has all there is
        return None
    return model if model.ended else None


def make_ready() -> None:
    """Begin to load what the processes of runs need, while this one goes on."""
    if SERVED:
        get_context("forkserver").set_forkserver_preload([__name__])
        forkserver.ensure_running()


def _end_with_parent() -> None:
    """End this process, which saves its run first, when the one that began it has ended."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        while True:  # the first one may be taken by a run, to save
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(ALONE_SECONDS)

    threading.Thread(target=watch, daemon=True).start()


def spread(scores: list[list[Score]]) -> list[tuple[Score, list[float]]]:
    """Each metric as the first run has it, with its values over the runs that have one."""
    found = []
    for first in scores[0]:
        values = [s.value for run in scores for s in run if s.name == first.name]
        found.append((first, [v for v in values if v is not None]))
    return found


def mean_and_deviation(values: list[float]) -> tuple[float, float]:
    """Mean and standard deviation (n - 1) of at least one value; 0 for a single one."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
