"""Baselines that estimate a density: one Gaussian, a mixture, kernels, a copula.

Tables are learnt as normal scores, images in their principal components (see `smooth_space`).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import logsumexp, ndtr, ndtri
from sklearn.covariance import LedoitWolf
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from sparring.baselines.base import ByLabel


class Gaussian(ByLabel[tuple[np.ndarray, np.ndarray]]):
    """One normal distribution; its covariance is shrunk, for n < d (Ledoit & Wolf 2004)."""

    least_rows: ClassVar[int] = 2
    smooth: ClassVar[bool] = True

    def fit_rows(self, x: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        estimate = LedoitWolf().fit(x)
        return estimate.location_, root(estimate.covariance_)

    def draw_rows(
        self, model: tuple[np.ndarray, np.ndarray], n: int, random: np.random.Generator
    ) -> np.ndarray:
        mean, factor = model
        rows: np.ndarray = mean + random.standard_normal((n, len(mean))) @ factor
        return rows


class Mixture(ByLabel[GaussianMixture]):
    """Mixture of Gaussians by expectation maximisation, chosen by BIC (Schwarz 1978).

    1, 2, 3, 4, 6, 8, ... 64 components with full or diagonal covariances are tried, each form
    until two sizes in a row have brought nothing.
    """

    least_rows: ClassVar[int] = 2
    smooth: ClassVar[bool] = True
    sizes: ClassVar[tuple[int, ...]] = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
    rows: ClassVar[int] = 10_000  # at most so many are learnt from

    def fit_rows(self, x: np.ndarray, random: np.random.Generator) -> GaussianMixture:
        x = random.permutation(x)[: self.rows]
        seed = int(random.integers(2**31))
        tried = [found for form in ("full", "diag") for found in self._try(x, form, seed)]
        return min(tried, key=lambda found: found[0])[1]

    def _try(self, x: np.ndarray, form: str, seed: int) -> Iterator[tuple[float, GaussianMixture]]:
        """Mixtures of one form and more and more components, each after its BIC."""
        n, d = x.shape
        lowest, in_vain = math.inf, 0
        least = 1e-6 * (float(x.var(0).mean()) or 1.0)  # variance in every direction
        size = d + (d * (d + 1) // 2 if form == "full" else d)  # numbers in a component
        # What a step of EM gains need not be far below what BIC takes for a component.
        enough = max(1e-3, 0.01 * size * math.log(n) / (2 * n))
        for k in self.sizes:
            # Fewer rows than that span no ellipsoid: the likelihood would be that of a spike.
            if in_vain == 2 or (k > 1 and n < k * (d + 1 if form == "full" else 5)):
                return
            model = GaussianMixture(
                k, covariance_type=form, reg_covar=least, random_state=seed, tol=enough
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # BIC judges it as it is
                bic = float(model.fit(x).bic(x))
            in_vain = 0 if bic < lowest else in_vain + 1
            lowest = min(bic, lowest)
            yield bic, model

    def draw_rows(self, model: GaussianMixture, n: int, random: np.random.Generator) -> np.ndarray:
        component = random.choice(model.n_components, size=n, p=model.weights_)
        x: np.ndarray = random.standard_normal((n, model.means_.shape[1]))
        for k, (mean, spread) in enumerate(zip(model.means_, model.covariances_, strict=True)):
            mine = component == k
            factor = root(spread) if spread.ndim == 2 else np.diag(np.sqrt(spread))
            x[mine] = mean + x[mine] @ factor
        return x


class Kernel(ByLabel[tuple[np.ndarray, float]]):
    """A normal kernel around every training row (Parzen 1962).

    Its bandwidth, from .01 to 2 times that of Scott 1992, maximises the leave-one-out likelihood
    (Habbema, Hermans & van den Broek 1974) of at most 1,000 rows.
    """

    least_rows: ClassVar[int] = 2
    smooth: ClassVar[bool] = True
    rows: ClassVar[int] = 1_000

    def fit_rows(self, x: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, float]:
        return x, bandwidth(random.permutation(x)[: self.rows], len(x))

    def draw_rows(
        self, model: tuple[np.ndarray, float], n: int, random: np.random.Generator
    ) -> np.ndarray:
        x, width = model
        centres = x[random.integers(len(x), size=n)]
        rows: np.ndarray = centres + width * random.standard_normal(centres.shape)
        return rows


class Copula(ByLabel[tuple[np.ndarray, np.ndarray]]):
    """Every column as it is, tied together as normal scores are (Gaussian copula; Sklar 1959).

    z = Phi^-1(F_j(x_j)) with each column's empirical F_j, ties in random order; R = the shrunk
    correlation of z. A sample is z ~ N(0, R), taken back through the empirical quantiles.
    """

    least_rows: ClassVar[int] = 2
    smooth: ClassVar[bool] = True

    def fit_rows(self, x: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        # Ties are broken by column: one order for all would tie the columns to each other.
        order = np.lexsort((random.random(x.shape), x), axis=0)
        scores = ndtri((order.argsort(0) + 0.5) / len(x))
        covariance = LedoitWolf(assume_centered=True).fit(scores).covariance_
        scale = np.sqrt(np.diag(covariance))
        return np.sort(x, 0), root(covariance / np.outer(scale, scale))

    def draw_rows(
        self, model: tuple[np.ndarray, np.ndarray], n: int, random: np.random.Generator
    ) -> np.ndarray:
        ordered, factor = model
        u = ndtr(random.standard_normal((n, len(factor))) @ factor)
        levels = (np.arange(len(ordered)) + 0.5) / len(ordered)
        columns = [np.interp(p, levels, q) for p, q in zip(u.T, ordered.T, strict=True)]
        return np.column_stack(columns)


def root(covariance: np.ndarray) -> np.ndarray:
    """A factor A (d, d) with A^T A = the covariance, which may be singular: z A has it."""
    values, vectors = np.linalg.eigh(covariance)
    factor: np.ndarray = (vectors * np.sqrt(values.clip(min=0))).T
    return factor


def bandwidth(x: np.ndarray, n: int) -> float:
    """The standard deviation of the kernels for n rows, of which x (m, d) are some, m >= 2."""
    m, d = x.shape
    scale = math.sqrt(x.var(0).mean())
    if scale == 0:
        return 0.0
    distances = cdist(x, x, "sqeuclidean")
    np.fill_diagonal(distances, np.inf)
    widths = scale * m ** (-1 / (d + 4)) * np.geomspace(0.01, 2, 24)
    likelihoods = [
        logsumexp(-distances / (2 * h**2), axis=1).mean() - d * math.log(h) for h in widths
    ]
    # Scott's rule says how the best one narrows as rows are added.
    return float(widths[np.argmax(likelihoods)] * (n / m) ** (-1 / (d + 4)))
