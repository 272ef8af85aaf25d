"""GAN: the whole of Sparring in scikit-learn's manner."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import (
    _check_feature_names,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.data.source import open_source
from sparring.errors import InputError
from sparring.fit import Plan, Reporter, fit, plan, reopen
from sparring.judge import judge
from sparring.model import Model
from sparring.sample import sample, where_label
from sparring.train.run import Run


class GAN(BaseEstimator):
    """A generative adversarial network for points, tables and images.

    The parameters are the settings of `sparring.config.Config`, whose help texts also stand in
    `sparring train --help`. None leaves a setting to the kind of data.

    Attributes:
        model_: the trained networks, the encoding and the resolved settings.
        kind_: "points", "table" or "image".
        n_iter_: G updates made.
        classes_: labels that the samples can be asked to have, or None.
        n_features_in_: coordinates of a point or columns of a table.
        feature_names_in_: names of those columns, where they have names.

    Example:
        >>> gan = GAN(steps=2).fit(np.random.default_rng(0).normal(size=(50, 2)))
        >>> gan.sample(3).shape
        (3, 2)
    """

    def __init__(
        self,
        *,
        kind: str | None = None,
        target: str | None = None,
        columns: Sequence[str] | None = None,
        holdout: float = 0.2,
        network: str | None = None,
        latent_dim: int | None = None,
        width: int | None = None,
        depth: int | None = None,
        critic_width: int | None = None,
        critic_depth: int | None = None,
        activation: str = "leaky-relu",
        critic_activation: str = "leaky-relu",
        output_activation: str = "none",
        generator_batch_norm: bool | None = None,
        critic_batch_norm: bool = False,
        critic_spectral_norm: bool = False,
        critic_dropout: float = 0.0,
        loss: str = "relativistic",
        penalty: str = "r1+r2",
        gamma: float | None = None,
        gamma_decay: float | None = None,
        label_smoothing: float = 0.0,
        d_steps: int = 1,
        optimizer: str = "adam",
        batch_size: int | None = None,
        learning_rate: float | None = None,
        learning_rate_decay: float | None = None,
        critic_learning_rate: float | None = None,
        beta1: float = 0.0,
        beta2: float = 0.9,
        beta2_end: float = 0.99,
        momentum: float = 0.0,
        schedule: str = "cosine",
        ema_half_life_steps: float | None = None,
        steps: int | None = None,
        epochs: float | None = None,
        minutes: float | None = None,
        seed: int = 0,
        device: str = "auto",
        threads: int | None = None,
        precision: str | None = None,
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
            X: points (n, d), a DataFrame, images (n, h, w, c) uint8, a path or a built-in name.
            y: labels (n,) to condition on; for a table, they become its column `y.name` or "label".
            run: directory to keep logs, pictures and states in; must be new.

        Raises:
            InputError, ConfigError: see `sparring.errors`; both are ValueErrors.
            DivergedError: a loss became infinite or not a number.
        """
        config = Config(**self.get_params())
        dataset, config = self._read(X, y, config)
        location = X if isinstance(X, (str, Path)) else None
        planned = plan(dataset, config, None if location is None else str(location))
        counter = _Counter()
        directory = None if run is None else Run.create(run)
        self.model_ = fit(planned, directory, reporter=counter)
        self._train_rows, self._holdout = planned.train, planned.holdout
        self._container = "torch" if isinstance(X, torch.Tensor) else "numpy"
        self.n_iter_ = counter.step
        self._set_fitted()
        return self

    def sample(
        self,
        n: int = 1,
        y: Any = None,
        *,
        where: Mapping[str, Any] | None = None,
        seed: int | None = None,
    ) -> Any:
        """Draw `n` rows of the type that was fitted.

        Args:
            y: one label, or one for each row; omitted = at the training rows' shares.
            where: the same by name, such as {"income": ">50K"}.
            seed: the same seed draws the same rows; omitted = new rows at every call, in a sequence
                that the estimator's own seed decides.

        Returns:
            An array of points or images, a torch tensor if that was fitted, or a DataFrame with the
            columns and dtypes of the training table.
        """
        check_is_fitted(self)
        if where is not None:
            if y is not None:
                raise InputError("y and where say the same thing: give one of them")
            y = where_label(self.model_.kind, where)
        if seed is None:
            self._draws = getattr(self, "_draws", 0) + 1
            sequence = np.random.SeedSequence([self.model_.config.seed, self._draws])
            seed = int(sequence.generate_state(1, np.uint64)[0])
        x = sample(self.model_, n, y=y, seed=seed).x
        if getattr(self, "_container", "numpy") == "torch":
            return torch.from_numpy(np.ascontiguousarray(x))
        return x

    def discriminate(self, X: Any, y: Any = None) -> np.ndarray:
        """D's probability that each row is real, (n,) in [0, 1].

        The default loss is relativistic: its D compares rows, so only differences between the
        probabilities of rows mean anything.
        """
        check_is_fitted(self)
        return self.model_.discriminate(self._check(X, y)).numpy()

    def evaluate(self, X: Any = None, y: Any = None, *, seed: int = 0) -> pd.DataFrame:
        """Score samples against rows that training never saw, beside the real-vs-real floor.

        Args:
            X, y: such rows; omitted = the holdout that `fit` kept aside.

        Returns:
            One line per metric: value, floor (the same of real rows), better, meaning.
        """
        check_is_fitted(self)
        train = getattr(self, "_train_rows", None)
        against = getattr(self, "_holdout", None) if X is None else self._check(X, y)
        if train is None and self.model_.source.get("location"):
            train, holdout = reopen(self.model_)
            against = holdout if against is None else against
        if against is None:
            raise InputError("this model was loaded without its rows: give rows to judge it by")
        scores = judge(self.model_, against, train, seed=seed)
        return pd.DataFrame([dataclasses.asdict(s) for s in scores]).set_index("title")

    def save(self, path: str | Path) -> None:
        """Write the model (JSON and safetensors, no pickle, no training row) to a directory."""
        check_is_fitted(self)
        self.model_.save(path)

    def _read(self, X: Any, y: Any, config: Config) -> tuple[Dataset, Config]:
        """Rows in any form as a Dataset; sets scikit-learn's attributes of the input."""
        if isinstance(X, pd.DataFrame):
            if y is not None:
                X, target = with_target(X, y)
                config = config.replace({"target": target})
            self._remember_columns(X.drop(columns=config.target) if config.target else X)
            return open_source(X, target=config.target, columns=config.columns), config
        if _is_array_of_points(X):
            X = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2)
            return open_source(X if y is None else (X, _labels(X, y))), config
        source = X if y is None else (X, _labels(X, y))
        dataset = open_source(source, target=config.target, columns=config.columns)
        if isinstance(dataset.x, pd.DataFrame):
            self._remember_columns(dataset.x)
        elif dataset.x.ndim == 2:
            self.n_features_in_ = dataset.x.shape[1]
        return dataset, config

    def _check(self, X: Any, y: Any) -> Dataset:
        """Rows to judge, which must be like those that were fitted."""
        if isinstance(X, pd.DataFrame) and y is not None:
            X, y = with_target(X, y)[0], None
        if _is_array_of_points(X):
            X = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        labels = self.model_.kind.labels
        if labels is not None and y is None and not isinstance(X, (pd.DataFrame, str, Path)):
            raise InputError(f"the model is conditional: give y, the {labels.name} of each row")
        return open_source(X if y is None else (X, _labels(X, y)))

    def _remember_columns(self, frame: pd.DataFrame) -> None:
        _check_feature_names(self, frame, reset=True)
        self.n_features_in_ = frame.shape[1]

    def _set_fitted(self) -> None:
        labels = self.model_.kind.labels
        self.kind_ = self.model_.kind.name
        self.classes_ = None if labels is None else np.asarray(labels.classes)

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the rows: a pickle must not carry training data along."""
        state = super().__getstate__()
        return {k: v for k, v in state.items() if k not in ("_train_rows", "_holdout")}


class _Counter(Reporter):
    """Remembers how far training came."""

    step = 0

    def progress(self, trainer: Any, record: dict[str, float]) -> None:
        self.step = trainer.step


def load(path: str | Path) -> GAN:
    """Open a model that `GAN.save` or a run of the command line wrote.

    Raises:
        RunError: no such directory, a damaged file, or one from a newer version.
    """
    model = Model.load(path)
    gan = GAN(**model.config.as_dict())
    gan.model_ = model
    gan.n_iter_ = model.config.steps
    gan._set_fitted()
    return gan


def with_target(frame: pd.DataFrame, y: Any) -> tuple[pd.DataFrame, str]:
    """A table with its labels as one more column, and that column's name."""
    name = str(getattr(y, "name", None) or "label")
    if name in frame.columns:
        raise InputError(f"the table has a column {name!r} already: name it as target instead of y")
    check_consistent_length(frame, y)
    return frame.assign(**{name: np.asarray(y)}), name


def _labels(X: Any, y: Any) -> np.ndarray:
    y = column_or_1d(y)
    check_consistent_length(X, y)
    return y


def _is_array_of_points(X: Any) -> bool:
    """Whether scikit-learn's own checks should see X: arrays and lists that are no images."""
    if isinstance(X, (str, Path, Dataset, pd.DataFrame, tuple, torch.Tensor)):
        return False
    return not (isinstance(X, np.ndarray) and X.ndim in (3, 4))
