"""Differential privacy on Adult: Shape and Trend at several epsilons, and without.

`$SPARRING_DATA` holds adult.csv. What a private model may know of it is what its authors publish:
the categories, and the ends of the numbers (`DOMAIN`, after adult.names).
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.machine import in_processes, spread
from benchmarks.tables import file
from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.evaluate.tables import shape_error, trend_error
from sparring.fit import fit
from sparring.plan import Plan, plan
from sparring.sample import sample

EPSILONS = (1.0, 3.0, 10.0)
KEPT = ("width", "depth", "steps", "batch_size", "d_steps")  # of the private run, by the other one
# What a private run cannot have, the other is not to have either.
PLAIN = {"gibbs_sweep": False, "given_share": 0.0, "find_constraints": False}


def run(seeds: int) -> list[dict[str, str]]:
    """One row per epsilon, one of as much training without, and one of columns by themselves."""
    asked = (*EPSILONS, None)
    jobs = [(epsilon, seed) for epsilon in asked for seed in range(seeds)]
    found = dict(zip(jobs, in_processes(one, jobs, at_once=1), strict=True))
    rows = []
    for epsilon in asked:
        name = "none, the same nets and steps" if epsilon is None else f"{epsilon:g}"
        rows.append(in_words(name, [found[epsilon, seed] for seed in range(seeds)]))
    alone = [found[None, seed]["alone"] for seed in range(seeds)]
    return [*rows, in_words("none, real columns shuffled one by one", alone)]


def in_words(name: str, found: list[dict[str, Any]]) -> dict[str, str]:
    """One row of the table."""
    row = {"epsilon": name}
    row["spent"] = spread((f["spent"] for f in found), 2) if "spent" in found[0] else "-"
    for key, title in (("shape", "Shape (%)"), ("trend", "Trend (%)")):
        row[title] = spread((100 * f[key] for f in found), 2)
    row["seconds"] = spread((f["seconds"] for f in found), 0) if "seconds" in found[0] else "-"
    return row


def one(epsilon: float | None, seed: int) -> dict[str, Any]:
    """Train and score, under epsilon or as long without; then also columns shuffled one by one."""
    with tempfile.TemporaryDirectory() as folder:
        public = Path(folder) / "public.csv"
        public_rows().to_csv(public, index=False)
        config = Config(seed=seed, threads=1, target="income")
        private = {"epsilon": epsilon or EPSILONS[0], "public_rows": str(public)}
        planned = plan(file("adult.csv")(), config.replace(private))
    if epsilon is not None:
        return trained(planned)
    same = {name: getattr(planned.config, name) for name in KEPT}
    planned = plan(file("adult.csv")(), config.replace(same | PLAIN))
    random, frame = np.random.default_rng(seed), planned.train.x
    assert isinstance(frame, pd.DataFrame)
    alone = pd.DataFrame({name: random.permutation(frame[name]) for name in frame.columns})
    return trained(planned) | {"alone": scores(planned, Dataset(alone))}


def trained(planned: Plan) -> dict[str, Any]:
    """Scores of as many samples as there are training rows, and what they cost."""
    before = time.perf_counter()
    model = fit(planned)
    spent = {} if model.epsilon is None else {"spent": model.epsilon}
    spent["seconds"] = time.perf_counter() - before
    made = sample(model, len(planned.train), seed=planned.config.seed)
    return scores(planned, made) | spent


def scores(planned: Plan, made: Dataset) -> dict[str, float]:
    """Errors beside the training rows."""
    real, fake = (view.frame for view in planned.kind.views(planned.train, made))
    assert real is not None
    assert fake is not None
    return {"shape": shape_error(real, fake), "trend": trend_error(real, fake)}


def public_rows() -> pd.DataFrame:
    """Rows of nobody that have all of `DOMAIN`."""
    longest = max(map(len, DOMAIN.values()))
    return pd.DataFrame({name: np.resize(values, longest) for name, values in DOMAIN.items()})


DOMAIN: dict[str, list[Any]] = {
    "age": [17, 90],
    "workclass": [
        "Private", "Self-emp-not-inc", "Self-emp-inc", "Federal-gov", "Local-gov", "State-gov",
        "Without-pay", "Never-worked", "?",
    ],
    "fnlwgt": [10_000, 1_500_000],
    "education": [
        "Bachelors", "Some-college", "11th", "HS-grad", "Prof-school", "Assoc-acdm", "Assoc-voc",
        "9th", "7th-8th", "12th", "Masters", "1st-4th", "10th", "Doctorate", "5th-6th", "Preschool",
    ],
    "education-num": [1, 16],
    "marital-status": [
        "Married-civ-spouse", "Divorced", "Never-married", "Separated", "Widowed",
        "Married-spouse-absent", "Married-AF-spouse",
    ],
    "occupation": [
        "Tech-support", "Craft-repair", "Other-service", "Sales", "Exec-managerial",
        "Prof-specialty", "Handlers-cleaners", "Machine-op-inspct", "Adm-clerical",
        "Farming-fishing", "Transport-moving", "Priv-house-serv", "Protective-serv",
        "Armed-Forces", "?",
    ],
    "relationship": [
        "Wife", "Own-child", "Husband", "Not-in-family", "Other-relative", "Unmarried",
    ],
    "race": ["White", "Asian-Pac-Islander", "Amer-Indian-Eskimo", "Other", "Black"],
    "sex": ["Female", "Male"],
    "capital-gain": [0, 100_000],
    "capital-loss": [0, 5_000],
    "hours-per-week": [1, 99],
    "native-country": [
        "United-States", "Cambodia", "England", "Puerto-Rico", "Canada", "Germany",
        "Outlying-US(Guam-USVI-etc)", "India", "Japan", "Greece", "South", "China", "Cuba", "Iran",
        "Honduras", "Philippines", "Italy", "Poland", "Jamaica", "Vietnam", "Mexico", "Portugal",
        "Ireland", "France", "Dominican-Republic", "Laos", "Ecuador", "Taiwan", "Haiti", "Columbia",
        "Hungary", "Guatemala", "Nicaragua", "Scotland", "Thailand", "Yugoslavia", "El-Salvador",
        "Trinadad&Tobago", "Peru", "Hong", "Holand-Netherlands", "?",
    ],
    "income": [">50K", "<=50K"],
}  # fmt: skip
