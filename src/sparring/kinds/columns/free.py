"""Columns that carry nothing to learn: one value throughout, or a name for each row."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from sparring.errors import InputError, listed
from sparring.kinds.columns.base import FreeColumn, categories, name_of
from sparring.kinds.columns.dtype import Dtype, is_text, plain
from sparring.kinds.columns.keep import KEEP_ALL, Keep

# Counting in strides of a prime larger than any alphabet visits every name once, as if at random.
PRIME = 2_654_435_761
BLOCK = 2**31  # so many are counted through at once: a product of two numbers below fits uint64
WHOLE = re.compile(r"u?int\d+", re.IGNORECASE)
GOLDEN = (5**0.5 - 1) / 2
SPARSE = 1_000  # names are drawn anew, not counted on, if there could be so many for each row


@dataclass(frozen=True)
class ConstantColumn(FreeColumn):
    """One value in every row, or none at all.

    Attributes:
        value: as JSON keeps it; None where every cell is missing.
    """

    value: Any

    @classmethod
    def fit(cls, series: pd.Series, type: str, keep: Keep = KEEP_ALL) -> ConstantColumn:
        """Learn the value of a column that has no other; of too few to be kept, none.

        Raises:
            InputError: it has.
        """
        if series.count() < keep.min_count:
            return cls(name_of(series), type, keep.dtype(series, []), None)
        values = categories(series).drop_duplicates()
        if len(values) > 1:
            raise InputError(f"column {series.name!r} is not constant: it holds {listed(values)}")
        value = None if values.isna().all() else values.tolist()[0]
        return cls(name_of(series), type, keep.dtype(series, [value]), value)

    def make(self, first: int, n: int) -> pd.Series:
        return self.dtype.restore(pd.Series([self.value] * n, name=self.name, dtype=object))


@dataclass(frozen=True)
class IdentifierColumn(FreeColumn):
    """A different value in every row: new ones, in the same form.

    Whole numbers, with or without a common beginning such as "C-", go on after the largest, or
    where what is rare is not kept after the next of two significant digits.
    Texts of one length with room enough (hashes, keys) are new words in the characters that stand
    at each place. Anything else is the column's name and a number.

    Attributes:
        prefix: what stands before the number.
        start: the first number.
        digits: numbers are filled up with zeros to so many.
        alphabets: the characters at each place, or none where numbers are counted.
        missing: the share of rows that have none.
    """

    prefix: str
    start: int
    digits: int
    alphabets: tuple[str, ...]
    missing: float = 0.0

    @classmethod
    def fit(cls, series: pd.Series, type: str, keep: Keep = KEEP_ALL) -> IdentifierColumn:
        """Learn the form of the names.

        Raises:
            InputError: cells that are neither whole numbers nor texts.
        """
        if isinstance(series.dtype, pd.CategoricalDtype):
            series = series.astype(series.dtype.categories.dtype)
        cells, name = plain(series.dropna()), name_of(series)
        absent = len(series) - len(cells)
        missing = absent / len(series) if absent >= keep.min_count else 0.0
        found = partial(cls, name, type, Dtype.of(series), missing=missing)
        if pd.api.types.is_integer_dtype(cells):
            return found("", _after(int(cells.max()), keep), 0, ())
        if not is_text(cells):
            raise InputError(
                f"column {name!r} is of type {series.dtype} (accepted for identifiers: whole "
                "numbers and text)"
            )
        texts = [str(cell) for cell in cells]
        numbered = _numbered(texts)
        if numbered is not None:
            prefix, largest, digits = numbered
            return found(prefix, _after(largest, keep), digits, ())
        alphabets = _alphabets(texts)
        if math.prod(map(len, alphabets)) > SPARSE * len(texts):
            return found("", 1, 0, alphabets)
        return found(f"{name}-", 1, 0, ())

    def make(self, first: int, n: int) -> pd.Series:
        count = np.arange(self.start + first, self.start + first + n, dtype=object)
        cells: list[Any] | np.ndarray
        if self.alphabets:
            cells = _words(count.astype(np.uint64), self.alphabets)
        elif self.prefix or self.digits:
            cells = [f"{self.prefix}{number:0{self.digits}d}" for number in count]
        else:
            # After the largest number that the dtype holds comes the smallest.
            limits = np.iinfo(whole[0].lower() if (whole := WHOLE.match(self.dtype.name)) else int)
            cells = (count - limits.min) % (int(limits.max) - limits.min + 1) + limits.min
        made = pd.Series(cells, name=self.name, dtype=object)
        # Evenly spread over the rows, however many are made at a time.
        turn = np.arange(first, first + n) * GOLDEN % 1
        return self.dtype.restore(made.mask(turn < self.missing, None) if self.missing else made)


def _after(largest: int, keep: Keep) -> int:
    """The first number of new names."""
    if keep.min_count == 1:
        return largest + 1
    step: int = 10 ** max(len(str(abs(largest))) - 2, 1)
    return (largest // step + 1) * step


def _numbered(texts: list[str]) -> tuple[str, int, int] | None:
    """The common beginning of texts, the largest number after it and its digits; else None."""
    found = [re.fullmatch(r"(.*?)(\d{1,18})", text, re.DOTALL) for text in texts]
    parts = [(match[1], match[2]) for match in found if match]
    if len(parts) < len(texts) or len({prefix for prefix, _ in parts}) > 1:
        return None
    widths = {len(number) for _, number in parts}
    largest = max(int(number) for _, number in parts)
    # Long numbers that leave most out are drawn, as in a hash that happens to have no letters.
    if len(widths) == 1 and largest > SPARSE * len(texts):
        return None
    return parts[0][0], largest, widths.pop() if len(widths) == 1 else 1


def _alphabets(texts: list[str]) -> tuple[str, ...]:
    """The characters at each place of texts of one length; nothing where lengths differ."""
    if len({len(text) for text in texts}) > 1:
        return ()
    return tuple("".join(sorted(set(place))) for place in zip(*texts, strict=True))


def _words(count: np.ndarray, alphabets: tuple[str, ...]) -> list[str]:
    """Word number `count` (n,) of all that the alphabets allow; all different, in a mixed order."""
    places, block = [], 1
    code = np.zeros_like(count)
    for turn, alphabet in enumerate(alphabets):
        if turn == 0 or block * len(alphabet) > BLOCK:
            block = 1
            room = _room(alphabets[turn:])
            stride = pow(PRIME, turn + 1, room)
            code = count % np.uint64(room) * np.uint64(stride) % np.uint64(room)
        size = np.uint64(len(alphabet))
        places.append(np.array(list(alphabet))[(code % size).astype(np.int64)])
        code, block = code // size, block * len(alphabet)
    return ["".join(word) for word in zip(*places, strict=True)]


def _room(alphabets: tuple[str, ...]) -> int:
    """How many words the first places make, as many places as stay within BLOCK."""
    room = 1
    for alphabet in alphabets:
        if room * len(alphabet) > BLOCK:
            break
        room *= len(alphabet)
    return room
