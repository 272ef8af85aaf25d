from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from sparring.data.dataset import Dataset
from sparring.kinds import pictures
from sparring.kinds.style import save

RANDOM = np.random.default_rng(0)


def saved(figure: Figure, folder: Path) -> np.ndarray:
    """The pixels of a figure, (h, w, 3)."""
    save(figure, folder / "a.png")
    return np.asarray(Image.open(folder / "a.png").convert("RGB"))


def texts(figure: Figure) -> list[str]:
    return [t.get_text() for t in figure.legends[0].get_texts()] if figure.legends else []


def test_points_share_one_window_with_equal_axes(tmp_path: Path) -> None:
    real = Dataset(RANDOM.normal(size=(3_000, 2)))
    fake = Dataset(np.r_[RANDOM.normal(size=(98, 2)), [[99, 0], [0, -99]]])
    figure = pictures.scatter(fake, real)
    saved(figure, tmp_path)
    left, right = figure.axes
    assert left.get_title() == "2,000 real points"
    assert right.get_title() == "100 generated points, 2 outside"
    assert left.get_xlim() == right.get_xlim()
    assert left.get_ylim() == right.get_ylim()
    assert left.get_aspect() == right.get_aspect() == 1
    assert {axes.get_xlabel() for axes in figure.axes} == {"x0"}
    assert {axes.get_ylabel() for axes in figure.axes} == {"x1"}


def test_coordinates_of_other_units_get_axes_of_their_own(tmp_path: Path) -> None:
    points = Dataset(RANDOM.normal(size=(50, 2)) * [1, 1e5])
    figure = pictures.scatter(points, points)
    saved(figure, tmp_path)
    assert figure.axes[0].get_aspect() == "auto"


@pytest.mark.parametrize(("classes", "named"), [(3, ["0", "1", "2"]), (50, [])])
def test_few_labels_get_colours_and_a_legend(
    classes: int, named: list[str], tmp_path: Path
) -> None:
    points = Dataset(RANDOM.normal(size=(300, 3)), np.arange(300) % classes)
    figure = pictures.scatter(points, points)
    saved(figure, tmp_path)
    assert texts(figure) == named


@pytest.mark.parametrize("x", [RANDOM.normal(size=(100, 1)), np.ones((5, 1)), np.ones((5, 2))])
def test_one_coordinate_and_points_all_alike(x: np.ndarray, tmp_path: Path) -> None:
    figure = pictures.scatter(Dataset(x + 1), Dataset(x))
    assert saved(figure, tmp_path).min() < 200
    assert "x0" in (figure.axes[0].get_xlabel(), figure.axes[0].get_title())


def odd_table(n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "plain": RANDOM.normal(size=n),
            "$x^{2$ and $\\frac": RANDOM.integers(0, 3, n),
            "<script>": RANDOM.random(n) < 0.3,
            "名前": RANDOM.choice(list("abcdefghijklmnop"), n),
            4: pd.array([None if i % 4 == 0 else i for i in range(n)], dtype="Int64"),
            "a name that is very much longer than any title": ["k"] * n,
            "large": RANDOM.normal(size=n) * 1e12,
            "gone": np.full(n, np.nan),
            "category": pd.Categorical(RANDOM.choice(["$", "_", "100 %"], n)),
        }
    )


def test_marginals_of_odd_columns(tmp_path: Path) -> None:
    figure = pictures.marginals(odd_table(50), odd_table(200))
    saved(figure, tmp_path)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[0] == "plain"
    assert titles[4] == "4\nmissing: 25.0% / 26.0%"
    assert all(len(line) <= 40 for title in titles for line in title.split("\n"))
    assert [bool(axes.get_ylabel()) for axes in figure.axes] == [True, False, False] * 3
    assert figure.axes[0].get_ylabel() == "share of rows"
    assert texts(figure) == ["real", "generated"]
    assert figure.axes[3].get_xlabel() == "8 of 16 categories"


