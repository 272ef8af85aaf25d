from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sparring.data.frames import as_pandas
from sparring.data.source import open_source
from sparring.errors import InputError
from sparring.estimator import GAN
from tests.conftest import TINY

DAY = datetime.date(2020, 2, 29)


def arrow_table(n: int = 40) -> pa.Table:
    """A table in types that pandas alone would not keep."""
    random = np.random.default_rng(0)
    days = [DAY + datetime.timedelta(days=int(d)) for d in random.integers(0, 99, n)]
    number = [None if i % 5 == 0 else int(v) for i, v in enumerate(random.integers(0, 9, n))]
    return pa.table(
        {
            "number": pa.array(number, pa.int16()),
            "day": pa.array(days),
            "word": pa.array(random.choice(["a", "b"], n)).dictionary_encode(),
            "share": pa.array(random.random(n).round(2), pa.float32()),
        }
    )


def test_an_arrow_table_comes_back_as_it_was() -> None:
    table = arrow_table()
    frame, kind = as_pandas(table)
    assert isinstance(frame, pd.DataFrame)
    assert kind is not None
    assert kind.restore(frame).equals(table)
    assert kind.restore(frame[["word", "day"]]).schema == table.select(["word", "day"]).schema
    added = kind.restore(frame.assign(label=1))
    assert added.schema.names == [*table.schema.names, "label"]


@pytest.mark.parametrize("source", [pd.DataFrame({"a": [1]}), np.zeros((2, 2)), "moons", [[1.0]]])
def test_anything_else_is_left_alone(source: object) -> None:
    found, kind = as_pandas(source)
    assert found is source
    assert kind is None


def test_a_gan_takes_and_gives_arrow_tables() -> None:
    table = arrow_table()
    gan = GAN(**TINY).fit(table)
    samples = gan.sample(7)
    assert isinstance(samples, pa.Table)
    assert samples.schema == table.schema
    assert len(samples) == 7
    assert len(gan.discriminate(table)) == 40
    assert len(open_source(table)) == 40
    with_labels = GAN(**TINY).fit(table, np.arange(40) % 2).sample(3)
    assert with_labels.schema.names == [*table.schema.names, "label"]


def test_a_gan_takes_names_of_several_types() -> None:
    frame = pd.DataFrame({"a": range(9), 3: range(9)})
    samples = GAN(**TINY).fit(frame).sample(4)
    assert list(samples) == ["a", 3]


def test_polars_frames_come_and_go() -> None:
    polars = pytest.importorskip("polars")
    enum = polars.Enum(["small", "large", "never"])
    frame = polars.DataFrame(arrow_table()).with_columns(
        size=polars.Series(["small", "large"] * 20, dtype=enum),
        when=polars.col("day").cast(polars.Datetime("us")).dt.replace_time_zone("Europe/Berlin"),
    )
    samples = GAN(**TINY).fit(frame).sample(7)
    assert isinstance(samples, polars.DataFrame)
    assert samples.schema == frame.schema
    with pytest.raises(InputError, match=r"a LazyFrame holds no rows yet: collect\(\) it"):
        as_pandas(frame.lazy())
