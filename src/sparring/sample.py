"""From noise to rows: latents, averaged G, decode; seeded, and the same for every batch size."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch

from sparring.data.dataset import Dataset
from sparring.errors import DivergedError, InputError
from sparring.kinds.asking import Asked
from sparring.kinds.base import Kind
from sparring.model import Model
from sparring.train.runtime import arithmetic, cores, thread_count

T = TypeVar("T")


def block_rows(kind: Kind) -> int:
    """Rows that are made at once: up to 8,192, fewer for large rows, by the kind alone.

    Sums in a matrix product depend on its shape to the last bit. G therefore always runs on whole
    parts of one size (the last is cut afterwards), and the noise of block i comes from the seed and
    i alone, part by part: row j is the same row whether 10 or 10 million are drawn.
    """
    return _rows_of(kind, 2**20, 8192)


def part_rows(kind: Kind) -> int:
    """Rows of a block that pass through G at once on a CPU.

    What a layer makes of so few is still in the core's cache when the next layer wants it.
    """
    return _rows_of(kind, 2**18, 2048)


def _rows_of(kind: Kind, numbers: int, most: int) -> int:
    """The power of two of rows that so many numbers make, from 16 to `most`."""
    fitting = numbers // math.prod(kind.shape.row)
    return max(16, min(most, 1 << max(fitting, 1).bit_length() - 1))


def stream(
    model: Model,
    n: int,
    y: Any = None,
    seed: int = 0,
    shard: tuple[int, int] = (1, 1),
    asked: Asked | None = None,
) -> Iterator[Dataset]:
    """Draw `n` rows, block by block, in constant memory; blocks on several cores at once.

    Args:
        y: one class, or a class for each of the n rows; omitted = at the training rows' shares.
        seed: 0 to 2**64 - 1; the same seed gives the same rows.
        shard: (i, N): only the i-th of N parts of the rows, 1 <= i <= N. All of them together
            are the n rows, whatever N is.
        asked: what the n rows are asked to be, instead of y; see `Kind.ask`.

    Raises:
        InputError: n < 1, seed < 0, labels of another number, an unknown class, or no such shard.
        DivergedError: G makes numbers that are not finite.
    """
    if n < 1:
        raise InputError(f"cannot draw {n} samples: ask for at least 1")
    if seed < 0:
        raise InputError(f"seed {seed}: it must be at least 0")
    asked = asked or model.kind.ask(n, y)
    rows = block_rows(model.kind)
    mine = shard_rows(model.kind, n, shard)
    blocks = range(mine.start // rows, -(-mine.stop // rows))
    model.G.eval()

    def draw(block: int) -> Dataset:
        return _block(model, block, range(block * rows, min((block + 1) * rows, n)), asked, seed)

    on_gpu = next(model.G.parameters()).device.type != "cpu"
    yield from in_order(draw, blocks, 1 if on_gpu else cores())


def shard_rows(kind: Kind, n: int, shard: tuple[int, int]) -> range:
    """Which of `n` rows the i-th of N shards has: whole blocks of them.

    Raises:
        InputError: no such shard.
    """
    part, parts = shard
    if not 1 <= part <= parts:
        raise InputError(f"shard {part}/{parts}: there are 1/{parts} to {parts}/{parts}")
    rows = block_rows(kind)
    blocks = -(-n // rows)
    start, stop = (rows * (blocks * i // parts) for i in (part - 1, part))
    return range(min(start, n), min(stop, n))


@torch.no_grad()
def _block(model: Model, block: int, places: range, asked: Asked, seed: int) -> Dataset:
    """One block of rows, of which those at `places` are made: all but for the last one."""
    rows, device = block_rows(model.kind), next(model.G.parameters()).device
    random = torch.Generator().manual_seed(_block_seed(seed, block))
    condition = asked.condition(range(places.start, places.start + rows), random)
    size = part_rows(model.kind) if device.type == "cpu" else rows
    G = model.G.choosing(condition.choices)
    wanted = torch.split(condition.y, size)[: -(-len(places) // size)]
    # How a sum is shared out, among threads or by a GPU's choice, decides its last bits.
    with thread_count(1), arithmetic("fp32", device):
        x = torch.cat([
            G(torch.randn(size, G.latent_dim, generator=random).to(device), y.to(device))
            for y in wanted
        ])  # fmt: skip
    x = x.float()[: len(places)]
    if not torch.isfinite(x).all():
        raise DivergedError("the model makes rows that are not finite: train it again")
    labels = None if condition.labels is None else condition.labels[: len(places)]
    drawn = model.kind.decode(x, labels)
    return condition.beside(model.kind.numbered(condition.keep(drawn), places.start))


def in_order(make: Callable[[int], T], items: Sequence[int], workers: int) -> Iterator[T]:
    """`make` of each item in order, made by several threads, never far ahead of who takes them."""
    if workers == 1 or len(items) == 1:
        yield from map(make, items)
        return
    # A thread has torch's number of threads for itself: one each, so that they share the cores.
    with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        ahead: deque[Future[T]] = deque()
        try:
            for item in items:
                ahead.append(pool.submit(make, item))
                if len(ahead) > 2 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def sample(
    model: Model, n: int, y: Any = None, seed: int = 0, asked: Asked | None = None
) -> Dataset:
    """All `n` rows of `stream` at once."""
    return joined(list(stream(model, n, y, seed, asked=asked)))


def joined(parts: list[Dataset]) -> Dataset:
    """Datasets of one kind, one after another."""
    tables = [part.x for part in parts if isinstance(part.x, pd.DataFrame)]
    labels = [part.y for part in parts if part.y is not None]
    # The blocks of a table are numbered on.
    x = pd.concat(tables) if tables else np.concatenate([part.x for part in parts])
    return Dataset(x, np.concatenate(labels) if labels else None, name="samples")


def _block_seed(seed: int, block: int) -> int:
    """Independent streams: NumPy's hash of (seed, block), 64 bits."""
    return int(np.random.SeedSequence([seed, block]).generate_state(1, np.uint64)[0])
