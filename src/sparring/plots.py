"""The figures and the report of a fitted GAN, each in one line of a notebook.

What draws and compares is slow to import, and imported when it is called.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sparring.data.dataset import Dataset
from sparring.model import Model
from sparring.plan import reopen
from sparring.recorder import Reporter, picture_samples
from sparring.sample import sample
from sparring.train.trainer import Trainer

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Plots(ABC):
    """What an estimator can draw once it is fitted.

    Attributes:
        model_: the trained networks.
        log_: records of log.jsonl.
    """

    model_: Model
    log_: list[dict[str, float]]
    _train_rows: Dataset | None
    _holdout: Dataset | None

    @abstractmethod
    def _rows(self, X: Any, y: Any) -> Dataset:
        """Rows as a user has them, as a Dataset."""

    def plot_losses(self) -> Figure:
        """Draw what each player descended over the steps, and where that ends in a perfect game.

        Raises:
            InputError: the model came without its log.
        """
        from sparring.report.charts import plot_losses

        check_is_fitted(self)
        config = self.model_.config
        # Smoothed labels end the game elsewhere.
        return plot_losses(self.log_, loss=None if config.label_smoothing else config.loss)

    def plot_samples(
        self, n: int | None = None, y: Any = None, *, seed: int | None = None, columns: int = 10
    ) -> Figure:
        """Draw samples: points, images or the distributions of columns.

        Args:
            n: how many; omitted = as many as there are labels in `y`, or as show the kind well.
            y: as for `sample`.
            seed: omitted = the model's own, as for the pictures of a run.
            columns: images in a row.
        """
        from sparring.report.charts import plot_samples

        check_is_fitted(self)
        return plot_samples(self._drawn(n, y, seed), columns=columns)

    def plot_comparison(
        self, X: Any = None, y: Any = None, *, n: int | None = None, seed: int | None = None
    ) -> Figure:
        """Draw samples beside real rows.

        Args:
            X, y: the real rows; omitted = those of training.
            n, seed: as for `plot_samples`.

        Raises:
            InputError: rows unlike those of training, or none that can be had.
        """
        from sparring.report.charts import plot_samples

        check_is_fitted(self)
        return plot_samples(self._drawn(n, None, seed), self._real(X, y))

    def plot_critic(self, X: Any = None, y: Any = None) -> Figure:
        """Draw D's probability of being real over the plane, for each label by itself.

        The line is where D cannot tell. Under a relativistic loss, the default, the level of D is
        free: 1/2 is then put halfway between the mean logits of the real and the generated points.

        Args:
            X, y: real points; omitted = those of training.

        Raises:
            InputError: the model makes no points of 2 coordinates, or no real ones can be had.
        """
        from sparring.report.figures import check_planar, draw_critic

        check_is_fitted(self)
        check_planar(self.model_)
        return draw_critic(self.model_, self._real(X, y))

    def report(
        self,
        path: str | Path = "report.html",
        *,
        baselines: Sequence[str] | None = None,
        seed: int = 0,
    ) -> Path:
        """Write all there is to say of the model to one HTML file, which opens offline.

        Args:
            baselines: simpler generators to fit and to compare with; omitted = those that need no
                given time; [] = none, which is quicker.
            seed: of the samples that are scored, and of the baselines.

        Raises:
            ConfigError: an unknown baseline.
            RunError: the file cannot be written.
        """
        from sparring.report.findings import of_model
        from sparring.report.page import write_report
        from sparring.report.rivals import CHEAP

        check_is_fitted(self)
        baselines = CHEAP if baselines is None else baselines
        rows = None if self._train_rows is None else (self._train_rows, self._holdout)
        found = of_model(self.model_, self.log_, rows, baselines=baselines, seed=seed)
        write_report(found, Path(path))
        return Path(path)

    def _drawn(self, n: int | None, y: Any, seed: int | None) -> Dataset:
        if n is None and y is None:
            return picture_samples(self.model_, seed=seed)
        if n is None:
            n = self.model_.kind.pictured if np.ndim(y) == 0 else len(y)
        return sample(self.model_, n, y=y, seed=self.model_.config.seed if seed is None else seed)

    def _real(self, X: Any, y: Any) -> Dataset:
        if X is None:
            return reopen(self.model_)[0] if self._train_rows is None else self._train_rows
        rows = self.model_.kind.adopt(self._rows(X, y))
        self.model_.kind.check(rows)
        return rows


class Log(Reporter):
    """Keeps the records of a run in memory."""

    def __init__(self) -> None:
        self.records: list[dict[str, float]] = []

    def progress(self, trainer: Trainer, record: dict[str, float]) -> None:
        self.records.append(record)
