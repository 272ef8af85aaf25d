from __future__ import annotations

import datetime

import dateutil.tz
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparring.errors import InputError
from sparring.kinds.columns.clock import UNGUESSED, Clock, date_format
from sparring.kinds.columns.named import as_held
from sparring.kinds.columns.rank import MomentColumn
from tests.kinds.columns.conftest import decoded, fitted, same

RANDOM = np.random.default_rng(0)
UNITS = ["s", "ms", "us", "ns"]
FORMATS = [
    "%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S+02:00", "%Y-%m", "%b %d, %Y", "%Y/%m/%d %H:%M", *UNGUESSED,
]  # fmt: skip
# In microseconds a float knows 285 years apart.
moments = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2150, 1, 1))
durations = st.timedeltas(datetime.timedelta(days=-40_000), datetime.timedelta(days=40_000))


def days(n: int = 300, zone: str | None = None) -> pd.Series:
    """Days of some years with summer time, in no order."""
    after = pd.to_timedelta(RANDOM.integers(0, 900, n), "D")
    series = pd.Series(pd.Timestamp("2019-01-31") + after)
    return (series if zone is None else series.dt.tz_localize(zone)).rename("when")


@given(st.sampled_from(UNITS), st.lists(st.one_of(st.none(), moments), min_size=1))
def test_moments_stay_themselves(unit: str, cells: list[datetime.datetime | None]) -> None:
    series = pd.Series(cells, dtype="datetime64[us]", name="when").astype(f"datetime64[{unit}]")
    if series.nunique(dropna=False) > 1:
        same(decoded(fitted(series), series), series)


@given(
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC-03:30"]),
    st.lists(st.one_of(st.none(), moments), min_size=1),
)
def test_moments_in_a_zone_stay_themselves(
    zone: str, cells: list[datetime.datetime | None]
) -> None:
    utc = pd.Series(cells, dtype="datetime64[us]", name="when").dt.tz_localize("UTC")
    series = utc.dt.tz_convert(zone)
    if series.nunique(dropna=False) > 1:
        same(decoded(fitted(series), series), series)


@given(st.lists(st.one_of(st.none(), durations), min_size=1))
def test_durations_stay_themselves(cells: list[datetime.timedelta | None]) -> None:
    series = pd.Series(cells, dtype="timedelta64[us]", name="how long")
    if series.nunique(dropna=False) > 1:
        column = fitted(series)
        assert column.type == "duration"
        same(decoded(column, series), series)


@given(st.sampled_from(FORMATS), st.lists(moments, min_size=2, max_size=30, unique=True))
def test_dates_written_as_text_stay_themselves(format: str, cells: list[datetime.datetime]) -> None:
    series = pd.Series(cells, dtype="datetime64[us]", name="when").dt.strftime(format)
    if series.nunique() > 1:
        column = fitted(series)
        assert isinstance(column, MomentColumn), series.tolist()
        same(decoded(column, series), series)


@given(
    st.sampled_from([" ", "T"]), st.booleans(),
    st.lists(st.one_of(st.just(datetime.datetime(2020, 1, 1)), moments), min_size=2, unique=True),
)  # fmt: skip
def test_whole_seconds_may_be_written_without_a_fraction(
    between: str, trimmed: bool, cells: list[datetime.datetime]
) -> None:
    texts = [cell.isoformat(between) for cell in cells]
    if trimmed:
        texts = [text.rstrip("0") if "." in text else text for text in texts]
    series = pd.Series(texts, name="when")
    column = fitted(series)
    assert column.type == "datetime"
    same(decoded(column, series), series)


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("%m/%d/%Y %H:%M", "{0.month}/{0.day}/{0.year} 3:05"),
        ("%m/%d/%y", "{0.month}/{0.day}/{0:%y}"),
        ("%d.%m.%y %H:%M", "{0.day}.{0.month}.{0:%y} 0:{0.day:02}"),
        ("%Y-%m-%d %I:%M %p", "{0.year}-{0.month}-{0.day} 9:{0.day:02} PM"),
        ("%I:%M:%S %p", "{0.month}:{0.day:02}:00 AM"),
    ],
)
def test_dates_without_padding_stay_themselves(format: str, text: str) -> None:
    series = pd.Series([text.format(d + pd.DateOffset(years=-15)) for d in days()], name="when")
    assert date_format(series) == (format, False)
    same(decoded(fitted(series), series), series)


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin", "Asia/Kolkata"])
@pytest.mark.parametrize("n", [300, 20_000], ids=["few", "more than are kept one by one"])
def test_whole_days_stay_whole_days(zone: str | None, n: int) -> None:
    start = pd.Timestamp("1990-01-31")
    series = pd.Series(start + pd.to_timedelta(RANDOM.integers(0, 9_000, n), "D"))
    series = (series if zone is None else series.dt.tz_localize(zone)).rename("when")
    sampled = fitted(series).decode(RANDOM.random(5_000))
    assert sampled.dtype == series.dtype
    assert (sampled == sampled.dt.normalize()).all()
    assert sampled.between(series.min(), series.max()).all()


@pytest.mark.parametrize("step", ["15min", "1h", "7D", "250ms"])
def test_samples_keep_the_step_of_the_rows(step: str) -> None:
    width = pd.Timedelta(step)
    cells = pd.Timestamp("2020-01-01 00:05") + width * RANDOM.integers(0, 9_000, 5_000)
    series = pd.Series(cells, name="when")
    sampled = fitted(series).decode(RANDOM.random(5_000))
    assert ((sampled - series[0]) % width == pd.Timedelta(0)).all()
    assert sampled.nunique() > 1_001


