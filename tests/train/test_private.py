from __future__ import annotations

import dataclasses
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from opacus.accountants import RDPAccountant
from torch import Tensor
from torch.func import functional_call, grad, vmap

from sparring.config import Config
from sparring.data.dataset import Dataset
from sparring.errors import ConfigError, InputError
from sparring.estimator import GAN, load
from sparring.fit import fit
from sparring.kinds.table import Table
from sparring.model import Model
from sparring.nets.catalogue import build_networks
from sparring.objective.losses import LOSSES
from sparring.plan import Plan, plan
from sparring.sample import sample
from sparring.select import finished
from sparring.train.private import (
    ORDERS,
    Budget,
    PrivateBatches,
    budget,
    clipped_sum,
    updates_of_critic,
)
from sparring.train.run import Run, read_lines
from sparring.train.step import Batch
from sparring.train.trainer import Trainer

N = 300
SMALL: dict[str, Any] = {
    "steps": 6, "width": 8, "depth": 1, "batch_size": 30, "holdout": 0.0, "threads": 1,
    "d_steps": 2,
}  # fmt: skip


def table(n: int = N, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": random.normal(size=n).clip(-2, 2).round(2),
            "k": random.integers(0, 5, n),
            "y": random.choice(["yes", "no"], n, p=[0.8, 0.2]),
        }
    )


@pytest.fixture
def public(tmp_path: Path) -> str:
    """Rows of nobody, with all that a model may know."""
    path = tmp_path / "public.csv"
    x = np.linspace(-2, 2, 40).round(2)
    frame = pd.DataFrame({"x": x, "k": np.arange(40) % 5, "y": ["yes", "no"] * 20})
    frame.to_csv(path, index=False)
    return str(path)


def planned(public: str, frame: pd.DataFrame | None = None, **settings: Any) -> Plan:
    asked = SMALL | {"epsilon": 2.0, "public_rows": public} | settings
    return plan(Dataset(table() if frame is None else frame, name="t"), Config(**asked))


def ranks(made: Plan) -> tuple[Any, ...]:
    assert isinstance(made.kind, Table)
    return made.kind.layout.ranks


# The accountant


@pytest.mark.parametrize("noise", [1.3, 2.6])
@pytest.mark.parametrize("rate", [0.01, 0.2, 1.0])
def test_epsilon_is_that_of_opacus(noise: float, rate: float) -> None:
    spent = Budget(1.0, 1e-5, noise, rate, encoder_noise=9.0).spent(100)
    accountant = RDPAccountant()
    accountant.step(noise_multiplier=9.0, sample_rate=1.0)
    for _ in range(100):
        accountant.step(noise_multiplier=noise, sample_rate=rate)
    assert spent == pytest.approx(accountant.get_epsilon(1e-5, alphas=list(ORDERS)))
    # Opacus' own orders say hardly anything else.
    assert spent == pytest.approx(accountant.get_epsilon(1e-5), rel=0.05)


@pytest.mark.parametrize("epsilon", [0.3, 1.0, 10.0])
def test_the_noise_is_the_least_that_keeps_epsilon(epsilon: float) -> None:
    found = budget(Config(epsilon=epsilon, batch_size=30, delta=1e-5), 10_000, 1_000)
    assert 0.98 * epsilon < found.spent(1_000) <= epsilon
    assert found.spent(500) < found.spent(1_000)
    assert found.spent(0) == pytest.approx(0.2 * epsilon, rel=0.02)


def test_delta_is_less_than_one_row_in_all() -> None:
    assert budget(Config(epsilon=2.0, batch_size=30), 10_000, 10).delta == 10_000**-1.1


def test_every_update_of_d_is_counted() -> None:
    config = Config(d_steps=5, critic_warmup_steps=7)
    assert updates_of_critic(config, 10) == 57


def test_an_epsilon_that_no_noise_reaches_is_refused() -> None:
    with pytest.raises(ConfigError, match="epsilon is too small"):
        budget(Config(epsilon=1e-3, batch_size=30, delta=1e-12), 10, 10**9)


# The gradient of D


def rows(n: int, width: int) -> Tensor:
    return 3 * torch.randn(n, width, generator=torch.Generator().manual_seed(2))


def lengths(gradients: list[Tensor]) -> Tensor:
    """Of the gradients (n, ...) of all parameters together, (n,)."""
    return torch.stack([g.flatten(1).square().sum(1) for g in gradients]).sum(0).sqrt()


