"""The Fréchet distance between Gaussians fitted to two sets of features."""

from __future__ import annotations

import numpy as np

from sparring.evaluate.rows import paired


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """Distance between the Gaussians fitted to real and fake features; 0 is best.

    It is biased upwards on finite samples, so it means something only beside the value for two
    real sets of the same sizes, and only within one feature space.

    Args:
        real: (n, d) features, n >= 2; n may be smaller than d.
        fake: (m, d) features, m >= 2; they may all be equal.

    Returns:
        A number in [0, inf), in squared units of the features.

    Raises:
        InputError: too few rows, widths that differ, or values that are not finite.

    Source: Heusel et al. 2017, "GANs trained by a two time-scale update rule", eq. 6.
    """
    real, fake = paired(real, fake, least=2)
    if min(len(real), len(fake)) < real.shape[1]:
        return _frechet_of_few(real, fake)
    return gaussian_frechet(
        real.mean(axis=0),
        np.atleast_2d(np.cov(real, rowvar=False)),
        fake.mean(axis=0),
        np.atleast_2d(np.cov(fake, rowvar=False)),
    )


def _frechet_of_few(real: np.ndarray, fake: np.ndarray) -> float:
    """The same from fewer rows than features, without a matrix of features by features.

    With covariances A^T A and B^T B the last trace of `gaussian_frechet` is the sum of the singular
    values of A B^T.
    """
    a, b = ((x - x.mean(axis=0)) / np.sqrt(len(x) - 1) for x in (real, fake))
    overlap = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    shift = real.mean(axis=0) - fake.mean(axis=0)
    return max(0.0, float(np.sum(shift**2) + np.sum(a**2) + np.sum(b**2) - 2 * overlap))


def gaussian_frechet(
    mean1: np.ndarray, covariance1: np.ndarray, mean2: np.ndarray, covariance2: np.ndarray
) -> float:
    """The squared 2-Wasserstein distance between two Gaussians.

    |m1 - m2|^2 + tr C1 + tr C2 - 2 tr (C1^1/2 C2 C1^1/2)^1/2

    Args:
        mean1, mean2: (d,).
        covariance1, covariance2: (d, d), symmetric, positive semi-definite (zero is allowed).

    Returns:
        A number in [0, inf).

    Source: Dowson & Landau 1982, "The Fréchet distance between multivariate normal distributions".
    """
    # The product under the root is kept symmetric: a root of C1 C2 itself turns complex as soon
    # as a covariance is singular, which few rows or a collapsed generator make it.
    root = _symmetric_root(covariance1)
    eigenvalues = np.linalg.eigvalsh(root @ covariance2 @ root)
    overlap = np.sqrt(eigenvalues.clip(min=0)).sum()
    spread = np.trace(covariance1) + np.trace(covariance2) - 2 * overlap
    return max(0.0, float(np.sum((mean1 - mean2) ** 2) + spread))


def _symmetric_root(covariance: np.ndarray) -> np.ndarray:
    eigenvalues, vectors = np.linalg.eigh(covariance)
    # Rounding can leave a zero eigenvalue slightly negative.
    root: np.ndarray = (vectors * np.sqrt(eigenvalues.clip(min=0))) @ vectors.T
    return root
