from __future__ import annotations

import datetime
import json
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sparring.errors import InputError
from sparring.kinds.columns.dtype import Dtype, is_text, plain
from tests.kinds.columns.conftest import same

DAY = datetime.date(2020, 2, 29)
NOON = datetime.datetime(2020, 2, 29, 12, 0, 0, 250)
OBJECTS: dict[str, list[Any]] = {
    "texts and None": ["a", None],
    "texts and nan": ["a", np.nan],
    "texts and NA": ["a", pd.NA],
    "whole numbers and None": [3, None, -(2**62)],
    "numbers": [0.5, 2.0],
    "booleans and None": [True, None],
    "dates and NaT": [DAY, pd.NaT],
    "dates and None": [DAY, None],
    "moments": [NOON, NOON],
    "moments in a zone": [NOON.replace(tzinfo=datetime.UTC), None],
    "whole numbers beyond int64": [2**63 + 1, None],
    "decimals": [Decimal("2.5"), None],
    "times and None": [NOON.time(), None, datetime.time(9, 5)],
    "nothing": [None, None],
}
ARROW: dict[str, pa.Array] = {
    "int8": pa.array([1, None], pa.int8()),
    "uint64": pa.array([2**60, None], pa.uint64()),
    "float": pa.array([0.5, None], pa.float32()),
    "decimal": pa.array([Decimal("2.50"), None], pa.decimal128(8, 2)),
    "bool": pa.array([True, None]),
    "string": pa.array(["a", None]),
    "large_string": pa.array(["a", None], pa.large_string()),
    "timestamp": pa.array([NOON, None], pa.timestamp("ns")),
    "zoned": pa.array([NOON, None], pa.timestamp("us", "Asia/Kolkata")),
    "date": pa.array([DAY, None]),
    "time": pa.array([NOON.time(), None], pa.time64("us")),
    "seconds of a day": pa.array([datetime.time(9, 5), None], pa.time32("s")),
    "duration": pa.array([datetime.timedelta(hours=3), None], pa.duration("ms")),
    "null": pa.array([None, None]),
    "dictionary": pa.array(["a", None], pa.dictionary(pa.int8(), pa.string())),
    "ordered": pa.array(["b", "a"]).dictionary_encode().cast(
        pa.dictionary(pa.uint32(), pa.large_string(), ordered=True)
    ),
}  # fmt: skip


def there_and_back(series: pd.Series) -> pd.Series:
    """Through the plain form and, the dtype, through JSON."""
    fields = json.loads(json.dumps(asdict(Dtype.of(series))))
    if fields["categories"] is not None:
        fields["categories"] = tuple(fields["categories"])
    assert Dtype(**fields) == Dtype.of(series)
    return Dtype(**fields).restore(plain(series))


@pytest.mark.parametrize("cells", OBJECTS.values(), ids=OBJECTS)
def test_objects_come_back_as_they_were(cells: list[Any]) -> None:
    series = pd.Series(cells, dtype=object, name="x")
    found = there_and_back(series)
    same(found, series)
    assert [c is None for c in found] == [c is None for c in cells]
    assert [c is pd.NA for c in found] == [c is pd.NA for c in cells]


@pytest.mark.parametrize("array", ARROW.values(), ids=ARROW)
def test_arrow_columns_come_back_as_they_were(array: pa.Array) -> None:
    series = pd.Series(pd.arrays.ArrowExtensionArray(array), name="x")
    assert not isinstance(plain(series).dtype, pd.ArrowDtype)
    same(there_and_back(series), series)


@pytest.mark.parametrize("dtype", ["string[python]", "string[pyarrow]", "str"])
def test_texts_keep_where_they_are_stored(dtype: str) -> None:
    series = pd.Series(["a", None], dtype=dtype)
    same(there_and_back(series), series)
    assert is_text(series)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "UTC+02:00"])
def test_moments_keep_their_zone(zone: str) -> None:
    series = pd.Series(pd.to_datetime(["2020-07-01 12:00", None])).dt.tz_localize(zone)
    same(there_and_back(series), series)


def test_a_whole_number_among_objects_that_no_dtype_holds_is_refused() -> None:
    with pytest.raises(InputError, match=r"^column 'x': .*too (large|big).*\(accepted: numbers"):
        plain(pd.Series([2**80, None], dtype=object, name="x"))


def test_what_has_no_plain_form_is_left_as_it_is() -> None:
    for cells in ([1j], [(1, 2)], pd.period_range("2020", "2021")):
        series = pd.Series(cells)
        assert plain(series) is series
        assert not is_text(series)