@pytest.mark.parametrize("loss", [name for name, loss in LOSSES.items() if not loss.pairs])
@pytest.mark.parametrize(
    "settings",
    [{"network": "mlp", "critic_activation": "maxout"}, {"network": "residual-mlp"},
     {"network": "mlp", "critic_bottleneck": 3, "target": "y"}],
    ids=str,
)  # fmt: skip
def test_it_is_the_sum_of_every_rows_clipped_gradient(
    settings: dict[str, Any], loss: str, public: str
) -> None:
    made = planned(public, loss=loss, **settings)
    D = build_networks(made.kind.shape, made.config)[1]
    with torch.no_grad():
        for p in D.parameters():
            p += 0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel()))
    n, width = 12, made.kind.shape.row[0]
    x, y = rows(n, width), rows(n, made.kind.shape.condition_width)
    y[:, : len(made.kind.shape.cells)] = 0.0  # nothing is given
    objective = LOSSES[loss]()

    def one(values: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        logit: Tensor = functional_call(D, values, (x[None], y[None]))
        return objective.critic(real=logit, fake=torch.zeros(1))

    values = {name: p.detach() for name, p in D.named_parameters()}
    each = list(vmap(grad(one), in_dims=(None, 0, 0))(values, x, y).values())
    clip = float(lengths(each).median())
    scale = (clip / lengths(each).clamp(min=1e-12)).clamp(max=1.0)
    found = clipped_sum(
        D, x, y, clip, lambda logits: objective.critic(real=logits, fake=torch.zeros(n))
    )
    for total, gradients in zip(found, each, strict=True):
        torch.testing.assert_close(total, torch.tensordot(scale, gradients, dims=1))


class Slope:
    """What D of a small run descends, times the mean batch, with noise as asked."""

    def __init__(self, public: str, noise: float, **settings: Any) -> None:
        self.trainer = planned(public, **settings).build()
        assert isinstance(self.trainer.batches, PrivateBatches)
        self.batches = self.trainer.batches
        self.batches.budget = dataclasses.replace(self.batches.budget, noise=noise)
        self.trainer.slopes = (self.slope(), self.trainer.slopes[1])
        self.start = self.batches.coins.get_state()
        self.z = self.trainer.next_batch().z
        for p in self.trainer.D.parameters():
            p.data += 0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel()))

    def slope(self) -> Any:
        from sparring.train.private import private_slope

        t = self.trainer
        return private_slope(t.G, t.D, t.objective, t.config, self.batches)

    def real(self, n: int) -> tuple[Tensor, Tensor]:
        return self.batches.take(torch.arange(n), torch.Generator().manual_seed(3))

    def of(self, real: Tensor, y: Tensor, seed: int = 1) -> Tensor:
        """With the same fakes at every time."""
        self.batches.coins.set_state(self.start)
        self.batches.noise.manual_seed(seed)
        loss, gradients = self.trainer.slopes[0](Batch(real, y, self.z, real.new_zeros(0)))
        assert loss == 0
        return torch.cat([g.flatten() for g in gradients]) * 30


@pytest.mark.parametrize("penalty", ["none", "r2"])
def test_without_clip_and_noise_it_is_the_slope_of_the_objective(
    penalty: str, public: str
) -> None:
    slope = Slope(public, noise=0.0, clip_norm=1e6, penalty=penalty, gamma=0.7, target="y")
    trainer, (real, y) = slope.trainer, slope.real(30)
    found = slope.of(real, y) / 30
    slope.batches.coins.set_state(slope.start)
    of_fakes = slope.batches.next_of_generator()[1]
    fake = trainer.G(slope.z, of_fakes).detach().requires_grad_()
    D = trainer.D
    loss = trainer.objective.loss.critic(real=D(real, y), fake=D(fake, of_fakes))
    if penalty == "r2":
        (inputs,) = torch.autograd.grad(D(fake, of_fakes).sum(), fake, create_graph=True)
        loss = loss + trainer.objective.gamma * inputs.square().sum(1).mean() / 2
    expected = torch.autograd.grad(loss, list(D.parameters()))
    torch.testing.assert_close(found, torch.cat([g.flatten() for g in expected]))


def test_without_a_row_nothing_changes_but_its_own_clipped_part(public: str) -> None:
    """The noise, the fakes and all other rows are the same, however odd the row is."""
    slope = Slope(public, noise=0.8, clip_norm=0.3, target="y", loss="wasserstein")
    real, y = slope.real(40)
    real[7, 0] = 1e4
    rest = torch.arange(40) != 7
    change = slope.of(real, y) - slope.of(real[rest], y[rest])
    assert float(change.norm()) == pytest.approx(0.3, rel=0.01)
    alone = slope.of(real[7:8], y[7:8]) - slope.of(real[:0], y[:0])
    torch.testing.assert_close(change, alone, atol=1e-3, rtol=1e-3)


