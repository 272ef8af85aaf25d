import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score

from sparring.errors import InputError
from sparring.evaluate.c2st import classifier_two_sample, two_sample_statistic


def test_same_distribution_is_a_guess():
    random = np.random.default_rng(0)
    auc = classifier_two_sample(random.normal(size=(800, 3)), random.normal(size=(800, 3)))
    assert auc == pytest.approx(0.5, abs=0.06)


def test_shifted_gaussian_reaches_the_best_possible_area():
    # The best classifier of N(0, 1) against N(s, 1) has the area Phi(s / sqrt 2).
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(2000, 1)), random.normal(1.5, 1, size=(2000, 1))
    best = norm.cdf(1.5 / np.sqrt(2))
    assert classifier_two_sample(real, fake) == pytest.approx(best, abs=0.03)


def test_dependence_is_seen_where_marginals_agree():
    random = np.random.default_rng(0)
    real = random.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], size=600)
    fake = np.stack([random.permutation(column) for column in real.T], axis=1)
    assert classifier_two_sample(real, fake) > 0.75


def test_disjoint_sets_and_copies():
    rows = np.random.default_rng(0).normal(size=(300, 2))
    assert classifier_two_sample(rows, rows + 20) > 0.98
    assert classifier_two_sample(rows, rows) < 0.5


def table(seed: int, rows: int = 500, **columns: object) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    number = random.normal(size=rows)
    number[random.random(rows) < 0.1] = np.nan
    text = pd.Series(random.choice(["a", "b", "c"], rows)).mask(random.random(rows) < 0.1)
    frame = pd.DataFrame({"number": number, "text": text, "flag": random.random(rows) < 0.5})
    return frame.assign(**columns)


def test_tables_with_missing_values():
    assert classifier_two_sample(table(0), table(1)) == pytest.approx(0.5, abs=0.07)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "new"},
        {"text": None},
        {"number": np.nan},
        {"flag": True},
    ],
)
def test_a_wrong_column_is_found(change):
    assert classifier_two_sample(table(0), table(1, **change)) > 0.7


def test_many_categories_are_no_error():
    names = [f"name {i}" for i in range(500)]
    auc = classifier_two_sample(table(0, text=names), table(1, text=names[::-1]))
    assert 0 <= auc <= 1


def test_is_deterministic():
    assert classifier_two_sample(table(0), table(1)) == classifier_two_sample(table(0), table(1))


def test_refusals():
    rows = np.zeros((60, 2))
    with pytest.raises(InputError, match="49 rows are too few; at least 50"):
        classifier_two_sample(rows, rows[:49])
    with pytest.raises(InputError, match="both be tables"):
        classifier_two_sample(rows, pd.DataFrame(rows))
    with pytest.raises(InputError, match="folds is 1"):
        classifier_two_sample(rows, rows, folds=1)


def test_is_the_mean_of_the_folds_and_groups_are_left_out_of_the_answers():
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(200, 2)), random.normal(0.7, 1, size=(200, 2))
    trees = HistGradientBoostingClassifier(early_stopping=False, random_state=0)
    rows, is_fake = np.concatenate([real, fake]), np.repeat([0, 1], 200)
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    expected = cross_val_score(trees, rows, is_fake, cv=folds, scoring="roc_auc").mean()
    statistic = two_sample_statistic(real, fake)
    assert statistic(None) == pytest.approx(expected)
    parts = np.array([statistic(group) for group in range(20)])
    assert parts.mean() == pytest.approx(expected, abs=0.01)
    # Hanley & McNeil 1982: the deviation of an area from n + m rows.
    a, q1, q2 = expected, expected / (2 - expected), 2 * expected**2 / (1 + expected)
    known = np.sqrt((a * (1 - a) + 199 * (q1 - a**2) + 199 * (q2 - a**2)) / 200**2)
    assert np.sqrt(19 * parts.var()) == pytest.approx(known, rel=0.4)
