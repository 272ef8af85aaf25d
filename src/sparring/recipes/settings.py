"""Settings that several documents share, and the default that runs beside each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sparring.model import Model
from sparring.recipes.base import Experiment, Rows, Trained, Values

# Goodfellow et al.'s game as these documents play it: binary cross-entropy with the non-saturating
# loss of G, D free of any penalty, constant rates, no running average of G, every row trained on,
# step by step as PyTorch runs it, and nobody who steps in when a run goes wrong.
CLASSIC: Mapping[str, Any] = {
    "loss": "non-saturating", "penalty": "none", "gamma": 0.0, "gamma_decay": 1.0,
    "schedule": "constant",
    "ema_half_life_steps": 0.0, "holdout": 0.0, "precision": "fp32", "engine": "eager",
    "stratified": False, "smoothing": 0.0, "clusters": 0, "output_noise": False, "candidates": 1,
    "gibbs_sweep": False, "match_histogram": False, "rollbacks": 0, "log_every_steps": 10,
}  # fmt: skip


def adam(rate: float, beta1: float = 0.9, beta2: float = 0.999) -> dict[str, Any]:
    """torch.optim.Adam at a constant rate; the betas are PyTorch's unless given."""
    return {"optimizer": "adam", "learning_rate": rate, "beta1": beta1, "beta2": beta2,
            "beta2_end": beta2}  # fmt: skip


def sgd(rate: float, momentum: float) -> dict[str, Any]:
    """torch.optim.SGD at a constant rate."""
    return {"optimizer": "sgd", "learning_rate": rate, "momentum": momentum}


def default_beside(
    like: str, rows: Rows, measure: Callable[[Trained], Values], *, title: str = "",
    seeds: int | None = None, keep: Callable[[Model, Path], None] | None = None,
    home: str | None = None,
) -> Experiment:  # fmt: skip
    """Sparring's default on the same rows (all of them) for as many seconds as `like` took."""
    return Experiment(
        title or "Sparring's default, same seconds", rows, {"holdout": 0.0}, measure, {}, seeds,
        like, keep, home,
    )  # fmt: skip
