"""Fits what a Gibbs sweep over a table's rows draws cells by."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor

from sparring.config import resolved
from sparring.data.dataset import Dataset
from sparring.kinds.encoded import conditioned
from sparring.model import Model
from sparring.nets.base import Generator
from sparring.nets.gibbs import Conditionals, GibbsGenerator, Steps
from sparring.seeds import random_stream
from sparring.train.runtime import arithmetic

LEAST_ROWS = 500  # of training, to know a cell better than G does
MOST_ROWS, MOST_NUMBERS = 65_536, 2**25  # of training, and of those that G makes; in all of them
MOST_VALUES = 16_384  # of all cells of a row
HELD_BACK, MOST_HELD = 0.1, 2_048  # of the training rows, to see what is gained
PART = 1_024  # rows of G at once: what its layers make of so few is still in the core's cache
BATCH, CELLS_AT_ONCE = 512, 16  # rows and cells of an update
UPDATES, ROUND = 1_200, 40  # by G's rows, and then by training rows
WORSE = 1.02  # times the least surprise on those held back: from there on they are learnt by heart
RATE, G_DECAY, DECAY = 4e-3, 0.01, 0.7  # Adam's learning rate; weight decay by G's and other rows
MATCHED_BY, MATCHES = 16_384, 20  # rows of G; rounds in which shares are brought to those wanted


def swept(model: Model, steps: Steps, train: Dataset) -> Generator:
    """The model's G with a Gibbs sweep over its rows; G itself where that gains nothing.

    A net learns first from G's rows how likely values are beside each other, then from training
    rows for as long as that is better on rows held back. The cells that are drawn are those that it
    then knows better than from G's rows, by more than one standard error.

    Args:
        model: trained.
        train: the rows it was trained on.
    """
    if len(train) < LEAST_ROWS or sum(steps.sizes) > MOST_VALUES or not steps.drawn:
        return model.G
    device = next(model.G.parameters()).device
    random = random_stream(model.config.seed, "sweep")
    most = min(MOST_ROWS, MOST_NUMBERS // math.prod(model.kind.shape.row))
    some = train.take(torch.randperm(len(train), generator=random)[:most].numpy())
    with arithmetic("fp32", device):
        # By parts: what the encoding of many rows takes besides is as much as the net and they.
        x = torch.empty(len(some), *model.kind.shape.row, device=device)
        for part in torch.split(torch.arange(len(some)), PART):
            few = some.take(part.numpy())
            x[part] = model.kind.prepare(model.kind.encode(few), random).to(device)
        made, asked = x.new_empty(most, x.shape[1]), []
        for i, (rows, y) in enumerate(made_as_training(model, some, most, random)):
            made[i * PART : (i + 1) * PART] = rows
            asked += [y] if i < MATCHED_BY // PART else []
        if not made.isfinite().all():
            return model.G  # who samples is told
        net = Conditionals(steps, resolved(model.config.width, "width"))
        net.reset(random)
        cells = fitted(net.to(device), made, x, steps.drawn, random)
        if not cells:
            return model.G
        G = GibbsGenerator(model.G, net, cells, model.kind.shape).to(device)
        match(G, made[:MATCHED_BY], torch.cat(asked), x, random)
    return G.eval().requires_grad_(False)


@torch.no_grad()
def made_as_training(
    model: Model, train: Dataset | None, n: int, random: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Rows that G makes under the training rows' conditions, and these: n rows in all, by parts.

    As most samples are asked for: no cells are given but the target.

    Args:
        train: those rows; None: under the conditions that samples have.
    """
    device = next(model.G.parameters()).device
    for start in range(0, n, PART):
        size = min(PART, n - start)
        if train is None:
            y = model.kind.ask(size).condition(range(size), random).y
        else:
            drawn = torch.randint(len(train), (size,), generator=random)
            y = conditioned(model.kind, train.take(drawn.numpy()), 0.0, random)[1]
        z, y = torch.randn(size, model.G.latent_dim, generator=random).to(device), y.to(device)
        yield model.G(z, y), y


def fitted(
    net: Conditionals, made: Tensor, real: Tensor, cells: Sequence[int], random: torch.Generator
) -> tuple[int, ...]:
    """Fit the net, and tell which cells it knows better than from G's rows.

    Args:
        made: G's rows (m, d); real: training rows (n, d), in random order.
        cells: those that can be drawn.
    """
    held = real[: min(round(HELD_BACK * len(real)), MOST_HELD)]
    real = real[len(held) :]

    def surprises() -> Tensor:
        with torch.no_grad():
            return net.surprises(held, cells)

    for _ in descent(net, made, cells, G_DECAY, random):
        pass
    of_made = best = surprises()
    kept = deepcopy(net.state_dict())
    for _ in descent(net, real, cells, DECAY, random):
        now = surprises()
        if now.sum() < best.sum():
            best, kept = now, deepcopy(net.state_dict())
        elif now.sum() > WORSE * best.sum():
            break
    net.load_state_dict(kept)
    gain = of_made - best
    error = gain.std(1) / len(held) ** 0.5
    return tuple(np.array(cells)[(gain.mean(1) > error).cpu().numpy()].tolist())


def descent(
    net: Conditionals, rows: Tensor, cells: Sequence[int], decay: float, random: torch.Generator
) -> Iterator[None]:
    """Update the net by rows, pausing after each round."""
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=UPDATES)
    for update in range(1, UPDATES + 1):
        few = rows[torch.randint(len(rows), (min(BATCH, len(rows)),), generator=random)]
        mine = torch.randperm(len(cells), generator=random)[:CELLS_AT_ONCE].tolist()
        optimizer.zero_grad()
        loss = net.surprises(few, [cells[i] for i in mine]).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if update % ROUND == 0:
            yield


@torch.no_grad()
def match(
    G: GibbsGenerator, rows: Tensor, y: Tensor, real: Tensor, random: torch.Generator
) -> None:
    """Move each cell's bias until its values come as often in G's rows as in training rows."""
    net = G.conditionals
    places = net.places(real)

    def moved(others: Tensor, cell: int) -> Tensor:
        logits, size = net.logits(others, cell), net.sizes[cell]
        wanted = torch.bincount(places[cell], minlength=size) / len(real) + 1e-5
        # Of each value in each row, up to a factor of the row; moves are factors of the values.
        odds = (logits - logits.amax(0)).exp_()
        move = torch.zeros_like(wanted)
        for _ in range(MATCHES):
            factors = (move - move.amax()).exp()
            shares = factors * (odds @ (factors @ odds).clamp(min=1e-30).reciprocal()) / len(rows)
            move += wanted.log() - (shares + 1e-5).log()
        net.bias[slice(*net.starts[cell : cell + 2])] += move
        return logits + move[:, None]

    uniform = torch.rand(len(rows), len(G.cells), generator=random).to(rows.device)
    G.swept(rows, y, uniform, moved)
