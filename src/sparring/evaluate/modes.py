"""How a set of points fills the known modes of a mixture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular

from sparring.data.dataset import Modes
from sparring.errors import InputError
from sparring.evaluate.rows import as_rows, enough


class ModeReport(NamedTuple):
    """What became of the modes.

    Attributes:
        captured: number of modes with at least one high-quality sample, in 0..total.
        total: number of true modes K.
        high_quality: share of samples within `sigmas` of their nearest mode, in [0, 1].
        reverse_kl: KL(samples || truth) of the shares of the modes, in nats, in [0, inf).
    """

    captured: int
    total: int
    high_quality: float
    reverse_kl: float


def mode_report(points: np.ndarray, modes: Modes, *, sigmas: float = 3.0) -> ModeReport:
    """Count the modes that points reach, how sharply, and in which proportions.

    Distances are in standard deviations of the mode (Mahalanobis), both to find a point's nearest
    mode and to judge it: a point is then of high quality exactly if it lies within `sigmas` of
    some mode. For round modes of one size this is PacGAN's definition. All points count in the
    histogram behind `reverse_kl`, the poor ones too, as there.

    Even a perfect generator scores less than 1 on `high_quality`: 1 - exp(-sigmas^2 / 2) in two
    dimensions, .9889 for 3 sigmas. And its `reverse_kl` is about (K - 1) / (2 n), not 0.

    Args:
        points: (n, d), n >= 1, in the units of the centres.
        modes: the true mixture of K modes.
        sigmas: radius of high quality, in standard deviations.

    Raises:
        InputError: no point, a point that is not finite, another width than the centres', a
            covariance that is not positive definite or a weight that is not positive.

    Source: Lin et al. 2018, "PacGAN: the power of two samples in GANs", section 4.
    """
    points = as_rows(points, "fake")
    enough(points, least=1)
    total, width = modes.centres.shape
    if points.shape[1] != width:
        raise InputError(f"points have {points.shape[1]} columns; the modes have {width}")
    if not (modes.weights > 0).all():
        raise InputError("a mode has a weight that is not positive")

    nearest = np.zeros(len(points), dtype=np.intp)
    distance = np.full(len(points), np.inf)
    for mode in range(total):
        candidate = _mahalanobis(points, modes.centres[mode], modes.covariances[mode])
        closer = candidate < distance
        nearest[closer], distance[closer] = mode, candidate[closer]

    good = distance <= sigmas
    share = np.bincount(nearest, minlength=total) / len(points)
    seen = share > 0
    truth = modes.weights / modes.weights.sum()
    return ModeReport(
        captured=len(np.unique(nearest[good])),
        total=total,
        high_quality=float(good.mean()),
        # Rounding can take the sum just below its bound of zero.
        reverse_kl=max(0.0, float(np.sum(share[seen] * np.log(share[seen] / truth[seen])))),
    )


def _mahalanobis(points: np.ndarray, centre: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    try:
        factor = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError as error:
        raise InputError("a mode has a covariance that is not positive definite") from error
    whitened = solve_triangular(factor, (points - centre).T, lower=True)
    distance: np.ndarray = np.linalg.norm(whitened, axis=0)
    return distance