def test_the_earliest_and_the_latest_moment_of_all() -> None:
    series = pd.Series([pd.Timestamp.min.ceil("s"), pd.Timestamp.max.floor("s"), pd.Timestamp(0)])
    series = series.astype("datetime64[ns]").rename("when")
    same(decoded(fitted(series), series), series)


@pytest.mark.parametrize(
    "texts",
    [
        ["2020", "2021"],
        ["2020-01-31", "2020-13-01"],
        ["2020-01-31", "31.01.2020"],
        ["2020-01-31", "2020-1-5"],
        ["A-1", "A-2"],
        ["12", "7"],
        ["10:59", "10:60"],
        ["1:2", "3:4"],
        ["12/15", "07/20"],
        ["1-2-3", "4-5-6"],
        ["May", "June"],
    ],
)
def test_texts_that_are_no_dates_in_one_format(texts: list[str]) -> None:
    assert date_format(pd.Series(texts)) is None


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["2020-01-31", None, "2020-02-30"], r"column 'x', row 2: '2020-02-30' is no date \(acc"),
        (["2020-01-31", "31.01.2020"], "column 'x': dates written in several ways"),
        ([20200131, 20200201], "column 'x' is of type int64, which holds no dates"),
    ],
)
def test_cells_that_are_no_moments(cells: list[object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        fitted(pd.Series(cells, name="x"), "datetime")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([1, 2], "it is of type int64"),
        (["2020-01-01", "soon"], "soon"),
        (pd.to_datetime(["2020-01-01"]).tz_localize("UTC"), "tz"),
    ],
)
def test_other_cells_than_training_saw(cells: object, message: str) -> None:
    column = fitted(days())
    with pytest.raises(InputError, match=f"column 'x' held moments of type datetime.*{message}"):
        column.encode(pd.Series(cells, name="x"))


def test_rows_to_judge_may_write_dates_otherwise() -> None:
    series = days()
    column = fitted(series)
    for other in (series.astype("datetime64[ns]"), series.dt.strftime("%Y-%m-%d"), series.dt.date):
        assert np.array_equal(column.encode(other)[0], column.encode(series)[0])


def test_moments_before_and_after_those_of_training_take_the_ends() -> None:
    series = days()
    column = fitted(series)
    year = pd.Timedelta(days=365)
    outside = pd.Series([series.min() - 9 * year, series.max() + 9 * year])
    assert decoded(column, outside).tolist() == [series.min(), series.max()]


def test_pictures_show_years_or_days() -> None:
    long = pd.Series(pd.to_datetime(["1990-01-01", "2010-07-02"]), name="when")
    shown = fitted(long).pictured(long)
    assert shown.name == "when (year)"
    assert shown.tolist() == pytest.approx([1990, 2010.5], abs=0.01)
    short = pd.Series(pd.to_datetime(["2020-01-01 06:00", "2020-01-03 00:00"]), name="when")
    shown = fitted(short).pictured(short)
    assert shown.name == "when (days since 2020-01-01 06:00)"
    assert shown.tolist() == [0, 1.75]
    lasting = pd.Series(pd.to_timedelta([12, 36], "h"), name="x")
    assert fitted(lasting).pictured(lasting).tolist() == [0.5, 1.5]
    assert fitted(lasting).pictured(lasting).name == "x (days)"
    hours = pd.Series(["06:30 AM", "02:15 PM"], name="at")
    assert fitted(hours).pictured(hours).tolist() == [6.5, 14.25]
    assert fitted(hours).pictured(hours).name == "at (hours)"


def test_a_clock_on_the_wall_is_used_only_where_it_is_coarser() -> None:
    assert Clock.fit(days(zone="Europe/Berlin")).wall
    assert not Clock.fit(days(zone="UTC")).wall
    assert not Clock.fit(days()).wall


def test_a_zone_without_a_name_is_refused() -> None:
    with pytest.raises(InputError, match="column 'when': its time zone has no name"):
        fitted(days().dt.tz_localize(dateutil.tz.gettz("Europe/Berlin")))


def test_no_more_ticks_than_a_float_tells_apart() -> None:
    """Of a year in nanoseconds samples have some of the digits, in order."""
    year = np.array([1_577_836_800, 1_609_459_200]) * 10**9
    series = pd.Series(pd.to_datetime(np.random.default_rng(0).integers(*year, 99)), name="x")
    clock = Clock.fit(series)
    assert 1 < clock.step <= 10
    assert clock.ticks(series).max() < 2**53
    back = clock.moments(clock.ticks(series))
    assert ((series - back) < pd.Timedelta(clock.step, "ns")).all()
    assert (back <= series).all()


def test_cells_in_the_columns_way_of_writing() -> None:
    moments = pd.Series([pd.Timestamp("2020-03-01"), pd.NaT], name="x")
    texts = fitted(days().dt.strftime("%d.%m.%Y"))
    assert as_held(texts, moments)[0] == "01.03.2020"
    assert as_held(fitted(days()), pd.Series(["2020-03-01", None]))[0] == moments[0]
    hours = fitted(pd.Series(pd.to_timedelta([1, 30], "h"), name="x"))
    assert as_held(hours, pd.Series(["1 days"]))[0] == pd.Timedelta(days=1)
    ages = fitted(pd.Series([20, 30], name="x"))
    assert as_held(ages, pd.Series(["25", None])).tolist()[0] == 25
