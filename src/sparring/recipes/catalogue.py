"""Which recipes there are."""

from __future__ import annotations

from sparring.recipes.base import Recipe
from sparring.recipes.cdcgan import MNIST_CDCGAN
from sparring.recipes.goodfellow import MNIST_GOODFELLOW
from sparring.recipes.mnist import (
    MNIST_MLP,
    MNIST_MLP_CONDITIONAL,
    MNIST_MLP_DEEPER,
    MNIST_MLP_MSE,
)
from sparring.recipes.plane import PLANE_LAB
from sparring.recipes.sine import SINE, SINE_SPARSE
from sparring.recipes.students import STUDENTS

RECIPES: dict[str, Recipe] = {
    "sine": SINE,
    "sine-sparse": SINE_SPARSE,
    "students": STUDENTS,
    "plane-lab": PLANE_LAB,
    "mnist-mlp": MNIST_MLP,
    "mnist-mlp-deeper": MNIST_MLP_DEEPER,
    "mnist-mlp-mse": MNIST_MLP_MSE,
    "mnist-mlp-conditional": MNIST_MLP_CONDITIONAL,
    "mnist-goodfellow": MNIST_GOODFELLOW,
    "mnist-cdcgan": MNIST_CDCGAN,
}
