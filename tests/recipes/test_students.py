"""The two columns of the students: splits, regressions, and other ways to use 20 rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from sparring.errors import InputError
from sparring.recipes import student_rows, students
from sparring.recipes.base import Results
from sparring.recipes.student_rows import (
    interpolated,
    regression,
    scaled,
    sound,
    split,
    unscaled,
)

RANDOM = np.random.default_rng(0)
DEPRESSION = RANDOM.integers(0, 28, 1100)
ANXIETY = np.clip(np.rint(DEPRESSION * 0.7 + RANDOM.normal(0, 3, 1100)), 0, 21).astype(int)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    frame = pd.DataFrame({"anxiety_level": ANXIETY, "other": 1, "depression": DEPRESSION})
    frame.to_csv(tmp_path / student_rows.FILE, index=False)
    monkeypatch.setenv("SPARRING_DATA", str(tmp_path))
    student_rows.table.cache_clear()
    yield tmp_path
    student_rows.table.cache_clear()


def test_the_splits_are_the_documents() -> None:
    frame = pd.DataFrame({"depression": DEPRESSION, "anxiety_level": ANXIETY}, dtype=float)
    X_train, X_test, y_train, y_test = train_test_split(
        frame.depression, frame.anxiety_level, test_size=0.2, random_state=42
    )
    X_few, _, y_few, _ = train_test_split(X_train, y_train, train_size=20, random_state=42)
    rows = split(42)
    np.testing.assert_array_equal(rows.test, np.c_[X_test, y_test])
    np.testing.assert_array_equal(rows.few, np.c_[X_few, y_few])
    assert len(rows.train) == 880


def test_the_scaler_saw_all_rows_and_is_undone() -> None:
    rows = split(1).few
    np.testing.assert_allclose(scaled(rows), rows / [DEPRESSION.max(), ANXIETY.max()])
    np.testing.assert_allclose(unscaled(scaled(rows)), rows)


def test_the_regression_is_that_of_least_squares() -> None:
    rows = split(0)
    fit = regression(rows.few, rows.test)
    assert fit is not None
    slope, intercept = np.polyfit(rows.few[:, 0], rows.few[:, 1], 1)
    assert (fit.slope, fit.intercept) == pytest.approx((slope, intercept))
    error = rows.test[:, 1] - slope * rows.test[:, 0] - intercept
    assert fit.mse == pytest.approx((error**2).mean())
    assert fit.r2 == pytest.approx(1 - (error**2).mean() / rows.test[:, 1].var())


def test_no_rows_give_no_regression() -> None:
    assert regression(np.empty((1, 2)), split(0).test) is None


def test_interpolated_rows_lie_between_neighbours() -> None:
    few = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [50.0, 50.0], [51.0, 51.0], [52.0, 52.0],
                    [53.0, 53.0]])  # fmt: skip
    made = interpolated(few, 500, np.random.default_rng(0))
    np.testing.assert_allclose(made[:, 0], made[:, 1])
    assert made.min() >= 0
    assert made.max() <= 53
    assert len(np.unique(made)) > 400


def test_only_possible_scores_are_sound() -> None:
    made = np.array([[27.4, 21.4], [27.6, 0], [0, 21.6], [-0.4, 0], [-0.6, 0], [3.5, 4.4]])
    np.testing.assert_array_equal(sound(made), [[27, 21], [0, 0], [4, 4]])


@pytest.mark.parametrize(
    ("gan", "verdict"),
    [
        (0.2, "the published GAN -0.200 (95 % interval -0.205 to -0.195), worse"),
        (0.6, "the published GAN 0.200 (95 % interval 0.195 to 0.205), better"),
        (0.4, "the published GAN 0.000 (95 % interval -0.005 to 0.005), no difference"),
    ],
)
def test_the_conclusion_says_which_way_wins(gan: float, verdict: str) -> None:
    splits = {
        s: {"r2_few": 0.4, "r2_bootstrap": 0.39, "r2_gaussian": 0.38, "r2_smote": 0.37,
            "r2_all": 0.5, "r2": gan + (0.01 if s % 2 else -0.01)}
        for s in range(20)
    }  # fmt: skip
    values = {"splits": splits, "splits-default": {0: {"r2": 0.3}}}
    results = Results(values, lambda key, seed: pytest.fail("not opened"))
    said = students.conclude(results).replace("\N{MINUS SIGN}", "-")
    assert verdict in said
    assert ("Highest: the published GAN" in said) == (gan == 0.6)
    assert "880" not in said


def test_the_missing_file_is_named(folder: Path) -> None:
    (folder / student_rows.FILE).unlink()
    with pytest.raises(InputError, match=rf"StressLevelDataset\.csv is not .* put it in {folder}"):
        split(0)


def test_a_file_without_the_columns_is_named(folder: Path) -> None:
    (folder / student_rows.FILE).write_text("depression\n1\n2\n")
    with pytest.raises(InputError, match="has no column 'anxiety_level'"):
        split(0)
