"""Which baselines there are."""

from __future__ import annotations

from sparring.baselines.base import Baseline
from sparring.baselines.densities import Copula, Gaussian, Kernel, Mixture
from sparring.baselines.flow import Flow
from sparring.baselines.resampling import Bootstrap, Interpolation, Marginals
from sparring.baselines.vae import VAE

BASELINES: dict[str, type[Baseline]] = {
    "bootstrap": Bootstrap,
    "marginals": Marginals,
    "gaussian": Gaussian,
    "gmm": Mixture,
    "kde": Kernel,
    "copula": Copula,
    "smote": Interpolation,
    "vae": VAE,
    "flow": Flow,
}