def test_marginals_show_the_first_columns_and_say_so(tmp_path: Path) -> None:
    frame = pd.DataFrame(RANDOM.normal(size=(20, 18)))
    figure = pictures.marginals(frame, frame, limit=3)
    saved(figure, tmp_path)
    assert [axes.get_title() for axes in figure.axes] == ["0", "1", "2"]
    assert figure.get_suptitle() == "20 real and 20 generated rows (the first 3 columns)"


def test_bins_of_whole_numbers_hold_equally_many_of_them() -> None:
    whole = pd.Series(np.arange(100).repeat(3), name="i")
    figure = pictures.marginals(whole.to_frame(), whole.to_frame())
    shares, edges, _ = figure.axes[0].patches[0].get_data()
    assert len(shares) == pictures.BINS
    np.testing.assert_allclose(shares, 0.05)
    np.testing.assert_allclose(edges % 1, 0.5)


def test_generated_rows_alone() -> None:
    figure = pictures.marginals(odd_table(20))
    assert figure.get_suptitle() == "20 generated rows"
    assert not figure.legends
    points = pictures.scatter(Dataset(RANDOM.normal(size=(30, 2))), title="after 5 steps")
    assert [axes.get_title() for axes in points.axes] == ["30 generated points"]
    assert points.get_suptitle() == "after 5 steps"


def test_columns_are_matched_by_name() -> None:
    real = pd.DataFrame({"b": [5, 5], "other": [0, 0], "a": [1, 1]})
    fake = pd.DataFrame({"a": [1, 1], "b": [5, 5]})
    figure = pictures.marginals(fake, real)
    assert [axes.get_title() for axes in figure.axes] == ["a", "b"]
    for axes in figure.axes:
        for patch in axes.patches:
            assert patch.get_data().values.tolist() == [1]


def test_shares_of_many_sets() -> None:
    sets = {"a": [0, 0, 1, 1], "b": [0, 1, 1, 1], "c": [0, 0, 0, 9]}
    figure = pictures.distributions({k: pd.DataFrame({"x": v}) for k, v in sets.items()})
    shares = [patch.get_data().values.tolist() for patch in figure.axes[0].patches]
    assert shares == [[0.5, 0.5], [0.25, 0.75], [0.75, 0.25]]  # the outer bins are open
    assert texts(figure) == ["a", "b", "c"]
    assert figure.get_suptitle() == "4 a and 4 b and 4 c rows"


def test_bars_of_many_sets() -> None:
    sets = {"a": ["u", "u", "v", "v"], "b": ["u", "v", "v", "v"], "c": ["u", "u", "u", "w"]}
    figure = pictures.distributions({k: pd.DataFrame({"x": v}) for k, v in sets.items()})
    bars = [[bar.get_height() for bar in group] for group in figure.axes[0].containers]
    assert bars == [[0.5, 0.5], [0.25, 0.75], [0.75, 0.0]]
    edges = sorted(bar.get_x() for group in figure.axes[0].containers for bar in group)
    assert np.diff(edges).min() > 0.26  # none hides another


@pytest.mark.parametrize(
    ("x", "axes"),
    [
        (RANDOM.normal(size=(20, 2)), 2),
        (RANDOM.normal(size=(20, 1)), 1),
        (odd_table(20), 9),
        (np.zeros((20, 8, 8, 1), np.uint8), 2),
    ],
    ids=["points", "one coordinate", "table", "images"],
)
def test_samples_of_every_form(x: np.ndarray | pd.DataFrame, axes: int) -> None:
    assert len(pictures.samples(Dataset(x), Dataset(x)).axes) == axes
    assert pictures.samples(Dataset(x), title="hello").findobj(
        lambda artist: isinstance(artist, Text) and artist.get_text() == "hello"
    )


def test_a_window_holds_what_it_is_made_around() -> None:
    window = pictures.Window.around(np.array([[0.0, 1.0], [4.0, 3.0]]), margin=0.25)
    assert (window.low.tolist(), window.high.tolist()) == ([-1, 0], [5, 4])
    assert window.holds(np.array([[-1.0, 0.0], [5.1, 2.0], [2.0, 9.0]])).tolist() == [1, 0, 0]
    assert window.height(6.0) == 4.0
