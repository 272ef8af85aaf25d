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
MOST_ROWS = 32_768  # of training rows, and of groups of candidates
MOST_NUMBERS = 2**24  # in the marks of all candidates
ROUNDS, PER_ROUND = 16, 5  # of updates; what is held back is looked at after each round
HELD_BACK = 0.2  # of the training rows and groups, to see when to stop
RIDGE = 1.0
MOST_CELLS, POINTS_PER_CELL, CELLS_FROM = 512, 32, 8_192  # points of G that the cells are of
CELL_RIDGE = 1.0
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

    descent(value, free, ROUNDS * PER_ROUND)()
    score.scale.copy_(free.detach()[0] / unit)
    score.weights.copy_(free.detach()[1:])
    return score


def selective(model: Model, train: Dataset) -> Generator:
    """The model's G, made selective by the training rows; G itself where that gains nothing.

    Where `loss` is least, the rows chosen have the training rows' mean of every product of two
    marks (as long as scores are small against their bound): its gradient is the difference. A part
    of the rows and groups is held back; W is the one of the round that was best there.

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
        real = score.marks(x)
        groups = min(MOST_ROWS, MOST_NUMBERS // (K * marks.width), 4 * len(part) + 1000)
        asked = y[torch.randint(len(y), (groups,), generator=random).to(device)]
        fakes = []
        for few in torch.split(asked, 4096):
            z = torch.randn(K, len(few), model.G.latent_dim, generator=random).to(device)
            fakes.append(torch.stack([score.marks(model.G(part, few)) for part in z]))
    weights = fitted(real, torch.cat(fakes, dim=1))
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


def fitted(real: Tensor, fake: Tensor) -> Tensor | None:
    """W, or None where choosing by chance is as good.

    Args:
        real: marks (n, width); fake: of K candidates in each group, (K, groups, width).
    """
    rows, groups = (round((1 - HELD_BACK) * size) for size in (len(real), fake.shape[1]))
    seen, unseen = (real[:rows], fake[:, :groups]), (real[rows:], fake[:, groups:])
    W = torch.zeros(real.shape[1], real.shape[1], device=real.device, requires_grad=True)
    descend = descent(lambda: loss(*seen, W) + RIDGE * W.square().sum() / rows, W, PER_ROUND)
    with torch.no_grad():
        best, least = None, loss(*unseen, W)
    for _ in range(ROUNDS):
        descend()
        with torch.no_grad():
            now = loss(*unseen, W)
        if not now < least:
            break
        best, least = W.detach().clone(), now
    return best


def descent(value: Callable[[], Tensor], weights: Tensor, updates: int) -> Callable[[], object]:
    """What makes the next so many updates of L-BFGS down a value."""
    optimizer = torch.optim.LBFGS(
        [weights], max_iter=updates, history_size=10, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        now = value()
        now.backward()  # type: ignore[no-untyped-call]
        return now

    return lambda: optimizer.step(closure)  # type: ignore[no-untyped-call]


def loss(real: Tensor, fake: Tensor, weights: Tensor) -> Tensor:
    """mean(log sum exp s(candidates)) - mean(s(real))."""
    made = scores(fake.flatten(0, 1), weights).view(fake.shape[:2])
    return made.logsumexp(0).mean() - scores(real, weights).mean()
