"""Fits what is put on a trained G: a choice among its rows, and a calibration of tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import torch
from torch import Tensor

from sparring.config import resolved
from sparring.data.batches import one_hot
from sparring.data.dataset import Dataset
from sparring.kinds.base import Kind
from sparring.model import Model
from sparring.nets.base import Generator
from sparring.nets.selective import (
    LEVELS,
    CalibratedGenerator,
    CellScore,
    Marks,
    PairScore,
    SelectiveGenerator,
    scores,
)
from sparring.seeds import random_stream
from sparring.train.runtime import arithmetic
from sparring.train.signs import centres_of, shares

LEAST_ROWS = 500  # to tell what to choose by
LEAST_POINTS = 4_000  # likewise; D knows fewer by heart
MOST_MARKS = 400  # that are weighed in pairs
MOST_ROWS = 65_536  # of training rows
POOL_ROWS, MOST_NUMBERS = 2**18, 2**25  # that G makes to choose among; in them, or their marks
SPARE = 4  # times as many candidates as a choice is among
GROUPS = 8_192  # of candidates in an update, at most
ROUNDS, PER_ROUND = 10, 20  # of updates; what is held back is looked at after each round
HELD_BACK = 0.1  # of the training rows, to see when to stop
PAIR_RATE, AVERAGED = 0.02, 20  # learning rate; updates that the average reaches back
RIDGE = 1.0
MOST_CELLS, POINTS_PER_CELL, CELLS_FROM = 512, 32, 8_192  # points of G that the cells are of
CELL_RIDGE, CELL_UPDATES = 1.0, 80
CALIBRATED_BY = 16_384  # rows, or groups of points


def finished(model: Model, train: Dataset) -> Generator:
    """The model's G with all that its kind and settings put on it after training.

    Under epsilon that looks at no row: `candidates` is 1, and conditions are drawn as for samples.
    """
    marks = model.kind.marks(2)
    if marks is not None:
        rows = train if model.config.epsilon is None else None
        return calibrated(replace(model, G=selective(model, train)), len(marks.places), rows)
    K = resolved(model.config.candidates, "candidates")
    if K == 1:
        return model.G
    points = len(model.kind.shape.row) == 1 and len(train) >= LEAST_POINTS
    score = cell_score(model, train, K) if points else deepcopy(model.D)
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
    rows = []
    with torch.no_grad(), arithmetic("fp32", device):
        for _ in range(CALIBRATED_BY // 4096):
            if train is None:
                y = model.kind.ask(4096).condition(range(4096), random).y
            else:
                drawn = torch.randint(len(train), (4096,), generator=random)
                y = conditioned(model.kind, train.take(drawn.numpy()), 0.0, random)[1]
            z = torch.randn(4096, model.G.latent_dim, generator=random)
            rows.append(model.G(z.to(device), y.to(device))[:, :numbers])
        x = torch.cat(rows)
        if len(x.T) and torch.isfinite(x).all():
            ranks = torch.linspace(0, 1, LEVELS, device=device)
            made.levels.copy_(torch.quantile(x, ranks, dim=0).T)
            return made.eval().requires_grad_(False)
    return model.G


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


def selective(model: Model, train: Dataset) -> Generator:
    """The model's G, made selective by the training rows; G itself where that gains nothing.

    Args:
        model: trained; its config asks for `candidates`.
        train: the rows it was trained on.
    """
    config, kind = model.config, model.kind
    K = resolved(config.candidates, "candidates")
    marks = marks_for(kind, len(train)) if K > 1 and len(train) >= LEAST_ROWS else None
    if marks is None:
        return model.G
    device = next(model.G.parameters()).device
    random = random_stream(config.seed, "selection")
    chosen = torch.randperm(len(train), generator=random)[:MOST_ROWS]
    part = train.take(chosen.numpy())
    share = resolved(config.given_share, "given_share")
    score = PairScore(marks).to(device)
    with torch.no_grad(), arithmetic("fp32", device):
        x, y = (t.to(device) for t in conditioned(kind, part, share, random))
        made, size = [], min(POOL_ROWS, MOST_NUMBERS // x.shape[1]) // (SPARE * K)
        asked = y[torch.randint(len(y), (size,), generator=random).to(device)]
        for few in torch.split(asked, 4096):
            z = torch.randn(SPARE * K, len(few), model.G.latent_dim, generator=random).to(device)
            made.append(torch.stack([model.G(part, few) for part in z]))
        pool = torch.cat(made, dim=1)
        if not pool.isfinite().all():
            return model.G  # who samples is told
        weights = fitted(score.marks, x, pool, K, random)
    if weights is None:
        return model.G
    score.weights.copy_(weights)
    return SelectiveGenerator(model.G, score, K).eval().requires_grad_(False)


def conditioned(
    kind: Kind, rows: Dataset, share: float, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Rows as the nets see them, and their conditions as training draws them."""
    x, given = kind.prepare(kind.encode(rows), random), kind.given(share)
    labels = kind.encode_labels(rows)
    if labels is not None:
        return x, one_hot(labels, kind.shape.conditions)
    if given is None:
        return x, x.new_empty(len(x), 0)
    return x, given.condition(x, given.mask(len(x), random))


