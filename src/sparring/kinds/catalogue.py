"""Which kinds of data there are, and which one some rows are."""

from __future__ import annotations

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, InputError, choose
from sparring.kinds.base import Kind
from sparring.kinds.image import Image
from sparring.kinds.points import Points
from sparring.kinds.table import Table


def pick_kind(dataset: Dataset, config: Config) -> type[Kind]:
    """The kind a config names, or else the first that detects the rows.

    Raises:
        ConfigError: an unknown kind, or a setting that another kind has.
        InputError: rows of no kind.
    """
    if config.kind is not None:
        kind = choose("kind", config.kind, KINDS)
    else:
        found = [k for k in KINDS.values() if k.detects(dataset)]
        if not found:
            raise InputError(f"{dataset.name} is none of: {', '.join(KINDS)}")
        kind = found[0]
    for setting in ("target", "types"):
        if getattr(config, setting) is not None and kind is not Table:
            raise ConfigError(f"{setting} is for tables; {dataset.name} is of kind {kind.name}")
    if config.scaling is not None and kind is Table:
        raise ConfigError(f"scaling is for points and images; {dataset.name} is of kind table")
    # Of a table that becomes points, columns may be picked too.
    if config.columns is not None and not Table.detects(dataset):
        raise ConfigError(f"columns is for tables; {dataset.name} is of kind {kind.name}")
    return kind


KINDS: dict[str, type[Kind]] = {kind.name: kind for kind in (Points, Table, Image)}
