"""Fits what is put on a trained G: a choice among its rows, a calibration of cells or pixels."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import torch
from torch import Tensor

from sparring.config import resolved
from sparring.data.dataset import Dataset
from sparring.kinds.encoded import conditioned
from sparring.model import Model
from sparring.nets.base import Generator
from sparring.nets.selective import (
    GREYS,
    LEVELS,
    CalibratedGenerator,
    CellScore,
    MatchedGenerator,
    SelectiveGenerator,
)
from sparring.refine import made_as_training, swept
from sparring.seeds import random_stream
from sparring.train.runtime import arithmetic
from sparring.train.signs import centres_of, shares

LEAST_POINTS = 4_000  # of training, to tell what to choose by; D knows fewer by heart
MOST_ROWS = 65_536  # of training points
MOST_CELLS, POINTS_PER_CELL, CELLS_FROM = 512, 32, 8_192  # points of G that the cells are of
CELL_RIDGE, CELL_UPDATES = 1.0, 80
CALIBRATED_BY = 16_384  # rows, or groups of points
MATCHED_BY = 2**20  # pixels of each channel, about


def finished(model: Model, train: Dataset) -> Generator:
    """The model's G with all that its kind and settings put on it after training.

    Under epsilon that looks at no row: the settings that would are off, and conditions are drawn as
    for samples.
    """
    K, steps = resolved(model.config.candidates, "candidates"), model.kind.steps()
    G = model.G if K == 1 else selective(model, train, K)
    if model.kind.ends is not None and model.config.match_histogram:
        return matched(replace(model, G=G), *model.kind.ends, train)
    if steps is None:
        return G
    rows = train if model.config.epsilon is None else None
    G = calibrated(replace(model, G=G), len(steps.edges), rows)
    return swept(replace(model, G=G), steps, train) if model.config.gibbs_sweep else G


def selective(model: Model, train: Dataset, K: int) -> Generator:
    """The model's G, which makes K rows for each that it keeps."""
    points = len(model.kind.shape.row) == 1 and model.kind.steps() is None
    known = points and len(train) >= LEAST_POINTS
    score = cell_score(model, train, K) if known else deepcopy(model.D)
    return SelectiveGenerator(model.G, score, K).eval().requires_grad_(False)


def calibrated(model: Model, numbers: int, train: Dataset | None) -> Generator:
    """The model's G, calibrated by rows that it makes under the training rows' conditions.

    Args:
        numbers: how many begin a row.
        train: those rows; None: under the conditions that samples have.
    """
    random = random_stream(model.config.seed, "calibration")
    device = next(model.G.parameters()).device
    made = CalibratedGenerator(model.G, numbers).to(device)
    with torch.no_grad(), arithmetic("fp32", device):
        parts = made_as_training(model, train, CALIBRATED_BY, random)
        x = torch.cat([rows[:, :numbers] for rows, _ in parts])
        if len(x.T) and torch.isfinite(x).all():
            ranks = torch.linspace(0, 1, LEVELS, device=device)
            made.levels.copy_(torch.quantile(x, ranks, dim=0).T)
            return made.eval().requires_grad_(False)
    return model.G


