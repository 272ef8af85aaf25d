import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sparring.errors import InputError
from sparring.evaluate.copying import (
    birthday_support,
    closer,
    copies,
    duplicates,
    nearest_distance,
    nearness,
    row_keys,
)
from sparring.evaluate.jackknife import kept


def normal(seed: int, rows: int = 200, width: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, width))


def test_equal_rows_have_equal_keys_and_others_do_not():
    rows = np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0], [np.nan, 1.0], [-np.nan, 1.0]])
    keys = row_keys(rows)
    assert keys[0] == keys[1]
    assert keys[3] == keys[4]
    assert len(set(keys.tolist())) == 3
    assert np.isnan(rows[3, 0])  # and nobody's rows are changed
    images = np.random.default_rng(0).integers(0, 2, (500, 8, 8, 1), dtype=np.uint8)
    assert len(np.unique(row_keys(images))) == 500
    assert row_keys(images[::2]).tolist() == row_keys(images)[::2].tolist()


def test_duplicates_are_counted_with_their_first():
    found = duplicates(row_keys(np.array([[1], [2], [2], [3], [3], [3], [4], [5]])))
    assert found(None) == 5 / 8
    assert found(0) == 5 / 7  # each of eight rows is a group
    assert found(1) == 3 / 7


def test_birthday_support_of_a_uniform_draw_is_the_number_of_its_values():
    # The real rows are spread so widely that only equal numbers collide.
    draws = np.random.default_rng(0).integers(0, 50, (2_000, 1)).astype(float)
    wide = 1e-9 * np.arange(2_000.0)[:, None]
    assert birthday_support(wide, draws)(None) == pytest.approx(50, rel=0.03)


def test_birthday_support_counts_pairs():
    real, fake = normal(0, 60), normal(1, 60)
    distance = cdist(real, real)
    np.fill_diagonal(distance, np.inf)
    radius = np.quantile(distance.min(axis=1), 0.05)
    statistic = birthday_support(real, fake * 0.3)
    for group in (None, 0, 19):
        rows = kept(fake * 0.3, group)
        pairs = (cdist(rows, rows) <= radius).sum() - len(rows)
        assert statistic(group) == pytest.approx(len(rows) * (len(rows) - 1) / pairs)


def test_birthday_support_of_extremes():
    real = normal(0)
    assert birthday_support(real, np.ones((200, 3)))(None) == 1
    assert birthday_support(real, real * 1e6)(None) == pytest.approx(200 * 199 / 2)
    with pytest.raises(InputError, match="1 rows are too few"):
        birthday_support(real, real[:2])(0)


def test_copies():
    train, new = normal(0), normal(1)
    mixed = np.concatenate([train[:50], new[:150]])
    found = copies(row_keys(train), row_keys(mixed))
    assert found(None) == 0.25
    assert found(0) == 40 / 190


def test_nearest_distance_is_exact_also_for_copies_far_from_the_origin():
    # Thirty columns are searched by brute force, where inner products round.
    for width in (2, 30):
        rows, to = normal(0, 50, width) + 1e7, normal(1, 80, width) + 1e7
        to[3] = rows[7]
        found = nearest_distance(rows, to)
        # Each of 20 groups has four of the 80 rows.
        expected = cdist(rows, to).reshape(50, 20, 4).min(axis=2)
        assert found == pytest.approx(expected)
        assert found[7, 0] == 0


def test_nearness_is_a_ratio_of_medians():
    distance, control = np.array([[1.0], [2.0], [3.0]]), np.array([[2.0], [4.0], [6.0]])
    assert nearness(distance, control)(None) == 0.5
    groups = np.array([[1.0, 3.0], [5.0, 2.0], [9.0, 9.0]])
    assert nearness(groups, 2 * groups)(None) == 0.5
    # Without the first row and the first group of training rows, 2 and 9 remain.
    assert nearness(groups, np.array([[1.0, 9.0], [1.0, 1.0], [1.0, 1.0]]))(0) == 5.5
    with pytest.raises(InputError, match="half of the held-out rows"):
        nearness(distance, np.array([[0.0], [0.0], [1.0]]))(None)
    with pytest.raises(InputError, match="0 rows are too few"):
        nearness(distance, control)(0)  # no group of training rows is left


def test_closer_counts_ties_half_and_weighs_the_sets():
    train = np.array([[0.0], [10.0]])
    rows = np.array([[0.0], [1.1], [10.0], [20.0]])
    assert closer(rows, train, np.array([[1.0], [10.0]]))(None) == (1 + 0 + 0.5 + 0.5) / 4
    # Half as many held-out rows, and as often the nearest: they are twice as near.
    assert closer(rows[:2], train, np.array([[1.0]]))(None) == pytest.approx(1 / 3)


@pytest.mark.parametrize("held_out", [800, 80])
def test_closer_is_a_half_for_new_rows_and_one_for_copies(held_out):
    train, holdout = normal(0, 800), normal(1, held_out)
    assert closer(normal(2, 800), train, holdout)(None) == pytest.approx(0.5, abs=0.06)
    assert closer(train, train, holdout)(None) == 1
    some = np.concatenate([normal(2, 600), train[:200]])
    assert closer(some, train, holdout)(None) > 0.56


def test_a_group_is_left_out_of_all_three_sets():
    rows, train, holdout = normal(2, 60), normal(0, 80), normal(1, 40)
    found = closer(rows, train, holdout)
    for group in (0, 12):
        left = closer(*(kept(part, group) for part in (rows, train, holdout)))(None)
        assert found(group) == pytest.approx(left)


def test_refusals():
    for function in (birthday_support, nearest_distance):
        with pytest.raises(InputError, match="too few"):
            function(normal(0), normal(1, 0))
    with pytest.raises(InputError, match="3 columns and fake rows 2"):
        birthday_support(normal(0), normal(0, 9, 2))