def test_the_noise_has_the_deviation_of_noise_times_clip(public: str) -> None:
    slope = Slope(public, noise=0.8, clip_norm=0.3)
    real, y = slope.real(30)
    drawn = torch.stack([slope.of(real, y, seed) for seed in range(60)])
    difference = drawn[:30] - drawn[30:]
    assert float(difference.std()) == pytest.approx(math.sqrt(2) * 0.8 * 0.3, rel=0.02)
    # Of an empty batch, there is noise all the same.
    empty = slope.of(real[:0], y[:0], 1) - slope.of(real[:0], y[:0], 2)
    assert float(empty.std()) == pytest.approx(math.sqrt(2) * 0.8 * 0.3, rel=0.1)


def test_steps_of_the_same_seed_differ_by_their_noise(public: str) -> None:
    """Whole runs: no setting tells the noise."""
    first, second = (planned(public).build() for _ in range(2))
    assert torch.equal(first.player_d.vector, second.player_d.vector)
    for trainer in (first, second):
        next(trainer.steps())
    assert not torch.equal(first.player_d.gradient, second.player_d.gradient)


# The rows that are seen


def test_every_row_is_in_a_batch_by_its_own_coin(public: str) -> None:
    trainer = planned(public).build()
    sizes = [len(trainer.batches.next()[0]) for _ in range(400)]
    assert np.mean(sizes) == pytest.approx(30, abs=1)
    assert np.var(sizes) == pytest.approx(30 * 0.9, rel=0.25)


def test_g_sees_no_row_and_noised_shares(public: str) -> None:
    made = planned(public, target="y")
    trainer = made.build()
    *_, last = trainer.next_batches()
    assert not last.real.any()
    y = torch.cat([trainer.next_batches()[-1].y for _ in range(60)])
    assert isinstance(made.kind, Table)
    assert made.kind.target is not None
    shares = torch.tensor(made.kind.target.shares)
    torch.testing.assert_close(y[:, -2:].mean(0), shares, atol=0.04, rtol=0)
    assert abs(float(shares[1]) - table()["y"].eq("yes").mean()) > 1e-6


def test_a_step_of_g_is_the_same_whatever_the_rows_are(public: str) -> None:
    first, second = (planned(public, table(seed=s)).build() for s in (0, 1))
    for trainer in (first, second):
        batch = trainer.next_batch(of_generator=True)
        trainer.player_g.descend(trainer.slopes[1](batch))
    assert torch.equal(first.player_g.gradient, second.player_g.gradient)


def test_losses_that_show_g_real_rows_are_known() -> None:
    a, b = torch.zeros(3, requires_grad=True), torch.zeros(3)
    for name, loss in LOSSES.items():
        value = loss().generator(real=a, fake=b.clone().requires_grad_())
        (slope,) = torch.autograd.grad(value, a, allow_unused=True)
        assert (slope is not None) == loss.pairs, name


# The columns


def test_columns_have_public_ends_and_noised_shares(public: str) -> None:
    first, second = planned(public), planned(public)
    one, other = (ranks(made)[0].distribution for made in (first, second))
    assert one.levels != other.levels
    assert one.values == other.values
    assert (one.values[0], one.values[-1]) == (-2.0, 2.0)


def test_noised_shares_are_close_where_rows_are_many(public: str) -> None:
    frame = table(20_000)
    column = ranks(planned(public, frame, epsilon=50.0, steps=1))[1]
    made = column.decode(np.random.default_rng(0).random(20_000))
    shares = [np.mean(made == k) for k in range(5)]
    assert shares == pytest.approx([np.mean(frame["k"] == k) for k in range(5)], abs=0.02)


def test_one_row_changes_the_counts_of_all_columns_by_their_sensitivity() -> None:
    """Of two ranks and a target, each by 1: sqrt(3) in all, which the noise is a multiple of."""
    frame = table(100_000)
    public = frame.head(50).assign(x=np.linspace(-2, 2, 50), k=np.arange(50) % 5)
    kind = Table.fit(Dataset(public), Config(target="y", min_count=1, epsilon=1.0))
    random = np.random.default_rng(0)
    shares = [kind.noised(Dataset(frame), 10.0, random).target.shares[0]  # type: ignore[union-attr]
              for _ in range(20)]  # fmt: skip
    counts = np.array(shares) * len(frame)
    # A share is about count 0 over all: its noise is that of both counts, weighed.
    no = float((frame["y"] == "no").mean())
    expected = 10 * math.sqrt(3) * math.hypot(1 - no, no)
    assert counts.std(ddof=1) == pytest.approx(expected, rel=0.4)


