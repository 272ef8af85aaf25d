"""A small convolutional network, trained on real labelled images: it judges labels, and its last
hidden layer is a feature space to measure distances in."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from sparring.errors import InputError, RunError
from sparring.evaluate.classifier import hold_out, label_codes
from sparring.files import user_cache, write_whole

WIDTHS = (16, 32, 64)
FEATURES = 128
BATCH = 128
EPOCHS = 30
# Large sets need fewer epochs, and no set more than this; small ones need some steps at least.
MAX_STEPS = 800
MIN_STEPS = 200
PEAK_LEARNING_RATE = 1e-2
CHUNK_ROWS = 512
# Part of the cache key: raise it with any change of the network or its training.
RECIPE = 1


class Network(nn.Module):
    """Three convolutions and a hidden layer, all with batch-norm, on (n, c, h, w) in [-1, 1].

    Args:
        shape: (h, w, c) of the images.
        classes: number of logits.
    """

    def __init__(self, shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        height, width, channels = shape
        layers: list[nn.Module] = []
        for position, filters in enumerate(WIDTHS):
            # Halving large images at once keeps 64 x 64 about as cheap as 32 x 32.
            stride = 2 if position == 0 and min(height, width) > 32 else 1
            layers += [
                nn.Conv2d(channels, filters, 3, stride, padding=1, bias=False),
                nn.BatchNorm2d(filters),
                nn.ReLU(),
            ]
            height, width, channels = -(-height // stride), -(-width // stride), filters
            if min(height, width) > 4:
                layers.append(nn.MaxPool2d(2))
                height, width = height // 2, width // 2
        self.features = nn.Sequential(
            *layers,
            nn.Flatten(),
            nn.Linear(channels * height * width, FEATURES, bias=False),
            nn.BatchNorm1d(FEATURES),
            nn.ReLU(),
        )
        self.logits = nn.Linear(FEATURES, classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.logits(self.features(x))
        return logits


@dataclass(frozen=True, eq=False)
class ImageClassifier:
    """A trained network; made by `fit`, or by `cached_image_classifier`.

    Attributes:
        network: in evaluation mode, float32 on the CPU.
        shape: (h, w, c) of the images it takes.
        classes: the labels it knows, (k,), sorted.
        accuracy: share of the held-out tenth that it labels correctly, in [0, 1].
        digest: 12 hexadecimal digits of the SHA-256 of its weights. Distances in its features are
            comparable only under the same digest.
    """

    network: Network
    shape: tuple[int, int, int]
    classes: np.ndarray
    accuracy: float
    digest: str

    @property
    def space(self) -> str:
        """The name of its features: distances in them need the same weights to be compared."""
        return f"classifier-{self.digest}"

    @classmethod
    def fit(
        cls, images: np.ndarray, labels: np.ndarray, *, steps: int = MAX_STEPS, seed: int = 0
    ) -> ImageClassifier:
        """Train on nine tenths of the images, and measure the accuracy on the rest.

        Args:
            images: (n, h, w, c) uint8, h and w from 4 up (8 to 64 is what it is made for).
            labels: (n,), of any scalar type, none missing.
            steps: batches of 128 at most; few images get fewer.
            seed: of the held-out images, the weights and the batches. Torch's global generator
                and its thread settings are left as they are.

        Raises:
            InputError: images that are no uint8 (n, h, w, c), fewer than 20 rows, other than 2 to
                1,000 classes, a missing label.
        """
        shape = _checked(images)
        codes, classes = label_codes(labels, len(images))
        train, held_out = hold_out(len(images), seed)
        network = _initialised(shape, len(classes), seed)
        _train(network, images[train], codes[train], steps, seed)
        network.eval()
        guess = _chunked(network, images[held_out]).argmax(axis=1)
        accuracy = float((guess == codes[held_out]).mean())
        return cls(network, shape, classes, accuracy, _digest(network.state_dict()))

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The likeliest label of each image, (n,).

        Raises:
            InputError: images that are no uint8 (n, h, w, c) of the shape it was trained on.
        """
        _checked(images, self.shape)
        labels: np.ndarray = self.classes[_chunked(self.network, images).argmax(axis=1)]
        return labels

    def features(self, images: np.ndarray) -> np.ndarray:
        """Activations of the hidden layer, (n, 128) float64, >= 0.

        Raises:
            InputError: as `predict`.
        """
        _checked(images, self.shape)
        return _chunked(self.network.features, images).astype(np.float64)


def cached_image_classifier(
    images: np.ndarray, labels: np.ndarray, *, seed: int = 0
) -> ImageClassifier:
    """`ImageClassifier.fit`, remembered in the user's cache under the content of its arguments.

    A cached file that is damaged is trained and written again; a cache that cannot be written is
    not used. Neither is an error.

    Raises:
        InputError: as `ImageClassifier.fit`.
    """
    _checked(images)
    name = f"{_content(images, labels, seed)}.safetensors"
    path = user_cache() / "classifiers" / name
    classifier = _load(path)
    if classifier is None:
        classifier = ImageClassifier.fit(images, labels, seed=seed)
        _store(classifier, path)
    return classifier