def marks_for(kind: Kind, rows: int) -> Marks | None:
    """Marks with as many bins as the rows fill, or fewer; None where there would be too many."""
    for bins in range(min(16, max(2, math.isqrt(rows) // 10)), 1, -1):
        marks = kind.marks(bins)
        if marks is None or marks.width <= MOST_MARKS:
            return marks
    return None


def fitted(
    marks: Marks, real: Tensor, pool: Tensor, K: int, random: torch.Generator
) -> Tensor | None:
    """W, under which choosing among K rows of G gives the mean of every product of two marks that
    real rows have; None where choosing by chance is as good.

    Every update moves W by how far the two means are apart, over other groups of rows each time:
    with the same ones it would fit their chance. A part of the real rows is held back; W is the
    one of the round that was best on them.

    Args:
        real: rows (n, d), in random order; pool: of G, candidates under each of the conditions,
            (at least K, conditions, d).
    """
    rows = round((1 - HELD_BACK) * len(real))
    products = [m.T @ m for m in map(marks, torch.split(real[:rows], 4096))]
    wanted = torch.stack(products).sum(0) / rows
    unseen = marks(real[rows:])
    weights, average = torch.zeros_like(wanted), torch.zeros_like(wanted)
    optimizer = torch.optim.Adam([weights], lr=PAIR_RATE, betas=(0.9, 0.99), eps=1e-5)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, ROUNDS * PER_ROUND)

    groups = min(GROUPS, MOST_NUMBERS // (K * marks.width))

    def candidates() -> Tensor:
        which = torch.randint(pool.shape[1], (groups,), generator=random)
        slots = torch.randperm(len(pool), generator=random)[:K]
        found: Tensor = marks(pool[slots[:, None], which].flatten(0, 1))
        return found

    def loss(made: Tensor, W: Tensor) -> Tensor:
        """The mean surprise at what is held back, up to a constant."""
        return scores(made, W).view(K, -1).logsumexp(0).mean() - scores(unseen, W).mean()

    test = candidates()
    best, least = None, loss(test, average)
    for _ in range(ROUNDS):
        for _ in range(PER_ROUND):
            made = candidates()
            odds = scores(made, weights).view(K, -1).softmax(0).flatten() / groups
            chosen = (made * odds[:, None]).T @ made
            weights.grad = chosen - wanted + 2 * RIDGE / rows * weights
            optimizer.step()
            schedule.step()
            average.lerp_(weights, 1 / AVERAGED)
        now = loss(test, average)
        if now < least:
            best, least = average.clone(), now
    return best


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
