import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from sparring.errors import InputError
from sparring.evaluate import tables
from sparring.evaluate.jackknife import kept
from sparring.evaluate.tables import (
    shape_error,
    shape_errors,
    shape_statistic,
    trend_error,
    trend_errors,
    trend_statistic,
)


def table(seed: int, rows: int = 300, missing: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    x = random.normal(size=rows)
    frame = pd.DataFrame(
        {
            "x": x,
            "y": x + random.normal(size=rows),
            "count": random.poisson(2, rows),
            "text": random.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]),
            "flag": x + random.normal(size=rows) > 0,
        }
    )
    return frame.mask(random.random(frame.shape) < missing) if missing else frame


def test_numeric_shape_is_the_ks_statistic():
    real, fake = table(0), table(1, 250)
    for name in ("x", "y", "count"):
        expected = ks_2samp(real[name], fake[name]).statistic
        assert shape_errors(real, fake)[name] == pytest.approx(expected)


def test_categorical_shape_is_the_total_variation():
    real = pd.DataFrame({"text": ["a", "a", "b", None], "flag": [True, True, True, False]})
    fake = pd.DataFrame({"text": ["a", "c", None, None], "flag": [True, True, False, False]})
    assert shape_errors(real, fake) == pytest.approx({"text": 0.5, "flag": 0.25})
    assert shape_error(real, fake) == pytest.approx(0.375)


def test_missing_numbers_count_when_they_are_the_larger_error():
    real = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]})
    assert shape_error(real, real.mask(real.x > 2)) == pytest.approx(0.5)
    assert shape_error(real, pd.DataFrame({"x": [np.nan] * 3})) == 1
    assert shape_error(real.mask(real.x > 3), pd.DataFrame({"x": [np.nan] * 3})) == 0.75
    everything_missing = pd.DataFrame({"x": [np.nan] * 3})
    assert shape_error(everything_missing, everything_missing) == 0


def test_numeric_trend_is_half_the_difference_of_pearson():
    real, fake = table(0), table(1)
    expected = abs(np.corrcoef(real.x, real.y)[0, 1] - np.corrcoef(fake.x, fake.y)[0, 1]) / 2
    assert trend_errors(real, fake).loc["x", "y"] == pytest.approx(expected)


def test_pearson_uses_the_rows_where_both_are_present():
    real, fake = table(0, missing=0.2)[["x", "y"]].astype(float), table(1)[["x", "y"]]
    both = real.dropna()
    expected = abs(np.corrcoef(both.x, both.y)[0, 1] - np.corrcoef(fake.x, fake.y)[0, 1]) / 2
    assert trend_error(real, fake) == pytest.approx(expected)


def test_opposite_dependence_is_the_whole_error():
    x = np.arange(10.0)
    assert trend_error(pd.DataFrame({"x": x, "y": x}), pd.DataFrame({"x": x, "y": -x})) == 1


def test_constant_columns_have_no_correlation():
    x = np.arange(10.0)
    real = pd.DataFrame({"x": x, "y": x})
    assert trend_error(real, real.assign(y=5.0)) == pytest.approx(0.5)
    assert trend_error(real.assign(y=5.0), real.assign(y=5.0)) == 0


def test_pairs_of_categories_agree_with_a_contingency_table():
    real, fake = table(0, missing=0.1), table(1, missing=0.1)
    p, q = (
        pd.crosstab(t.text.fillna("none"), t.flag.astype(object).fillna("none"), normalize=True)
        for t in (real, fake)
    )
    expected = p.sub(q, fill_value=0).abs().to_numpy().sum() / 2
    assert trend_errors(real, fake).loc["text", "flag"] == pytest.approx(expected)


def test_mixed_pairs_bin_the_number_over_the_real_range():
    real, fake = table(0), table(1)
    edges = np.histogram_bin_edges(real.x, 10)
    edges[0], edges[-1] = -np.inf, np.inf
    p, q = (
        pd.crosstab(pd.cut(t.x, edges, right=False, labels=False), t.text, normalize=True)
        for t in (real, fake)
    )
    expected = p.sub(q, fill_value=0).abs().to_numpy().sum() / 2
    assert trend_errors(real, fake).loc["x", "text"] == pytest.approx(expected)


