"""Sparring trains GANs on points, tables and images, and says how good they are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparring.data.source import open_source
    from sparring.errors import SparringError
    from sparring.estimator import GAN, load

# GNU OpenMP, which PyTorch's CPU build uses, reads this once, when PyTorch is imported. By default
# its threads burn a core for milliseconds while they wait for each other: on a core that something
# else keeps busy, two threads are then many times slower than one.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")

__version__ = "0.1.0"
__all__ = ["GAN", "SparringError", "__version__", "load", "open_source"]

_HOMES = {
    "GAN": "sparring.estimator",
    "load": "sparring.estimator",
    "open_source": "sparring.data.source",
    "SparringError": "sparring.errors",
}


def __getattr__(name: str) -> Any:
    """Import on first use: `sparring --help` must not wait for PyTorch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sparring' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