def test_a_row_is_encoded_by_itself(tmp_path: Path) -> None:
    """Also where a category is missing in the same rows as a number."""
    frame = table()
    frame.loc[::3, ["x", "y"]] = None
    path = tmp_path / "public.csv"
    frame.to_csv(path, index=False)
    made = planned(str(path), frame)
    whole = made.kind.encode(made.train)
    part = made.kind.encode(made.train.take(np.arange(5, N)))
    for tensor, rest in zip(whole, part, strict=True):
        assert torch.equal(tensor[5:], rest)


def test_what_public_rows_lack_is_told(public: str) -> None:
    frame = table().assign(y=["yes", "no", "other"] * 100)
    with pytest.raises(InputError, match="'other'"):
        planned(public, frame)


# The run


def test_a_model_says_what_it_spent_and_nothing_of_the_rows(public: str, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    model = fit(planned(public), run)
    assert model.epsilon is not None
    assert 1.9 < model.epsilon <= 2.0
    assert Model.load(run.path).privacy == model.privacy
    assert model.privacy.startswith("privacy: epsilon 2 spent of 2, delta 0.0019;")
    assert '"fingerprint": "300 rows"' in (run.path / "schema.json").read_text()
    assert len(sample(model, 20)) == 20
    for line in read_lines(run.log_path):
        assert not {"critic_loss", "critic_accuracy", "distance"} & set(line)


def test_what_is_put_on_a_trained_g_looks_at_no_row(public: str) -> None:
    made = planned(public, target="y")
    trainer = made.build()
    model = Model(made.config, made.kind, trainer.average.net, trainer.D, epsilon=1.0)
    one, other = (finished(model, Dataset(table(seed=s))) for s in (0, 1))
    assert torch.equal(one.levels, other.levels)  # type: ignore[arg-type]
    assert torch.unique(one.levels).numel() > 1000  # type: ignore[arg-type]


def test_a_run_goes_on_to_the_bit_where_it_was_stopped(public: str) -> None:
    made = planned(public, target="y")

    def after(trainer: Trainer) -> Tensor:
        assert [*trainer.steps()][-1] == 6
        return torch.cat([trainer.player_g.vector, trainer.player_d.vector]).detach()

    trainer, again = made.build(), made.build()
    steps = trainer.steps()
    for _ in range(3):
        next(steps)
    again.load_state_dict(trainer.state_dict())
    assert torch.equal(after(trainer), after(again))


def test_a_resumed_run_keeps_its_noised_columns_and_counts_all_its_steps(
    public: str, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run")
    whole = fit(planned(public), run)
    kept = Model.load(run.path)
    again = fit(planned(public), Run.open(run.path), resume=True)
    assert again.kind == kept.kind
    assert again.epsilon == whole.epsilon == kept.epsilon
    assert planned(public).spent(3) < whole.epsilon  # type: ignore[operator]


def test_the_estimator_says_what_was_spent(public: str, tmp_path: Path) -> None:
    gan = GAN(epsilon=3.0, public_rows=public, **SMALL).fit(table())
    assert 2.9 < gan.epsilon_ <= 3
    gan.save(tmp_path / "model")
    assert load(tmp_path / "model").epsilon_ == gan.epsilon_


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"public_rows": None}, "epsilon needs public_rows: a table that is no secret"),
        ({"steps": None, "minutes": 1.0}, "minutes must be None: the accountant must know"),
        ({"penalty": "gp"}, "penalty must be none or r2: the others look at real rows"),
        ({"monitor": "shape"}, "monitor must be None: it would choose a model by rows"),
        ({"engine": "traced"}, "engine must be eager"),
        ({"given_share": 0.5}, "given_share must be None or 0.0: G would be given cells"),
        ({"stratified": True}, "stratified must be None or False"),
        ({"candidates": 4}, "candidates must be 1"),
        ({"critic_batch_norm": True}, "critic_batch_norm must be False: it mixes rows"),
        ({"pac": 2}, "pac must be 1: it mixes rows"),
        ({"critic_dropout": 0.1}, "critic_dropout must be 0.0"),
    ],
    ids=str,
)  # fmt: skip
def test_what_would_void_the_promise_is_refused(
    settings: dict[str, Any], message: str, public: str
) -> None:
    with pytest.raises((ConfigError, InputError), match=message):
        planned(public, **settings)


def test_points_are_refused(public: str) -> None:
    points = Dataset(np.zeros((20, 2), np.float32))
    with pytest.raises(ConfigError, match=r"for tables \(points are one with --kind table\)"):
        plan(points, Config(**SMALL, epsilon=1.0, public_rows=public))


def test_without_opacus_there_is_one_line(public: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opacus.accountants", None)
    with pytest.raises(ConfigError, match=r"needs Opacus: pip install 'sparring\[privacy\]'"):
        planned(public)
