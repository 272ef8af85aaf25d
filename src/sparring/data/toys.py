"""Two-dimensional distributions, most of them mixtures whose true modes are known.

Every draw takes the number of points and a generator and returns points (n, 2) float32 with their
labels (n,) int64 (the class or the mixture component; None where there is none), in random order,
so that any part of the rows is a fair sample.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sparring.data.dataset import Modes

Draw = Callable[[int, np.random.Generator], tuple[np.ndarray, np.ndarray | None]]


@dataclass(frozen=True)
class Toy:
    """A distribution of points in the plane.

    Attributes:
        draw: draw(n, rng) -> points (n, 2) float32 and labels (n,) int64 or None.
        description: one line for lists of what there is.
        modes: the true centres, covariances and weights of a mixture, else None.
    """

    draw: Draw
    description: str
    modes: Modes | None = None


@dataclass(frozen=True)
class Mixture:
    """A Gaussian mixture in the manner of its sampler: x = z A_k + c_k, z a standard normal row.

    Attributes:
        centres: (K, 2), the rows c_k.
        factors: (K, 2, 2), the matrices A_k. As z is a row, component k has covariance A_k^T A_k.
        weights: (K,), the shares of the components.
    """

    centres: np.ndarray
    factors: np.ndarray
    weights: np.ndarray

    def points(self, component: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One point (n, 2) float32 of each component listed in `component` (n,)."""
        z = rng.standard_normal((len(component), 2))
        x = np.einsum("ni,nij->nj", z, self.factors[component]) + self.centres[component]
        return np.asarray(x, dtype=np.float32)

    def modes(self) -> Modes:
        """What is true of the points, as metrics want it."""
        covariances = self.factors.transpose(0, 2, 1) @ self.factors
        return Modes(self.centres, covariances, self.weights)


def _eight_directions() -> np.ndarray:
    """Unit vectors (8, 2) at multiples of 45 degrees."""
    angle = 2 * np.pi * np.arange(8) / 8
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _radial() -> Mixture:
    """Eight ellipses on a circle of radius 3, variance .3 outwards and .05 along the circle.

    The published sampler multiplies the row z by the Cholesky factor L from the right, so the
    points have covariance L^T L; the ellipse L L^T it was made from is tilted differently.
    """
    outwards = _eight_directions()
    along = outwards @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    intended = 0.3 * np.einsum("ki,kj->kij", outwards, outwards)
    intended += 0.05 * np.einsum("ki,kj->kij", along, along)
    return Mixture(3.0 * outwards, np.linalg.cholesky(intended), np.full(8, 1 / 8))


def _round(centres: np.ndarray, sigma: float) -> Mixture:
    """Equally likely circular Gaussians of standard deviation `sigma`."""
    k = len(centres)
    return Mixture(centres, np.tile(sigma * np.eye(2), (k, 1, 1)), np.full(k, 1 / k))


TWO_GAUSSIANS = Mixture(
    centres=np.array([[0.0, 1.0], [-1.0, 0.0]]),
    factors=np.array([[[0.05, -0.02], [-0.02, 0.4]], [[0.3, 0.05], [0.05, 0.05]]]),
    weights=np.array([1 / 3, 2 / 3]),
)
RADIAL_GAUSSIANS = _radial()
RING = _round(_eight_directions(), sigma=0.01)
GRID = _round(
    np.array([[x, y] for x in range(-4, 5, 2) for y in range(-4, 5, 2)], dtype=float), sigma=0.05
)


def moons(
    n: int, rng: np.random.Generator, noise: float = 0.05
) -> tuple[np.ndarray, np.ndarray | None]:
    """Two interleaved half circles with Gaussian noise; the label is the half circle."""
    # Scikit-learn takes a second to import, too long for a program that only lists the toys.
    from sklearn.datasets import make_moons

    x, y = make_moons(n, noise=noise, random_state=int(rng.integers(2**31)))
    return x.astype(np.float32), y.astype(np.int64)


def circles(
    n: int, rng: np.random.Generator, noise: float = 0.05, factor: float = 0.5
) -> tuple[np.ndarray, np.ndarray | None]:
    """Two concentric circles of radius 1 and `factor` with Gaussian noise; label 1 is the inner."""
    from sklearn.datasets import make_circles

    x, y = make_circles(n, noise=noise, factor=factor, random_state=int(rng.integers(2**31)))
    return x.astype(np.float32), y.astype(np.int64)


def two_gaussians(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    """A tall and a wide Gaussian; exactly n // 3 points are of the first."""
    component = rng.permutation(np.repeat([0, 1], [n // 3, n - n // 3]))
    return TWO_GAUSSIANS.points(component, rng), component


def radial_gaussians(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    """Eight ellipses on a circle, n // 8 points each; the first n % 8 get one more."""
    component = rng.permutation(np.arange(n) % 8)
    return RADIAL_GAUSSIANS.points(component, rng), component


def ring(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    """Eight narrow Gaussians on the unit circle, drawn at random (Lin et al. 2018, PacGAN)."""
    component = rng.integers(8, size=n)
    return RING.points(component, rng), component


def grid(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    """25 narrow Gaussians on a 5 x 5 grid, drawn at random (Lin et al. 2018, PacGAN)."""
    component = rng.integers(25, size=n)
    return GRID.points(component, rng), component


def sine(
    n: int, rng: np.random.Generator, scale: float = 10.0
) -> tuple[np.ndarray, np.ndarray | None]:
    """The curve y = sin x without noise, x uniform on [-scale/2, scale/2]."""
    x = rng.uniform(-scale / 2, scale / 2, size=n)
    return np.stack([x, np.sin(x)], axis=1).astype(np.float32), None


TOYS: dict[str, Toy] = {
    "moons": Toy(moons, "two interleaved half circles, noise .05"),
    "circles": Toy(circles, "two concentric circles, noise .05"),
    "two-gaussians": Toy(two_gaussians, "a tall and a wide Gaussian, 1 : 2", TWO_GAUSSIANS.modes()),
    "radial-gaussians": Toy(
        radial_gaussians, "eight ellipses on a circle of radius 3", RADIAL_GAUSSIANS.modes()
    ),
    "ring": Toy(ring, "eight Gaussians on the unit circle, sigma .01", RING.modes()),
    "grid": Toy(grid, "25 Gaussians on a 5 x 5 grid, sigma .05", GRID.modes()),
    "sine": Toy(sine, "the curve y = sin x, -5 <= x <= 5"),
}
