"""Moments in time as whole numbers, and back in their resolution, time zone and way of writing."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace
from itertools import chain, product
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_timedelta64_dtype
from pandas.tseries.api import guess_datetime_format

from sparring.errors import InputError
from sparring.kinds.columns.dtype import is_text, plain

PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
GUESSED = 5  # texts that are looked at for their format: May alone is a long and a short name
ROUND = 1_000  # steps
EXACT = 2**53 - 2 * ROUND  # ticks that a float tells apart, counted from an earlier origin, too
HOUR, DAY, YEAR = 3_600, 86_400, 31_556_952  # seconds
FIRST = -2_208_988_800  # seconds from 1970 to 1900, in whose first day times of day lie
# Ends of formats by which a whole second has no fraction, and what they leave out of ".%f".
FRACTIONS = {"[.%f]": r"\.000000$", "[.%F]": r"\.?0+$"}  # as Python does; as PostgreSQL does
# Ways of writing that pandas does not guess: times of day, months, years of two digits, AM and PM.
TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")
MONTHS = ("%b %Y", "%b-%Y", "%b-%y", "%B %Y", "%m/%Y")
SHORT_YEARS = ("%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y", "%y-%m-%d", "%d-%b-%y")
LONG_YEARS = ("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y")
BOTH = map(" ".join, product((*SHORT_YEARS, *LONG_YEARS), TIMES))
SHAPES = {
    "%H": r"\d\d?", "%I": r"\d\d?", "%M": r"\d\d", "%S": r"\d\d", "%p": "[AP]M", "%Y": r"\d{4}",
    "%y": r"\d\d", "%m": r"\d\d?", "%d": r"\d\d?", "%b": "[A-Z][a-z]{2}", "%B": "[A-Z][a-z]{2,8}",
}  # fmt: skip
UNGUESSED = {
    format: re.compile(re.sub("%.", lambda found: SHAPES[found[0]], re.escape(format)))
    for format in (*TIMES, *MONTHS, *SHORT_YEARS, *BOTH)
}
KEPT = "\x01"  # before what keeps its zero
TO_SECONDS = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?")


@dataclass(frozen=True)
class Clock:
    """A grid of moments: `origin` and every `step` after it.

    The step is the largest that leaves no cell between two ticks, so that whole days stay whole
    days and quarters of an hour quarters of an hour; but no more than 2**53 of them are told apart,
    which are three months of nanoseconds.

    Attributes:
        dtype: pandas' name of the moments, such as "datetime64[us, Europe/Berlin]".
        origin, step: in the dtype's unit; the origin counts from 1970 (or from 0, of durations).
        wall: whether the ticks are those of a clock on the wall, not of UTC: where summer time
            begins and ends, whole days are not whole multiples of 24 hours.
        format: how moments are written where cells are texts, else None; it may end in one of
            FRACTIONS.
        padded: whether 1 May is written 01 and 05.
    """

    dtype: str
    origin: int
    step: int
    wall: bool
    format: str | None = None
    padded: bool = True

    @classmethod
    def fit(cls, series: pd.Series) -> Clock:
        """Find the grid of a column; at least one cell is present.

        Raises:
            InputError: cells that are no moments, or texts not all in one format.
        """
        cells, format, padded = plain(series.dropna()), None, True
        if is_text(cells):
            found = date_format(cells)
            if found is None:
                raise InputError(_no_format(cells))
            format, padded = found
            cells = pd.to_datetime(cells, format=_readable(format))
        if not _is_moments(cells):
            raise InputError(
                f"column {series.name!r} is of type {series.dtype}, which holds no dates "
                "(accepted: dates, also as text in one format; pandas.to_datetime makes them)"
            )
        dtype = str(cells.dtype)
        try:
            pd.api.types.pandas_dtype(dtype)
        except (TypeError, ValueError):
            raise InputError(
                f"column {series.name!r}: its time zone has no name (accepted: zones by name; "
                "Series.dt.tz_convert('Europe/Berlin') gives it one)"
            ) from None
        origin, step = _grid(_whole(cells, wall=False))
        if isinstance(cells.dtype, pd.DatetimeTZDtype):
            on_wall = _grid(_whole(cells, wall=True))
            clock = cls(dtype, *on_wall, wall=True)
            if on_wall[1] > step and (clock.moments(clock.ticks(cells)) == cells.array).all():
                return clock
        return cls(dtype, origin, step, wall=False, format=format, padded=padded)

    def earlier(self) -> Clock:
        """The same grid from a round number of steps on, so that its origin is no cell's moment."""
        return replace(self, origin=self.origin - self.origin // self.step % ROUND * self.step)

    def ticks(self, series: pd.Series) -> np.ndarray:
        """The tick at or before each cell, float64 (n,); a missing cell is NaN.

        What is before the origin counts as the origin.

        Raises:
            InputError: a cell that is no moment, out of range, or with and without a time zone.
        """
        cells = self.read(series)
        present = cells.notna().to_numpy()
        whole = np.maximum(_whole(cells[present], self.wall), self.origin)
        ticks = np.full(len(cells), np.nan)
        # Unsigned, a difference of two int64 cannot overflow.
        ticks[present] = (whole.astype(np.uint64) - _unsigned(self.origin)) // np.uint64(self.step)
        return ticks

    def moments(self, ticks: np.ndarray) -> pd.Series:
        """Ticks (n,), none missing, as moments or as their texts."""
        whole = ticks.astype(np.uint64) * np.uint64(self.step) + _unsigned(self.origin)
        kind, unit = self.dtype[: self.dtype.index("[")], _unit(self.dtype)
        cells = pd.Series(whole.astype(np.int64).view(f"{kind}[{unit}]"))
        zone = self.zone
        if zone is not None and self.wall:
            standard = np.zeros(len(cells), dtype=bool)
            cells = cells.dt.tz_localize(zone, ambiguous=standard, nonexistent="shift_forward")
        elif zone is not None:
            cells = cells.dt.tz_localize("UTC").dt.tz_convert(zone)
        return cells if self.format is None else _written(cells, self.format, self.padded)

    @property
    def zone(self) -> Any:
        """The time zone, or None."""
        return getattr(pd.api.types.pandas_dtype(self.dtype), "tz", None)

    def pictured(self, ticks: np.ndarray, last: float) -> tuple[np.ndarray, str]:
        """Ticks (n,) up to `last` as numbers that a person reads, and what these are."""
        unit = PER_SECOND[_unit(self.dtype)]
        seconds = ticks * (self.step / unit)
        if self.dtype.startswith("timedelta"):
            return (seconds + self.origin / unit) / DAY, "days"
        if self.format in TIMES:
            return (seconds + self.origin / unit - FIRST) / HOUR, "hours"
        if last * self.step / unit > 2 * YEAR:
            return 1970 + (seconds + self.origin / unit) / YEAR, "year"
        start = pd.Timestamp(self.origin, unit=_unit(self.dtype))
        return seconds / DAY, f"days since {start:%Y-%m-%d %H:%M}"

    def read(self, series: pd.Series) -> pd.Series:
        """The cells in `dtype`.

        Raises:
            InputError: as `ticks`.
        """
        cells = plain(series)
        try:
            if is_text(cells) and self.dtype.startswith("timedelta"):
                cells = pd.to_timedelta(cells)
            elif is_text(cells):
                cells = pd.to_datetime(cells, format=_readable(self.format))
            if not _is_moments(cells) and cells.notna().any():
                raise TypeError(f"it is of type {series.dtype}")
            dtype: Any = self.dtype
            moments: pd.Series = cells.astype(dtype)
            return moments
        except (TypeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise InputError(
                f"column {series.name!r} held moments of type {self.dtype}, but not here: {reason}"
            ) from None


    def written(self, series: pd.Series) -> pd.Series:
        """The same as moments, or as texts where the column's cells are.

        Raises:
            InputError: as `ticks`.
        """
        moments = self.read(series)
        return moments if self.format is None else _written(moments, self.format, self.padded)


def date_format(texts: pd.Series) -> tuple[str, bool] | None:
    """The format in which all these texts are dates, and whether it pads numbers; else None.

    It must write every one of them just as it is.
    """
    distinct = texts.drop_duplicates()
    for format in dict.fromkeys(chain.from_iterable(map(_guesses, distinct[:GUESSED]))):
        for padded in (True, False):
            # Most columns of texts fail at once.
            if _writes(distinct[:20], format, padded) and _writes(distinct, format, padded):
                return format, padded
    return None


def _no_format(texts: pd.Series) -> str:
    """Why texts are no dates: the first that is none, or that no one format writes them all."""
    wrong = pd.to_datetime(texts, format="mixed", errors="coerce").isna()
    what = f"column {texts.name!r}"
    if wrong.any():
        what += f", row {wrong.idxmax()}: {texts[wrong].iloc[0]!r} is no date"
    else:
        what += ": dates written in several ways"
    return f"{what} (accepted: dates in one format, such as 2020-01-31, and in range)"


def _guesses(text: str) -> list[str]:
    """Formats in which a text may be a date."""
    if text.isdigit():
        return []  # a number, whatever else
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the day does or does not come first
        guesses = [guess_datetime_format(text, dayfirst=day_first) for day_first in (False, True)]
    zone = re.search(r"(Z|[+-]\d\d:?\d\d)$", text)
    found = [g.replace("%z", zone.group()) if zone else g for g in guesses if g is not None]
    found += [format for format, shape in UNGUESSED.items() if shape.fullmatch(text)]
    if TO_SECONDS.fullmatch(text):
        found += [f"%Y-%m-%d{text[10]}%H:%M:%S{end}" for end in FRACTIONS]
    return found


def _readable(format: str | None) -> str:
    """The format as pandas reads it."""
    return "ISO8601" if format is None or _fraction(format) else format


def _fraction(format: str) -> str:
    """Which of FRACTIONS a format ends in, or nothing."""
    return next((end for end in FRACTIONS if format.endswith(end)), "")


def _writes(texts: pd.Series, format: str, padded: bool) -> bool:
    if _fraction(format) and not texts.str.fullmatch(TO_SECONDS.pattern).all():
        return False
    moments = pd.to_datetime(texts, format=_readable(format), errors="coerce")
    return bool(moments.notna().all() and (_written(moments, format, padded) == texts).all())


def _written(moments: pd.Series, format: str, padded: bool) -> pd.Series:
    end = _fraction(format)
    full, dropped = format.removesuffix(end) + ".%f" * bool(end), FRACTIONS.get(end, "")
    if not padded:
        # 01/05/09 09:05 is 1/5/09 9:05: years, minutes, seconds and fractions keep their zero.
        full, dropped = re.sub("(?=%[yf])", KEPT, full), rf"(?<![\d:{KEPT}])0(?=\d)|{KEPT}"
    texts: pd.Series = moments.dt.strftime(full)
    return texts.str.replace(dropped, "", regex=True) if dropped else texts


def _is_moments(cells: pd.Series) -> bool:
    return is_datetime64_any_dtype(cells) or is_timedelta64_dtype(cells)


def _unit(dtype: str) -> str:
    return dtype[dtype.index("[") + 1 :].partition(",")[0].rstrip("]")


def _whole(cells: pd.Series, wall: bool) -> np.ndarray:
    """Moments, none missing, as int64 in their unit, in UTC or on the wall."""
    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        cells = cells.dt.tz_localize(None) if wall else cells.dt.tz_convert(None)
    return cells.to_numpy().view(np.int64)


def _grid(whole: np.ndarray) -> tuple[int, int]:
    origin = int(whole.min())
    step = int(np.gcd.reduce(whole.astype(np.uint64) - _unsigned(origin))) or 1
    while (int(whole.max()) - origin) // step >= EXACT:
        step *= 10
    return origin, step


def _unsigned(whole: int) -> np.uint64:
    return np.uint64(whole % 2**64)
