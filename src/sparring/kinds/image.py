"""Images: uint8 (n, h, w, c), 8 to 64 pixels square, grey or colour, optionally labelled."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import torch
from torch import Tensor

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import InputError, choose
from sparring.evaluate.image_classifier import cached_image_classifier
from sparring.evaluate.views import Classifier, Views
from sparring.kinds.asking import Asked
from sparring.kinds.base import Kind, restored_labels, saved_labels
from sparring.kinds.clusters import AskedClusters, Clusters
from sparring.kinds.labels import Labels
from sparring.nets.base import Shape

if TYPE_CHECKING:
    from sklearn.decomposition import PCA

SIDES = (8, 64)
COMPONENTS = 64
PCA_ROWS = 5_000  # principal components are found on at most so many images
PART_ROWS = 1_000


@dataclass(frozen=True)
class Image(Kind):
    """Bytes 0-255 to [-1, 1], or another range of SCALINGS, channels first.

    Attributes:
        side: height and width in pixels.
        channels: 1 (grey) or 3 (red, green, blue).
        scaling: key of SCALINGS.
        clusters: what the nets are told of each image: of those of its label, where it has one.
    """

    side: int
    channels: int
    labels: Labels | None
    scaling: str = "symmetric"
    clusters: Clusters | None = None

    name: ClassVar[str] = "image"
    defaults: ClassVar[Mapping[str, Any]] = {
        "scaling": "symmetric",
        "clusters": 200,
        "network": "dcgan",
        "latent_dim": 64,
        "width": 32,
        "depth": 3,
        "output_activation": "tanh",
        "given_share": 0.0,
        "output_noise": False,
        "generator_batch_norm": False,
        "gamma": 0.1,
        "gamma_decay": 0.3,
        "stratified": False,
        "batch_size": 32,
        "learning_rate": 4e-3,
        "learning_rate_decay": 0.05,
        "ema_half_life_steps": 500.0,
        "candidates": 1,
        "match_histogram": True,
        "gibbs_sweep": False,
        "precision": "auto",
        "steps": 6_000,
    }
    with_network: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        # Under some seeds the first steps of these two drive tanh to its ends, where it stays.
        "resnet": {"output_activation": "none"},
        "mlp": {"gamma": 1.0, "gamma_decay": 0.1, "width": 256, "output_activation": "none"},
        "residual-mlp": {"gamma": 1.0, "gamma_decay": 0.1, "width": 256, "learning_rate": 1e-3},
    }
    metrics: ClassVar[tuple[str, ...]] = (
        "frechet", "kernel_distance", "classifier_frechet", "classifier_kernel_distance",
        "precision", "recall", "density", "coverage", "sliced_wasserstein", "wasserstein", "mmd",
        "mmd_p", "c2st", "label_agreement", "transfer", "duplicates", "support", "copies",
        "nearness", "closer", "membership",
    )  # fmt: skip

    pictured: ClassVar[int] = 100
    output: ClassVar[str] = "samples.npz"

    @staticmethod
    def detects(dataset: Dataset) -> bool:
        return isinstance(dataset.x, np.ndarray) and dataset.x.ndim == 4

    @classmethod
    def fit(cls, dataset: Dataset, config: Config) -> Image:
        _, height, width, channels = _images(dataset).shape
        low, high = SIDES
        if height != width or not low <= height <= high:
            raise InputError(
                f"{dataset.name}: images are {width} x {height} pixels; they must be square, "
                f"{low} to {high} pixels a side"
            )
        if channels not in (1, 3):
            raise InputError(f"{dataset.name}: {channels} channels; images have 1 or 3")
        scaling = config.scaling or cls.defaults["scaling"]
        choose("scaling", scaling, SCALINGS)
        labels = None if dataset.y is None else Labels.fit(dataset.y)
        of = None if labels is None else labels.encode(dataset.y)
        most = cls.defaults["clusters"] if config.clusters is None else config.clusters
        clusters = Clusters.fit(_images(dataset), of, most, config.seed)
        return cls(height, channels, labels, scaling, clusters)

    @property
    def shape(self) -> Shape:
        classes = 0 if self.labels is None else len(self.labels.classes)
        conditions = classes if self.clusters is None else len(self.clusters.shares)
        return Shape((self.channels, self.side, self.side), conditions)

    @property
    def ends(self) -> tuple[float, float]:
        return SCALINGS[self.scaling]

    @property
    def notes(self) -> tuple[str, ...]:
        if self.clusters is None:
            return ()
        count = len(self.clusters.shares)
        where = "no labels" if self.labels is None else "within the labels"
        return (f"{where}: the nets are told which of {count} clusters an image is of",)

    @property
    def features(self) -> None:
        return None

    @classmethod
    def defaults_for(cls, rows: int, config: Config) -> Mapping[str, Any]:
        return {**cls.defaults, **cls.with_network.get(config.network or "", {})}

    def check(self, dataset: Dataset) -> None:
        found, expected = _images(dataset).shape[1:], (self.side, self.side, self.channels)
        if found != expected:
            raise InputError(
                f"{dataset.name} has images of shape {found}, the model's are {expected} "
                "(height, width, channels)"
            )

    def encode(self, dataset: Dataset) -> tuple[Tensor, ...]:
        self.check(dataset)
        # As they are: no second copy of what may be the better part of the memory.
        return (torch.from_numpy(np.require(_images(dataset), requirements=["C", "W"])),)

    def prepare(self, raw: tuple[Tensor, ...], random: torch.Generator) -> Tensor:
        black, white = self.ends
        pixels = raw[0].permute(0, 3, 1, 2).contiguous()
        return pixels.float() / (255 / (white - black)) + black

    def encode_labels(self, dataset: Dataset) -> Tensor | None:
        labels = super().encode_labels(dataset)
        return labels if self.clusters is None else self.clusters.encode(_images(dataset), labels)

    def ask(self, n: int, y: Any = None, where: Any = None, balance: str | None = None) -> Asked:
        asked = super().ask(n, y, where, balance)
        if self.clusters is None:
            return asked
        return AskedClusters(self.clusters, None if self.labels is None else asked)

    def decode(self, x: Tensor, y: Tensor | None) -> Dataset:
        black, white = self.ends
        levels = (x.float() - black) * (255 / (white - black))
        pixels = levels.round().clamp(0, 255).to(torch.uint8)
        labels = None if y is None or self.labels is None else self.labels.decode(y)
        return Dataset(pixels.permute(0, 2, 3, 1).cpu().numpy(), labels)

    def views(self, real: Dataset, *others: Dataset) -> list[Views]:
        from sklearn.decomposition import PCA  # slow to import

        images = [_images(dataset) for dataset in (real, *others)]
        some = _flat(images[0][:: math.ceil(len(real) / PCA_ROWS)])
        components = min(COMPONENTS, *some.shape)
        with np.errstate(invalid="ignore"):  # images all alike have no variance to share out
            pca = PCA(components, random_state=0).fit(some)
        return [
            Views(
                features=_projected(pca, x),
                space=f"pixels-pca{components}",
                labels=dataset.y,
                images=x,
            )
            for x, dataset in zip(images, (real, *others), strict=True)
        ]

    def classifier(self, train: Dataset, seed: int) -> Classifier | None:
        if self.labels is None or train.y is None:
            return None
        # It takes images alone, and no table as a Classifier might.
        return cast(Classifier, cached_image_classifier(_images(train), train.y, seed=seed))

    def draw(self, fake: Dataset, real: Dataset, path: Path) -> None:
        from sparring.kinds.sheets import grid  # Matplotlib is slow to import
        from sparring.kinds.style import save

        save(grid(fake), path)

    def to_dict(self) -> dict[str, Any]:
        return {
            "side": self.side,
            "channels": self.channels,
            "labels": saved_labels(self.labels),
            "scaling": self.scaling,
            "clusters": None if self.clusters is None else self.clusters.to_dict(),
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> Image:
        clusters = saved.get("clusters")
        return cls(
            saved["side"], saved["channels"], restored_labels(saved["labels"]),
            saved.get("scaling", "symmetric"),
            None if clusters is None else Clusters.from_dict(clusters),
        )  # fmt: skip


def _images(dataset: Dataset) -> np.ndarray:
    """The rows of a dataset that holds images."""
    x = dataset.x
    if not isinstance(x, np.ndarray) or x.ndim != 4 or x.dtype != np.uint8:
        raise InputError(f"{dataset.name} holds no images: they are (n, h, w, c) uint8")
    return x


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1) / 255.0


def _projected(pca: PCA, images: np.ndarray) -> np.ndarray:
    """Principal components of images, a part at a time: as floats they are 8 times as large."""
    parts = range(0, len(images), PART_ROWS)
    return np.vstack([pca.transform(_flat(images[i : i + PART_ROWS])) for i in parts])


SCALINGS = {"symmetric": (-1.0, 1.0), "min-max": (0.0, 1.0)}  # what black and white become
