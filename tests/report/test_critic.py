from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure

from sparring.errors import InputError
from sparring.kinds.style import FAKE, REAL, png
from sparring.report.critic import LEVELS, plot_coloured, plot_critic

RANDOM = np.random.default_rng(0)
REALS, FAKES = RANDOM.normal(size=(40, 2)), RANDOM.normal(size=(30, 2)) + 1


def slope(points: np.ndarray) -> np.ndarray:
    """A D that looks at the first coordinate alone and cannot tell at 0.5."""
    return np.asarray(1 / (1 + np.exp(-3 * (points[:, 0] - 0.5))))


def contours(figure: Figure) -> tuple[list[QuadContourSet], list[QuadContourSet]]:
    """The filled ones and the lines."""
    sets = [c for c in figure.axes[0].collections if isinstance(c, QuadContourSet)]
    return [c for c in sets if c.filled], [c for c in sets if not c.filled]


def test_the_line_is_where_d_cannot_tell() -> None:
    figure = plot_critic(slope, REALS, FAKES, title="before")
    (field,), (line,) = contours(figure)
    vertices = np.concatenate([path.vertices for path in line.get_paths()])
    np.testing.assert_allclose(vertices[:, 0], 0.5, atol=1e-3)
    assert np.ptp(vertices[:, 1]) > 4  # from bottom to top
    assert field.levels.tolist() == LEVELS == sorted(LEVELS)
    assert (LEVELS[0], LEVELS[len(LEVELS) // 2], LEVELS[-1]) == (0, 0.5, 1)
    assert png(figure)


def test_points_are_on_top_and_everything_is_named() -> None:
    figure = plot_critic(slope, REALS, FAKES, title="before")
    axes, bar = figure.axes
    names = [t.get_text() for t in figure.legends[0].get_texts()]
    assert names == ["real", "generated", "D cannot tell (1/2)"]
    real, fake = axes.collections[-2:]
    np.testing.assert_array_equal(real.get_offsets(), REALS)
    np.testing.assert_array_equal(fake.get_offsets(), FAKES)
    assert real.get_facecolor()[0, :3] == pytest.approx(to_rgb(REAL))
    assert fake.get_facecolor()[0, :3] == pytest.approx(to_rgb(FAKE))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x0", "x1")
    assert bar.get_ylabel() == "D(x), the probability of being real"
    assert figure.get_suptitle() == "before"


@pytest.mark.parametrize("constant", [0.0, 0.3, 0.5, 1.0])
def test_a_d_of_one_mind_has_no_boundary(constant: float) -> None:
    figure = plot_critic(lambda points: np.full(len(points), constant), REALS)
    assert contours(figure)[1] == []
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["real"]
    assert png(figure)


def test_on_axes_that_are_given() -> None:
    figure = Figure()
    axes = figure.subplots()
    assert plot_critic(slope, REALS, axes=axes, title="step 3") is figure
    assert axes.get_title() == "step 3"
    assert (figure.axes, figure.legends) == ([axes], [])


@pytest.mark.parametrize(
    ("real", "fake"), [(np.zeros((9, 3)), None), (REALS, np.zeros((9, 1))), (np.zeros(9), None)]
)
def test_points_that_are_not_in_the_plane(real: np.ndarray, fake: np.ndarray | None) -> None:
    with pytest.raises(InputError, match=r"D is drawn over points \(n, 2\), not over rows"):
        plot_critic(slope, real, fake)


def test_samples_have_the_colour_of_what_d_says() -> None:
    points = np.array([[0.0, 0], [1, 0], [2, 1], [3, 1]])
    figure = plot_coloured(points, np.array([0.0, 0.505, 0.495, 1.0]), title="untrained")
    png(figure)
    (marks,) = figure.axes[0].collections
    surely_fake, rather_real, rather_fake, surely_real = marks.get_facecolor()[:, :3]
    assert surely_fake == pytest.approx(to_rgb(FAKE), abs=0.02)
    assert surely_real == pytest.approx(to_rgb(REAL), abs=0.02)
    assert rather_real[2] > rather_real[0]  # bluish
    assert rather_fake[0] > rather_fake[2]  # reddish
    assert figure.axes[1].get_ylabel() == "D(x), the probability of being real"
