"""GAN: the whole of Sparring in scikit-learn's manner."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.data.frames import FrameType, as_pandas
from sparring.data.source import open_source
from sparring.diagnose.diagnosis import Diagnosis
from sparring.diagnose.doctor import diagnose_log
from sparring.errors import InputError
from sparring.files import write_whole
from sparring.fit import fit
from sparring.impute import impute, mass
from sparring.judge import judge
from sparring.model import Model
from sparring.plan import plan, reopen
from sparring.plots import Log, Plots
from sparring.predicate import Predicate, Tally, kept, of_texts
from sparring.sample import joined, sample
from sparring.train.run import Run, read_lines


class GAN(Plots, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A generative adversarial network for points, tables and images.

    The parameters are the settings of `sparring.config.Config`, whose help texts also stand in
    `sparring train --help`. None leaves a setting to the kind of data.

    Attributes:
        model_: the trained networks, the encoding and the resolved settings.
        kind_: "points", "table" or "image".
        n_iter_: G updates made.
        log_: losses and settings every `log_every_steps`, as log.jsonl has them.
        acceptance_: share of the rows drawn that the last `sample(keep=...)` kept.
        classes_: labels that the samples can be asked to have, or None.
        n_features_in_: coordinates of a point or columns of a table.
        feature_names_in_: names of those columns, where they have names.

    Example:
        >>> gan = GAN(steps=2).fit(np.random.default_rng(0).normal(size=(50, 2)))
        >>> gan.sample(3).shape
        (3, 2)
    """

    # The rows in memory, the type to return and the draws so far; no model file keeps them.
    _train_rows: Dataset | None = None
    _holdout: Dataset | None = None
    _tensors = False
    _frame_type: FrameType | None = None
    _channels_first = False
    _draws = 0

    def __init__(
        self,
        *,
        kind: str | None = None,
        target: str | None = None,
        columns: Sequence[str] | None = None,
        types: Mapping[str, str] | Sequence[str] | None = None,
        constraints: Sequence[str] | None = None,
        find_constraints: bool = True,
        drop_text: bool = False,
        min_count: int = 2,
        tail_quantile: float = 0.0,
        scaling: str | None = None,
        holdout: float = 0.2,
        given_share: float | None = None,
        smoothing: float | None = None,
        clusters: int | None = None,
        network: str | None = None,
        latent_dim: int | None = None,
        width: int | None = None,
        depth: int | None = None,
        critic_width: int | None = None,
        critic_depth: int | None = None,
        activation: str = "leaky-relu",
        critic_activation: str = "leaky-relu",
        output_activation: str | None = None,
        output_noise: bool | None = None,
        generator_batch_norm: bool | None = None,
        critic_batch_norm: bool = False,
        critic_spectral_norm: bool = False,
        critic_dropout: float = 0.0,
        pac: int = 1,
        critic_bottleneck: int = 0,
        loss: str = "relativistic",
        penalty: str = "r1+r2",
        gamma: float | None = None,
        gamma_decay: float | None = None,
        label_smoothing: float = 0.0,
        d_steps: int = 1,
        critic_warmup_steps: int = 0,
        optimizer: str = "adam",
        batch_size: int | None = None,
        stratified: bool | None = None,
        learning_rate: float | None = None,
        learning_rate_decay: float | None = None,
        critic_learning_rate: float | None = None,
        beta1: float = 0.0,
        beta2: float = 0.9,
        beta2_end: float = 0.99,
        momentum: float = 0.0,
        schedule: str = "cosine",
        ema_half_life_steps: float | None = None,
        candidates: int | None = None,
        match_histogram: bool | None = None,
        gibbs_sweep: bool | None = None,
        steps: int | None = None,
        epochs: float | None = None,
        minutes: float | None = None,
        rollbacks: int = 3,
        monitor: str | None = None,
        patience: int | None = None,
        epsilon: float | None = None,
        delta: float | None = None,
        clip_norm: float = 1.0,
        public_rows: str | None = None,
        seed: int = 0,
        device: str = "auto",
        threads: int | None = None,
        precision: str | None = None,
        engine: str | None = None,
        log_every_steps: int = 25,
        sample_every_steps: int | None = None,
        state_every_seconds: float = 30.0,
    ) -> None:
        # scikit-learn's contract: parameters are stored as they came, and nothing else is done.
        for name, value in list(locals().items()):
            if name != "self":
                setattr(self, name, value)

    def fit(self, X: Any, y: Any = None, *, run: str | Path | None = None) -> GAN:
        """Learn to make rows like those of `X`.

        Args:
            X: points (n, d), a DataFrame (of pandas, polars or PyArrow), images (n, h, w, c) uint8,
                a path or a built-in name.
            y: labels (n,) to condition on; for a table, they become its column `y.name` or "label".
            run: directory to keep logs, pictures and states in; must be new.

        Raises:
            InputError, ConfigError: see `sparring.errors`; both are ValueErrors.
            DivergedError: a loss became infinite or not a number.
        """
        X, self._frame_type = as_pandas(X)
        dataset, config = self._read(X, y, Config(**self.get_params()))
        planned = plan(dataset, config, X if isinstance(X, (str, Path)) else None)
        log = Log()
        self.model_ = fit(planned, None if run is None else Run.create(run), reporter=log)
        self.log_ = log.records
        self._train_rows, self._holdout = planned.train, planned.holdout
        self._tensors = isinstance(X, torch.Tensor)
        self._channels_first = self._tensors and X.ndim == 4 and dataset.x.shape != tuple(X.shape)
        self._draws = 0
        self._describe()
        return self

    def sample(
        self,
        n: int | None = None,
        y: Any = None,
        *,
        where: Any = None,
        balance: str | None = None,
        keep: Any = None,
        seed: int | None = None,
    ) -> Any:
        """Draw `n` rows of the type that was fitted.

        Args:
            n: how many; omitted = 1, or as many as `where` has rows.
            y: one label, or one for each row; omitted = at the training rows' shares.
            where: conditions that every row obeys, by name. {"label": 3} for labels. For a table
                {"income": ">50K", "age": (60, None), "race": ["White", "Black"]}: a value, an
                interval (None = no end), or a list of values; None among them is a missing cell.
                The same as texts: ["income=>50K", "age>=60", "race in White,Black"]. Or a
                DataFrame of n rows to complete: what is not missing in it is kept.
            balance: the column whose categories come equally often, or the labels' name.
            keep: what chooses among samples, where nothing else will do: a function of some of them
                that gives True or False for each, or for tables comparisons as texts, such as
                "a < b and c >= 3". Rows are drawn until n are kept; `acceptance_` is the share.
            seed: the same seed draws the same rows; omitted = new rows at every call, in a sequence
                that the estimator's own seed decides.

        Returns:
            An array of points (n, d) or images (n, h, w, c), a torch tensor if that was fitted (its
            axes in the order that it had), or a DataFrame with the columns and dtypes of the
            training table.

        Raises:
            InputError: n < 1, or a label that training never saw; the message lists the valid ones;
                or fewer rows than one in 1,000 are kept.
        """
        check_is_fitted(self)
        where, _ = as_pandas(where)
        if keep is not None:
            return self._chosen(1 if n is None else n, y, where, balance, keep, seed)
        if n is None:
            n = len(where) if isinstance(where, pd.DataFrame) else 1
        asked = self.model_.kind.ask(n, y, where, balance)
        return self._as_fitted(sample(self.model_, n, seed=self._next_seed(seed), asked=asked))

    def _chosen(
        self, n: int, y: Any, where: Any, balance: str | None, keep: Any, seed: int | None
    ) -> Any:
        """Samples that `keep` keeps."""
        if y is not None or balance is not None:
            raise InputError("keep goes with where, not with y or balance")
        if callable(keep):
            predicate: Predicate = lambda rows: keep(self._as_fitted(rows))  # noqa: E731
        else:
            predicate = of_texts(self.model_.kind, keep)
        tally, seed = Tally(), self._next_seed(seed)
        rows = joined(list(kept(self.model_, n, predicate, tally, where, seed)))
        self.acceptance_ = tally.share
        return self._as_fitted(rows)

    def _as_fitted(self, rows: Dataset) -> Any:
        """Samples in the type that was fitted."""
        x = rows.x
        if self._channels_first:
            x = np.ascontiguousarray(np.asarray(x).transpose(0, 3, 1, 2))
        if isinstance(x, pd.DataFrame):
            return x if self._frame_type is None else self._frame_type.restore(x)
        return torch.from_numpy(x) if self._tensors else x

    def impute(self, X: Any, *, seed: int | None = None) -> Any:
        """Fill the missing cells of a table with what goes with the others, one draw each.

        Args:
            X: a DataFrame with any of the columns of the training table.
            seed: as of `sample`.

        Returns:
            The same frame; every other cell is as it was.

        Raises:
            InputError: no table, an unknown column, or a cell such as training never saw.
        """
        check_is_fitted(self)
        frame, frame_type = as_pandas(X)
        filled = impute(self.model_, frame, self._next_seed(seed))
        return filled if frame_type is None else frame_type.restore(filled)

    def mass(self, where: Any) -> float:
        """The share of training rows that obey conditions, as `sample` takes them.

        Of one column it is known from the model; of several, the training rows are counted, in
        memory or read again.

        Raises:
            InputError: a condition that cannot be met, or rows that are not there any more.
        """
        check_is_fitted(self)
        return mass(self.model_, where, self._train_rows)

    def _next_seed(self, seed: int | None) -> int:
        """The one that is asked for, or else the next one of the estimator's own."""
        if seed is not None:
            return seed
        sequence = np.random.SeedSequence([self.model_.config.seed, self._draws])
        self._draws += 1
        return int(sequence.generate_state(1, np.uint64)[0])

    def discriminate(self, X: Any, y: Any = None) -> np.ndarray:
        """D's probability that each row is real, (n,) in [0, 1].

        The default loss is relativistic: its D compares rows, so only differences between the
        probabilities of rows mean anything.
        """
        check_is_fitted(self)
        return self.model_.discriminate(self._rows(X, y)).numpy()

    def evaluate(
        self,
        X: Any = None,
        y: Any = None,
        *,
        metrics: str | Sequence[str] = "all",
        seed: int = 0,
    ) -> pd.DataFrame:
        """Score samples against rows that training never saw, beside the real-vs-real floor.

        Args:
            X, y: such rows; omitted = the holdout that `fit` kept aside.
            metrics: "all", "quick", or names of metrics.

        Returns:
            A row for each metric, by its name: value, low and high (its 95 % interval), floor (the
            same of real rows), better, rows compared, title, meaning, and why it was skipped, if
            it was.

        Raises:
            InputError: too few rows, rows unlike those of training, or none that can be had.
            ConfigError: an unknown metric.
        """
        check_is_fitted(self)
        train, against = self._train_rows, self._holdout
        if X is not None:
            against = self._rows(X, y)
        if train is None:
            try:
                train, holdout = reopen(self.model_)
            except InputError:
                if against is None:
                    raise
            else:
                against = holdout if against is None else against
        assert against is not None
        scores = judge(self.model_, against, train, metrics=metrics, seed=seed)
        columns = ["value", "low", "high", "floor", "better", "rows", "title", "meaning", "skipped"]
        return pd.DataFrame([dataclasses.asdict(s) for s in scores]).set_index("name")[columns]

    def diagnose(self) -> Diagnosis:
        """What the log says went wrong, what speaks for it, and settings to try instead.

        Returns:
            Its `verdict` is a key of `sparring.diagnose.diagnosis.VERDICTS`; its `remedy` goes
            into `GAN(**...)` by `sparring.config.parse`, or behind `--set`.
        """
        check_is_fitted(self)
        return diagnose_log(self.log_, self.model_.config, self.model_.defaults)

    def save(self, path: str | Path) -> None:
        """Write the model and its log (JSON and safetensors, no pickle, no training row) to a
        directory."""
        check_is_fitted(self)
        self.model_.save(path)
        lines = "".join(json.dumps(record) + "\n" for record in self.log_)
        write_whole(Run(Path(path)).log_path, lambda file: file.write(lines.encode()))

    def _read(self, X: Any, y: Any, config: Config) -> tuple[Dataset, Config]:
        """Rows in any form as a Dataset, and what they are to be conditioned on."""
        if _is_array_of_points(X):
            X = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2)
        beside = y is not None and not isinstance(X, pd.DataFrame)
        source = (X, _labels(y)) if beside else X
        dataset = open_source(source, target=config.target, columns=config.columns)
        frame = dataset.x
        if isinstance(frame, pd.DataFrame):
            if y is not None:
                if config.target is not None:
                    raise InputError(f"y and target {config.target!r}: give one of them")
                frame, target = with_target(frame, y)
                dataset, config = Dataset(frame), config.replace({"target": target})
            names = frame.columns.drop([] if config.target is None else [config.target])
            if len(set(map(type, names))) == 1:  # of both texts and numbers, it keeps no record
                validate_data(self, frame[names], skip_check_array=True)
        return dataset, config

    def _rows(self, X: Any, y: Any) -> Dataset:
        """Rows to judge, of which one is enough."""
        X, _ = as_pandas(X)
        if isinstance(X, pd.DataFrame):
            return Dataset(X if y is None else with_target(X, y)[0])
        labels = None if y is None else _labels(y)
        if _is_array_of_points(X):
            X = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
            check_consistent_length(X, labels)
            return Dataset(X, labels)
        # One image is enough to judge, but too few to learn from, which is what open_source is for.
        single = isinstance(X, (np.ndarray, torch.Tensor)) and len(X) == 1
        if single:
            X, labels = X[[0, 0]], None if labels is None else labels[[0, 0]]
        rows = open_source(X if labels is None else (X, labels))
        return rows.take(np.array([0])) if single else rows

    def _describe(self) -> None:
        """Set scikit-learn's attributes of a fitted estimator from the model."""
        kind = self.model_.kind
        self.kind_, self.n_iter_ = kind.name, self.model_.steps
        self.epsilon_ = self.model_.epsilon
        self.classes_ = None if kind.labels is None else np.asarray(kind.labels.classes)
        if kind.features is not None:
            self.n_features_in_ = len(kind.features)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the rows: a pickle must not carry training data along."""
        state: dict[str, Any] = super().__getstate__()
        return state | {"_train_rows": None, "_holdout": None}


def load(path: str | Path) -> GAN:
    """Open a model that `GAN.save` or a run of the command line wrote.

    Raises:
        RunError: no such directory, a damaged file, or one from a newer version.
    """
    model = Model.load(path)
    gan = GAN(**model.config.as_dict())
    gan.model_ = model
    gan.log_ = list(read_lines(Run(Path(path)).log_path))
    gan._describe()
    names = model.kind.features
    if names is not None and all(isinstance(name, str) for name in names):
        gan.feature_names_in_ = np.asarray(names, dtype=object)
    return gan


def with_target(frame: pd.DataFrame, y: Any) -> tuple[pd.DataFrame, str]:
    """A table with its labels as one more column, and that column's name."""
    name = getattr(y, "name", None)
    name = "label" if name is None else str(name)
    if name in frame.columns:
        raise InputError(f"the table has a column {name!r} already: name it as target instead of y")
    check_consistent_length(frame, y)
    # By position, not by index: scikit-learn's X and y are aligned so.
    column = y.set_axis(frame.index) if isinstance(y, pd.Series) else _labels(y)
    return frame.assign(**{name: column}), name


def _labels(y: Any) -> np.ndarray:
    """Labels (n,) of any container, on any device."""
    labels: np.ndarray = column_or_1d(y.cpu() if isinstance(y, torch.Tensor) else y)
    return labels


def _is_array_of_points(X: Any) -> bool:
    """Whether scikit-learn's own checks should see X: arrays and lists that are no images."""
    if isinstance(X, (str, Path, Dataset, pd.DataFrame, tuple, torch.Tensor)):
        return False
    return not (isinstance(X, np.ndarray) and X.ndim in (3, 4))
