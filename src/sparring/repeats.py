"""The same run under several seeds, side by side: how much of a result is luck."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import active_children, get_context
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
from sparring.plan import plan
from sparring.signals import handled
from sparring.train.run import Run
from sparring.train.runtime import cores

FILE = "seeds.json"  # in the folder of the runs: what they have in common
ALONE_SECONDS = 2.0  # at most, that a run goes on after the process that began it is gone


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
        except FileNotFoundError:
            return None
        except (OSError, ConfigError, LookupError, TypeError, ValueError) as error:
            first = str(error).partition("\n")[0]
            raise RunError(f"{path / FILE}: cannot be read ({first})") from None

    def begin(self, *, resume: bool = False) -> None:
        """Make the folder, unless its runs go on, and keep what they have in common.

        Raises:
            RunError: it exists and is not empty, or cannot be written.
        """
        if not resume and self.path.exists() and not _is_empty(self.path):
            raise RunError(f"{self.path} exists: continue it with --resume, or name another --run")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{self.path}: cannot be written ({error.strerror})") from None
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
            SparringError: what else a run raises; the others are not started any more.
            KeyboardInterrupt: Ctrl-C or SIGTERM; what was begun is saved.
        """
        config = self.config.replace({"threads": self.config.threads or 1})
        wanted = [config.replace({"seed": config.seed + i}) for i in range(self.seeds)]
        pool = ProcessPoolExecutor(
            min(cores(), self.seeds), mp_context=get_context("spawn"), initializer=_end_with,
            initargs=(os.getpid(),),
        )  # fmt: skip
        with pool:
            seeds = {
                pool.submit(
                    one, dataset, each, self.location, self.path / f"seed-{each.seed}", changes
                ): each.seed
                for each in wanted
            }
            try:
                with handled():
                    for job in as_completed(seeds):
                        try:
                            yield seeds[job], job.result()
                        except DivergedError as error:
                            yield seeds[job], error
            except KeyboardInterrupt:
                for child in active_children():
                    child.terminate()  # it saves, and ends
                raise
            finally:
                pool.shutdown(cancel_futures=True)


def one(
    dataset: Dataset, config: Config, location: str | None, path: Path,
    changes: Mapping[str, Any] | None = None,
) -> list[Score]:  # fmt: skip
    """Train and judge the run in the directory `path`; its scores."""
    begun = (path / "config.json").is_file()
    if begun:
        config = Model.load(path, weights=False).config.replace(changes or {})
    planned = plan(dataset, config, location)
    run = Run.open(path) if begun else Run.create(path)
    model = fit(planned, run, resume=begun)
    if len(planned.holdout) < 2:
        return []
    scores = judge(model, planned.holdout, planned.train)
    run.append(run.metrics_path, record(scores, "holdout"))
    return scores


def _end_with(parent: int) -> None:
    """End this process, which saves its run first, soon after its parent has ended."""

    def watch() -> None:
        while True:
            time.sleep(ALONE_SECONDS)
            if os.getppid() != parent:  # again and again: the first one may be a run's, to save
                os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


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
