"""All rows of a dataset, encoded once: in memory, or in files where they are too many."""

from __future__ import annotations

from contextlib import ExitStack

import torch
from torch import Tensor

from sparring.data.batches import one_hot
from sparring.data.dataset import Dataset
from sparring.data.mapped import Growing
from sparring.errors import InputError
from sparring.kinds.base import Kind

Encoded = tuple[tuple[Tensor, ...], Tensor | None]  # raw rows, and their class indices


def encoded(kind: Kind, dataset: Dataset) -> Encoded:
    """What `Kind.encode` and `Kind.encode_labels` make of all rows.

    Raises:
        InputError: among the rows that are not held, one of another sort than those that are.
        RunError: the disk is full.
    """
    if dataset.file is None:
        return kind.encode(dataset), kind.encode_labels(dataset)
    with ExitStack() as opened:
        arrays: list[Growing] = []
        for part in dataset.parts():
            try:
                part = kind.adopt(part)
                raw, labels = kind.encode(part), kind.encode_labels(part)
            except InputError as error:
                raise InputError(
                    f"{error} (what a column holds was learnt from {len(dataset):,} of the "
                    f"{dataset.total:,} rows)"
                ) from None
            tensors = raw if labels is None else (*raw, labels)
            arrays = arrays or [opened.enter_context(Growing()) for _ in tensors]
            for array, tensor in zip(arrays, tensors, strict=True):
                array.append(tensor.numpy())
        whole = tuple(torch.from_numpy(array.array()) for array in arrays)
    return (whole, None) if labels is None else (whole[:-1], whole[-1])


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