def _checked(
    images: np.ndarray, expected: tuple[int, int, int] | None = None
) -> tuple[int, int, int]:
    if images.ndim != 4 or images.dtype != np.uint8 or min(images.shape[1:3]) < 4:
        raise InputError(
            f"images are {images.dtype} of shape {images.shape}; uint8 (n, h, w, c) is needed, "
            "h and w at least 4"
        )
    _, height, width, channels = images.shape
    if expected is not None and (height, width, channels) != expected:
        raise InputError(
            f"images are {height}x{width}x{channels}; the classifier was trained on "
            f"{'x'.join(map(str, expected))}"
        )
    return height, width, channels


def _initialised(shape: tuple[int, int, int], classes: int, seed: int) -> Network:
    # torch.manual_seed would seed every GPU too, which the fork does not restore.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return Network(shape, classes)


def _train(
    network: Network, images: np.ndarray, codes: np.ndarray, most_steps: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    batch = min(BATCH, len(images))
    steps = min(max(EPOCHS * len(images) // batch, MIN_STEPS), most_steps)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_LEARNING_RATE, steps, pct_start=0.2
    )
    target = torch.tensor(codes, dtype=torch.int64)
    network.train()
    order = torch.empty(0, dtype=torch.int64)
    for _ in range(steps):
        if len(order) < batch:
            order = torch.randperm(len(images), generator=generator)
        rows, order = order[:batch], order[batch:]
        logits = network(_shifted(_pixels(images[rows.numpy()]), generator))
        optimizer.zero_grad()
        torch.autograd.backward([nn.functional.cross_entropy(logits, target[rows])])
        optimizer.step()
        schedule.step()


def _pixels(images: np.ndarray) -> Tensor:
    """uint8 (n, h, w, c) to float32 (n, c, h, w) in [-1, 1]."""
    pixels = torch.tensor(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 127.5 - 1
    return pixels.contiguous(memory_format=torch.channels_last)


def _shifted(x: Tensor, generator: torch.Generator) -> Tensor:
    """The batch moved by up to 1/14 of its height and width, edges repeated."""
    height, width = x.shape[2:]
    reach = min(height, width) // 14
    down, right = torch.randint(2 * reach + 1, (2,), generator=generator).tolist()
    padded = nn.functional.pad(x, (reach,) * 4, mode="replicate")
    return padded[:, :, down : down + height, right : right + width]


def _chunked(network: nn.Module, images: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        parts = [
            network(_pixels(images[start : start + CHUNK_ROWS]))
            for start in range(0, max(len(images), 1), CHUNK_ROWS)
        ]
    return torch.cat(parts).numpy()


def _digest(state: dict[str, Tensor]) -> str:
    total = hashlib.sha256()
    for name in sorted(state):
        total.update(name.encode())
        total.update(state[name].contiguous().numpy().tobytes())
    return total.hexdigest()[:12]


def _content(images: np.ndarray, labels: np.ndarray, seed: int) -> str:
    labels = np.asarray(labels)
    head = json.dumps([RECIPE, seed, images.shape, labels.dtype.kind, labels.tolist()], default=str)
    total = hashlib.sha256(head.encode())
    total.update(np.ascontiguousarray(images).data)
    return total.hexdigest()[:32]


def _store(classifier: ImageClassifier, path: Path) -> None:
    """Write weights and, in the header of the same file, the rest; all or nothing."""
    about = {
        "shape": classifier.shape,
        "classes": classifier.classes.tolist(),
        "dtype": classifier.classes.dtype.str,
        "accuracy": classifier.accuracy,
        "digest": classifier.digest,
    }
    state = {name: value.contiguous() for name, value in classifier.network.state_dict().items()}
    try:
        content = save(state, metadata={"classifier": json.dumps(about)})
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda file: file.write(content))
    except (OSError, RunError, TypeError):
        # Not writable, or labels of a type that JSON does not know: it is trained again next time.
        return


def _load(path: Path) -> ImageClassifier | None:
    """The classifier in a file, or None if there is none or it is not what was written."""
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads(file.metadata()["classifier"])
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        classes = np.array(about["classes"], dtype=about["dtype"])
        shape = (about["shape"][0], about["shape"][1], about["shape"][2])
        network = _initialised(shape, len(classes), seed=0)
        network.load_state_dict(state)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError):
        return None
    if _digest(network.state_dict()) != about["digest"]:
        return None
    return ImageClassifier(network.eval(), shape, classes, about["accuracy"], about["digest"])
