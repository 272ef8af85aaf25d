"""The same run under several seeds, side by side: how much of a result is luck."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import active_children, get_context
from pathlib import Path

import numpy as np

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.evaluate.score import Score
from sparring.fit import fit
from sparring.judge import judge
from sparring.plan import plan
from sparring.train.run import Run
from sparring.train.runtime import cores


def repeat(
    dataset: Dataset, config: Config, location: str | None, folder: Path, seeds: int
) -> Iterator[tuple[int, list[Score]]]:
    """Train and judge runs of the seeds config.seed, config.seed + 1, ...

    One single-threaded process for each core: that is the most training that cores can do.

    Args:
        location: where the rows can be read again.
        folder: of the run directories, seed-0, seed-1, ...

    Yields:
        A seed and its scores (none without a holdout), as each run ends.

    Raises:
        SparringError: what a run raises; the others are not started any more.
    """
    changes = {"threads": config.threads or 1}
    wanted = [config.replace(changes | {"seed": config.seed + i}) for i in range(seeds)]
    pool = ProcessPoolExecutor(min(cores(), seeds), mp_context=get_context("spawn"))
    with pool:
        jobs = [
            pool.submit(one, dataset, each, location, folder / f"seed-{each.seed}")
            for each in wanted
        ]
        try:
            for job in as_completed(jobs):
                yield job.result()
        except KeyboardInterrupt:
            for child in active_children():
                child.terminate()  # it saves, and ends
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def one(
    dataset: Dataset, config: Config, location: str | None, path: Path
) -> tuple[int, list[Score]]:
    """Train and judge one run in the directory `path`; its seed and scores."""
    planned = plan(dataset, config, location)
    model = fit(planned, Run.create(path))
    if len(planned.holdout) < 2:
        return config.seed, []
    return config.seed, judge(model, planned.holdout, planned.train)


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