def test_shuffled_columns_keep_shape_and_lose_trend():
    real = table(0)
    random = np.random.default_rng(0)
    fake = pd.DataFrame({name: random.permutation(real[name]) for name in real})
    assert shape_error(real, fake) == 0
    assert trend_error(real, fake) > 0.05
    assert trend_error(real, fake) > 2 * trend_error(real, real.sample(200, random_state=0))


def test_category_never_generated_and_category_never_seen():
    real = pd.DataFrame({"text": ["a", "b"] * 5, "x": range(10)})
    assert shape_errors(real, real.assign(text="a"))["text"] == 0.5
    assert shape_errors(real, real.assign(text="z"))["text"] == 1
    assert trend_error(real, real.assign(text="z")) == 1


def test_constant_number_beside_a_category():
    real = pd.DataFrame({"x": [7.0] * 4, "text": ["a", "b", "a", "b"]})
    assert trend_error(real, real) == 0
    for other in (6.0, 8.0):
        assert trend_error(real, real.assign(x=other)) == 1
    assert trend_error(real.assign(x=np.nan), real) == 1


def test_huge_contingency_tables_are_counted_through_occupied_cells(monkeypatch):
    real, fake = table(0, missing=0.1), table(1, missing=0.1)
    expected = trend_errors(real, fake)
    monkeypatch.setattr(tables, "MAX_CELLS", 1)
    pd.testing.assert_frame_equal(trend_errors(real, fake), expected)


def test_column_order_and_integer_names_do_not_matter():
    real, fake = table(0), table(1)
    assert shape_error(real, fake[fake.columns[::-1]]) == shape_error(real, fake)
    assert trend_error(real, fake[fake.columns[::-1]]) == trend_error(real, fake)
    numbered = [t.set_axis(range(5), axis=1) for t in (real, fake)]
    assert list(shape_errors(*numbered)) == list(range(5))


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(2, 60), st.sampled_from([0.0, 0.3, 0.9]))
def test_errors_are_shares_and_zero_on_equal_tables(seed, rows, missing):
    # One column of each type stays typed although all its values may be missing.
    real, fake = (
        table(s, n, missing).astype({"x": float, "y": float, "count": float})
        for s, n in ((seed, rows), (seed + 1, rows + 3))
    )
    for measure in (shape_error, trend_error):
        assert 0 <= measure(real, fake) <= 1
        assert measure(real, real) == 0
        assert measure(real, real[::-1]) == pytest.approx(0, abs=1e-9)


def test_trend_errors_are_symmetric_with_the_names_on_both_axes():
    errors = trend_errors(table(0), table(1))
    assert list(errors.index) == list(errors.columns) == ["x", "y", "count", "text", "flag"]
    assert (errors.to_numpy() == errors.to_numpy().T).all()
    assert (np.diag(errors) == 0).all()


def test_refusals():
    real = table(0)
    with pytest.raises(InputError, match="1 rows are too few"):
        shape_error(real, real[:1])
    with pytest.raises(InputError, match="only one has flag"):
        trend_error(real, real.drop(columns="flag"))
    with pytest.raises(InputError, match="only one column"):
        trend_error(real[["x"]], real[["x"]])


def test_a_group_is_left_out_of_both_tables():
    real, fake = table(0, 60), table(1, 60)
    for statistic, errors in ((shape_statistic, shape_errors), (trend_statistic, trend_errors)):
        found = statistic(real, fake)
        whole = errors(real, fake)
        mean = np.mean(list(found(None).parts.values()))
        assert found(None).mean == pytest.approx(mean)
        for names, error in found(None).parts.items():
            assert error == (whole[names[0]] if len(names) == 1 else whole.loc[names])
        left = [found(group).mean for group in range(20)]
        assert len(set(left)) > 10
    rows = kept(np.arange(60), 4)
    expected = shape_error(real.iloc[rows], fake.iloc[rows])
    assert shape_statistic(real, fake)(4).mean == pytest.approx(expected)


def test_one_category_never_generated_costs_its_share():
    real = pd.DataFrame({"text": ["a"] * 70 + ["b"] * 20 + ["rare"] * 10, "x": range(100)})
    fake = real.replace({"text": {"rare": "a"}})
    assert shape_errors(real, fake) == pytest.approx({"text": 0.1, "x": 0})
