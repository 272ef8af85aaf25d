"""From noise to rows: latents, averaged G, decode; seeded, and the same for every batch size."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from sparring.data.batches import one_hot
from sparring.data.dataset import Dataset
from sparring.errors import DivergedError, InputError, unknown
from sparring.kinds.base import Kind
from sparring.kinds.labels import Labels
from sparring.model import Model
from sparring.train.runtime import arithmetic, cores, thread_count

T = TypeVar("T")


def block_rows(kind: Kind) -> int:
    """Rows that are made at once: up to 4,096, fewer for large rows, by the kind alone.

    Sums in a matrix product depend on its shape to the last bit. G therefore always runs on equal
    parts of blocks of this one size (the last is cut afterwards), and block i's noise comes from
    the seed and i alone: row j is the same row whether 10 or 10 million are drawn.
    """
    return _rows_of(kind, 2**19, 4096)


def part_rows(kind: Kind) -> int:
    """Rows of a block that pass through G at once on a CPU.

    What a layer makes of so few is still in the core's cache when the next layer wants it.
    """
    return _rows_of(kind, 2**17, 1024)


def _rows_of(kind: Kind, numbers: int, most: int) -> int:
    """The power of two of rows that so many numbers make, from 16 to `most`."""
    fitting = numbers // math.prod(kind.shape.row)
    return max(16, min(most, 1 << max(fitting, 1).bit_length() - 1))


def stream(
    model: Model, n: int, y: Any = None, seed: int = 0, shard: tuple[int, int] = (1, 1)
) -> Iterator[Dataset]:
    """Draw `n` rows, block by block, in constant memory; blocks on several cores at once.

    Args:
        y: one class, or a class for each of the n rows; omitted = at the training rows' shares.
        seed: 0 to 2**64 - 1; the same seed gives the same rows.
        shard: (i, N): only the i-th of N parts of the rows, 1 <= i <= N. All of them together
            are the n rows, whatever N is.

    Raises:
        InputError: n < 1, seed < 0, labels of another number, an unknown class, or no such shard.
        DivergedError: G makes numbers that are not finite.
    """
    if n < 1:
        raise InputError(f"cannot draw {n} samples: ask for at least 1")
    if seed < 0:
        raise InputError(f"seed {seed}: it must be at least 0")
    wanted = None if y is None else wanted_labels(model.kind, n, y)
    rows = block_rows(model.kind)
    mine = shard_rows(model.kind, n, shard)
    blocks = range(mine.start // rows, -(-mine.stop // rows))
    model.G.eval()

    def draw(block: int) -> Dataset:
        return _block(model, block, range(block * rows, min((block + 1) * rows, n)), wanted, seed)

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
def _block(
    model: Model, block: int, places: range, wanted: Tensor | None, seed: int
) -> Dataset:
    """One block of rows, of which those at `places` are kept: all but for the last one."""
    rows, device = block_rows(model.kind), next(model.G.parameters()).device
    random = torch.Generator().manual_seed(_block_seed(seed, block))
    z = torch.randn(rows, model.G.latent_dim, generator=random)
    labels = None
    condition = z.new_empty(rows, 0)
    if model.kind.labels is not None:
        labels = model.kind.labels.draw(rows, random)
        if wanted is not None:
            labels[: len(places)] = wanted[places.start : places.stop]
        condition = one_hot(labels, len(model.kind.labels.classes))
    size = part_rows(model.kind) if device.type == "cpu" else rows
    # How a sum is shared out, among threads or by a GPU's choice, decides its last bits.
    with thread_count(1), arithmetic("fp32", device):
        parts = zip(torch.split(z, size), torch.split(condition, size), strict=True)
        x = torch.cat([model.G(*(t.to(device) for t in part)) for part in parts])
    x = x.float()[: len(places)]
    if not torch.isfinite(x).all():
        raise DivergedError("the model makes rows that are not finite: train it again")
    drawn = model.kind.decode(x, None if labels is None else labels[: len(places)])
    return model.kind.numbered(drawn, places.start)


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


def sample(model: Model, n: int, y: Any = None, seed: int = 0) -> Dataset:
    """All `n` rows of `stream` at once."""
    return joined(list(stream(model, n, y, seed)))


def joined(parts: list[Dataset]) -> Dataset:
    """Datasets of one kind, one after another."""
    tables = [part.x for part in parts if isinstance(part.x, pd.DataFrame)]
    labels = [part.y for part in parts if part.y is not None]
    # The blocks of a table are numbered on.
    x = pd.concat(tables) if tables else np.concatenate([part.x for part in parts])
    return Dataset(x, np.concatenate(labels) if labels else None, name="samples")


def wanted_labels(kind: Kind, n: int, y: Any) -> Tensor:
    """Class indices (n,) of what was asked for.

    Raises:
        InputError: the model has no classes, an unknown class, or another number of them than n.
    """
    indices = condition_of(kind).encode(y)
    if len(indices) not in (1, n):
        raise InputError(f"{len(indices)} labels for {n} samples: give one, or one for each")
    return indices.expand(n)


def where_label(kind: Kind, where: Mapping[str, Any]) -> Any:
    """The class that `where` asks for, such as {"label": 3}; None when it asks for nothing.

    Raises:
        InputError: a name that is not the condition's.
    """
    if not where:
        return None
    known = condition_of(kind).name
    for name in where:
        if name != known:
            raise InputError(unknown("condition", name, [known]))
    return where[known]


def condition_of(kind: Kind) -> Labels:
    """The classes that samples can be asked to have.

    Raises:
        InputError: there are none.
    """
    if kind.labels is None:
        raise InputError("the model is unconditional: it was trained without labels or a target")
    return kind.labels


def _block_seed(seed: int, block: int) -> int:
    """Independent streams: NumPy's hash of (seed, block), 64 bits."""
    return int(np.random.SeedSequence([seed, block]).generate_state(1, np.uint64)[0])
