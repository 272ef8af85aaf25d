import numpy as np
import pytest

from sparring.errors import InputError
from sparring.evaluate.attacks import attribute_inference, membership, risk, singling_out
from sparring.evaluate.jackknife import share_interval


def rows(seed: int, n: int = 400) -> np.ndarray:
    """Two numbers, a category and a number that is often missing."""
    random = np.random.default_rng(seed)
    gaps = np.where(random.random(n) < 0.3, np.nan, random.normal(size=n))
    return np.column_stack([random.normal(size=(n, 2)), random.integers(0, 5, n), gaps])


NUMERIC = np.array([True, True, False, True])


def test_risk_is_the_part_of_what_the_control_leaves():
    attack, control = np.arange(1_000) < 700, np.arange(500) < 200
    found = risk(attack, control)
    assert found.attack == pytest.approx(np.mean(share_interval(0.7, 1_000)))
    assert found.control == pytest.approx(np.mean(share_interval(0.4, 500)))
    assert found.risk == pytest.approx((found.attack - found.control) / (1 - found.control))
    assert found.risk == pytest.approx(0.5, abs=0.01)
    # By hand: deviations sqrt(.21 / 1000) and sqrt(.24 / 500), over .6 and times .3 / .36.
    assert (found.high - found.low) / 2 == pytest.approx(
        1.96 * np.hypot(0.01449 / 0.6, 0.02191 * 0.3 / 0.36), rel=0.02
    )
    assert risk(control, control).risk == 0
    with pytest.raises(InputError, match="19 rows are too few; at least 20"):
        risk(attack[:19], control)


def test_the_interval_of_the_risk_covers_it():
    random = np.random.default_rng(0)
    covered = []
    for _ in range(400):
        found = risk(random.random(200) < 0.55, random.random(200) < 0.1)
        covered.append(found.low <= 0.5 <= found.high)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.035)


def test_membership_of_copies_is_certain_and_of_a_part_of_them_partial():
    random = np.random.default_rng(0)
    train, holdout, fresh = (random.normal(size=(600, 4)) for _ in range(3))
    assert membership(train, holdout, train[::-1])(None) == 1
    half = np.concatenate([train[:300], fresh[:300]])
    assert membership(train, holdout, half)(None) == pytest.approx(0.5, abs=0.1)
    assert membership(train, holdout, train + 0.01)(None) > 0.9


def test_membership_is_unbiased_where_nothing_leaks():
    found = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        found.append(membership(*(random.normal(size=(100, 2)) for _ in range(3)))(None))
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(60)


def test_membership_leaves_out_groups_of_all_three_sets():
    random = np.random.default_rng(1)
    train, holdout = random.normal(size=(2, 40, 2))
    statistic = membership(train, holdout, train)
    assert statistic(0) == membership(train[2:], holdout[2:], train[2:])(None)


@pytest.mark.parametrize("attack", [singling_out, attribute_inference])
def test_risks_of_a_copier_and_of_an_independent_sample(attack):
    train, holdout = rows(0), rows(1)
    copied = attack(train, holdout, train[::-1], NUMERIC, seed=0)(None)
    assert copied.attack > 0.95
    assert copied.risk > 0.95
    assert copied.low > 0.9
    found = [attack(train, holdout, rows(s), NUMERIC, seed=s)(None) for s in range(2, 8)]
    assert abs(np.mean([each.risk for each in found])) < 0.05
    # Had the rows held out been trained on, the risk would be as far below 0.
    assert attack(holdout, train, train, NUMERIC, seed=0)(None).risk < -1


@pytest.mark.parametrize("attack", [singling_out, attribute_inference])
def test_the_seed_decides(attack):
    sets = rows(0), rows(1), np.concatenate([rows(0)[:200], rows(2)[:200]])
    first, again, other = (attack(*sets, NUMERIC, seed=s)(None) for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_guess_is_right_within_five_percent_and_by_category():
    # The first column says which sample is nearest; the second is guessed.
    known = np.arange(40.0)[:, None] * 100
    true = np.full((40, 1), 100.0)
    for guess, right in ((104.9, True), (105.1, False), (np.nan, False)):
        fake = np.hstack([known, np.full((40, 1), guess)])
        train = np.hstack([known, true])
        hits = attribute_inference(train, train, fake, np.array([True, True]), seed=0)(None)
        # When the first column is the secret, one guess of forty is right.
        assert (hits.attack > 0.4) == right
    missing = np.hstack([known, np.full((40, 1), np.nan)])
    found = attribute_inference(missing, missing, missing, np.array([True, True]), seed=0)(None)
    assert found.attack > 0.4


def test_attacks_that_cannot_be_made_say_why():
    train = rows(0)
    with pytest.raises(InputError, match="nothing to infer"):
        attribute_inference(train[:, :1], train[:, :1], train[:, :1], NUMERIC[:1], seed=0)
    with pytest.raises(InputError, match="as many needed"):
        singling_out(train, train[:9], train, NUMERIC, seed=0)
    same = np.zeros((50, 2))
    with pytest.raises(InputError, match="0 descriptions of one sample alone"):
        singling_out(same, same, same, np.array([True, False]), seed=0)