def matched(model: Model, black: float, white: float, train: Dataset) -> Generator:
    """The model's G, its pixels' values brought to the histogram of training images.

    Args:
        black, white: what the nets see for them.
        train: those images; some of them, and as many of G's under the same conditions, are used.
    """
    random = random_stream(model.config.seed, "histogram")
    device = next(model.G.parameters()).device
    channels, height, width = model.kind.shape.row
    drawn = torch.randint(len(train), (MATCHED_BY // (height * width),), generator=random)
    made = MatchedGenerator(model.G, channels).to(device)
    made.values.copy_(torch.linspace(black, white, GREYS))
    counts, pixels = torch.zeros(channels, GREYS), []
    with torch.no_grad(), arithmetic("fp32", device):
        for few in torch.split(drawn, 512):
            x, y = conditioned(model.kind, train.take(few.numpy()), 0.0, random)
            levels = ((x - black) * ((GREYS - 1) / (white - black))).round().movedim(1, 0)
            flat = levels.flatten(1).int()
            counts += torch.stack([torch.bincount(channel, minlength=GREYS) for channel in flat])
            z = torch.randn(len(few), model.G.latent_dim, generator=random)
            pixels.append(model.G(z.to(device), y.to(device)).float().movedim(1, 0).flatten(1))
    ordered = torch.cat(pixels, dim=1).sort(dim=1).values
    if not ordered.isfinite().all():
        return model.G  # who samples is told
    ranks = counts.cumsum(1)[:, :-1].long().to(device)
    bounds = ordered.gather(1, (ranks - 1).clamp(min=0)).clamp(max=white - 1e-6)  # white stays so
    bounds[ranks == 0], bounds[ranks == ordered.shape[1]] = -torch.inf, torch.inf
    made.bounds.copy_(bounds)
    return made.eval().requires_grad_(False)


def cell_score(model: Model, train: Dataset, candidates: int) -> CellScore:
    """D's logit, scaled, and what each cell of the space adds to it.

    Where the loss is least, each cell holds the same share of the points chosen as of the training
    points (but for the ridge, which leaves a cell of few points to D), and the mean logit of both
    is the same. The cells are of points that G makes: so regions without a real point are cells,
    too, and no training point is kept.
    """
    device = next(model.G.parameters()).device
    random = random_stream(model.config.seed, "selection")
    chosen = torch.randperm(len(train), generator=random)[:MOST_ROWS]
    points, y = conditioned(model.kind, train.take(chosen.numpy()), 0.0, random)
    count = max(1, min(MOST_CELLS, len(points) // POINTS_PER_CELL))
    score = CellScore(deepcopy(model.D), count, points.shape[1]).to(device)
    asked_for = y[torch.randint(len(y), (CALIBRATED_BY,), generator=random)]
    rows, logits = [], []
    with torch.no_grad(), arithmetic("fp32", device):
        for asked in torch.split(asked_for, 4096):
            z = torch.randn(candidates, len(asked), model.G.latent_dim, generator=random)
            asked = asked.to(device)
            rows.append(torch.stack([model.G(part.to(device), asked) for part in z]))
            logits.append(torch.stack([score.D(x, asked) for x in rows[-1]]))
        fake, made = torch.cat(logits, dim=1), torch.cat(rows, dim=1)
        if not (fake.isfinite().all() and made.isfinite().all()):
            return score  # who samples is told
        unit = fake.std().clamp(min=1e-12)  # so that scale and weights are of one size
        fake, real = fake / unit, score.D(points.to(device), y.to(device)).mean() / unit
        if not fake.amin(0).mean() <= real <= fake.amax(0).mean():
            return score  # an early G: no choice among its points has the mean logit of real ones
        score.centres.copy_(centres_of(made[0, :CELLS_FROM].cpu(), count, random))
        share = shares(points.to(device), score.centres)
        places = torch.stack([score.cell_of(x) for x in made])
    free = torch.cat([unit[None], score.weights]).requires_grad_()

    def value() -> Tensor:
        scale, weights = free[0], free[1:]
        of_made = (scale * fake + weights[places]).logsumexp(0).mean()
        of_real = scale * real + (share * weights).sum()
        total: Tensor = of_made - of_real + CELL_RIDGE * weights.square().sum() / len(points)
        return total

    descend(value, free)
    score.scale.copy_(free.detach()[0] / unit)
    score.weights.copy_(free.detach()[1:])
    return score


def descend(value: Callable[[], Tensor], weights: Tensor) -> None:
    """Down a value by L-BFGS."""
    optimizer = torch.optim.LBFGS(
        [weights], max_iter=CELL_UPDATES, history_size=10, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        now = value()
        now.backward()  # type: ignore[no-untyped-call]
        return now

    optimizer.step(closure)  # type: ignore[no-untyped-call]
