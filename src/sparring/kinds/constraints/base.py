"""What a rule promises: a column that samples get from others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from sparring.kinds.columns.base import Column, Name
from sparring.kinds.columns.named import Learnt
from sparring.kinds.columns.rank import MomentColumn, NumberColumn
from sparring.kinds.constraints.statements import Columns


@dataclass(frozen=True)
class Rule(ABC):
    """How the cells of one column come from those of others.

    Attributes:
        name: of the column.
        rest: what is learnt in its place, if anything is: what the others do not tell of it.
    """

    name: Name
    rest: NumberColumn | MomentColumn | None

    @property
    @abstractmethod
    def sources(self) -> tuple[Name, ...]:
        """The others."""

    def remainder(self, frame: pd.DataFrame, columns: Columns) -> pd.Series | None:
        """The cells of `rest` in rows as people have them."""
        return None

    @abstractmethod
    def cells(self, frame: pd.DataFrame, columns: Columns) -> pd.Series:
        """The column's cells, from its sources and `rest` in a frame of samples."""

    @abstractmethod
    def mended(self, frame: pd.DataFrame, columns: Columns) -> pd.Series:
        """The column's cells as they are in whole rows, but where they break the rule."""

    def to_dict(self) -> dict[str, Any]:
        rest = None if self.rest is None else self.rest.to_dict()
        return {"rule": type(self).__name__} | asdict(self) | {"rest": rest}


def rest_name(text: str, columns: Mapping[Name, Column]) -> str:
    """A name for what is learnt in a column's place that is no column's."""
    while text in columns:
        text += "'"
    return text


def rounded(numbers: np.ndarray, columns: Iterable[Learnt]) -> np.ndarray:
    """Sums and differences of these columns' cells, to the most decimals that one of them has."""
    decimals = [column.decimals for column in columns if isinstance(column, NumberColumn)]
    known = [places for places in decimals if places is not None]
    return np.round(numbers, max(known)) if len(known) == len(decimals) else numbers
