"""Ways to run a step: faster, never different."""

from __future__ import annotations

import math
import os
from typing import Any

import pytest
import torch

from sparring.config import Config
from sparring.errors import ConfigError
from sparring.nets.catalogue import NETWORKS
from sparring.nets.mlp import MLPGenerator
from sparring.objective.losses import LOSSES
from sparring.objective.penalties import PENALTIES
from sparring.train import engine as module
from sparring.train.engine import ENGINES, Step, has_compiler, pick_engine
from sparring.train.optimizers import OPTIMIZERS
from sparring.train.step import Batch
from sparring.train.trainer import Trainer
from tests.train.conftest import MakeTrainer
from tests.train.test_trainer import advance, same, through_file

CPU = torch.device("cpu")
compiler = pytest.mark.skipif(not has_compiler(), reason="needs a C++ compiler")
gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def check_alike(make_trainer: MakeTrainer, engine: str, **settings: Any) -> None:
    """Five steps end where those of the eager engine end, up to rounding.

    Not by Adam unless asked: it takes a whole step where the true gradient is 0 and the rounded
    one is not, as it is for D's last bias under a relativistic loss.
    """
    settings = {"steps": 5, "optimizer": "sgd"} | settings
    trainers = [advance(make_trainer(engine=e, **settings)) for e in ("eager", engine)]
    assert trainers[1].events == []  # a step that no engine can run goes on eagerly, and says so
    for name in ("player_g", "player_d", "average"):
        a, b = (getattr(trainer, name).vector.detach() for trainer in trainers)
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)
    records = [trainer.record() for trainer in trainers]
    for key in ("critic_loss", "generator_loss", "critic_gradient", "generator_gradient"):
        assert records[0][key] == pytest.approx(records[1][key], rel=1e-3, abs=1e-4)
    for a, b in zip(trainers[0].G.buffers(), trainers[1].G.buffers(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_traced_step_is_the_eager_step(
    make_trainer: MakeTrainer, network: str, penalty: str
) -> None:
    row = (2,) if NETWORKS[network][0] is MLPGenerator else (1, 8, 8)
    check_alike(make_trainer, "traced", network=network, penalty=penalty, row=row)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_traced_step_of_every_loss(make_trainer: MakeTrainer, loss: str) -> None:
    check_alike(make_trainer, "traced", loss=loss, d_steps=2)


def test_a_traced_step_of_packs(make_trainer: MakeTrainer) -> None:
    check_alike(make_trainer, "traced", pac=2)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_traced_step_of_every_optimiser(make_trainer: MakeTrainer, optimizer: str) -> None:
    check_alike(make_trainer, "traced", optimizer=optimizer, momentum=0.5, loss="least-squares")


@pytest.mark.parametrize("row", [(2,), (1, 8, 8)])
def test_a_traced_step_with_batch_norm_and_spectral_norm(
    make_trainer: MakeTrainer, row: tuple[int, ...]
) -> None:
    check_alike(
        make_trainer, "traced", row=row, network="dcgan" if len(row) == 3 else "mlp",
        generator_batch_norm=True, critic_spectral_norm=True,
    )  # fmt: skip


def test_a_traced_step_in_bf16(make_trainer: MakeTrainer) -> None:
    trainers = [
        advance(make_trainer(engine=engine, precision="bf16", row=(1, 8, 8), network="dcgan"), 1)
        for engine in ("eager", "traced")
    ]
    a, b = (trainer.record()["critic_loss"] for trainer in trainers)
    assert a == pytest.approx(b, rel=1e-4)


@compiler
@pytest.mark.parametrize("penalty", ["r1+r2", "gp"])
def test_a_compiled_step_is_the_eager_step_and_resumes_to_the_bit(
    make_trainer: MakeTrainer, penalty: str
) -> None:
    check_alike(make_trainer, "compiled", penalty=penalty)
    settings = {"engine": "compiled", "penalty": penalty, "steps": 5}
    first, second = advance(make_trainer(**settings), 2), make_trainer(**settings)
    second.load_state_dict(through_file(first.state_dict()))
    assert same(advance(second), advance(make_trainer(**settings)))


@gpu
@pytest.mark.parametrize("network", NETWORKS)
def test_a_graphed_step_is_the_eager_step(make_trainer: MakeTrainer, network: str) -> None:
    row = (2,) if NETWORKS[network][0] is MLPGenerator else (1, 8, 8)
    check_alike(make_trainer, "graphed", network=network, row=row, device="cuda")


@pytest.mark.parametrize(
    "settings", [{}, {"critic_warmup_steps": 2}, {"penalty": "gp"}, {"pac": 2}], ids=str
)
def test_a_resumed_traced_run_has_the_same_bits(
    make_trainer: MakeTrainer, settings: dict[str, Any]
) -> None:
    settings = settings | {"engine": "traced"}
    first = advance(make_trainer(**settings), 3)
    second = make_trainer(**settings)
    second.load_state_dict(through_file(first.state_dict()))
    assert same(advance(second), advance(make_trainer(**settings)))


def test_a_recording_draws_nothing_and_moves_nothing(make_trainer: MakeTrainer) -> None:
    trainer, untouched = make_trainer(engine="traced"), make_trainer(engine="traced")
    trainer._start()
    assert isinstance(trainer, Trainer)
    assert same(trainer, untouched)


def test_a_damaged_cache_of_the_compiler_is_not_asked_twice(
    make_trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = []

    def picky(graph: Any, example: Any) -> Any:
        folders.append(os.environ.get("TORCHINDUCTOR_CACHE_DIR"))
        if len(folders) == 1:
            raise RuntimeError("invalid ELF header")
        return graph

    monkeypatch.setattr(torch._inductor, "compile", picky)
    trainer = advance(make_trainer(engine="compiled"))
    assert trainer.events == []
    assert len(folders) == 2
    assert folders[0] != folders[1]
    assert same(trainer, advance(make_trainer(engine="traced")))


@pytest.mark.parametrize("error", [RuntimeError, OSError])
@pytest.mark.parametrize("when", ["at once", "halfway"])
def test_a_run_goes_on_when_its_engine_fails(
    make_trainer: MakeTrainer, monkeypatch: pytest.MonkeyPatch, when: str, error: type[Exception]
) -> None:
    def broken(step: Step, example: list[Batch]) -> Step:
        if when == "halfway":
            step(example)
        raise error("no compiler today\nand a long tale")

    monkeypatch.setitem(ENGINES, "compiled", broken)
    trainer = advance(make_trainer(engine="compiled"))
    assert trainer.events == ["engine compiled failed (no compiler today); eager goes on"]
    a, b = trainer.player_g.vector, advance(make_trainer(engine="eager")).player_g.vector
    torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("steps", "seconds", "compilers", "expected"),
    [
        (10, 1e6, True, "eager"),
        (1_000, 10, True, "traced"),
        (math.inf, 300, True, "compiled"),
        (math.inf, 300, False, "traced"),
    ],
)
def test_the_engine_is_the_one_that_ends_soonest(
    monkeypatch: pytest.MonkeyPatch, steps: float, seconds: float, compilers: bool, expected: str
) -> None:
    monkeypatch.setattr(module, "has_compiler", lambda: compilers)
    assert pick_engine(Config(), CPU, steps, seconds) == expected
    assert pick_engine(Config(critic_dropout=0.5), CPU, steps, seconds) == "eager"
    assert pick_engine(Config(), torch.device("cuda"), 1_000, 0) == "graphed"


@pytest.mark.parametrize("engine", sorted(set(ENGINES) - {"graphed"}))
def test_the_engine_that_is_asked_for_is_given(
    monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setattr(module, "has_compiler", lambda: True)
    assert pick_engine(Config(engine=engine), CPU, 1, 0) == engine


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"engine": "steam"}, "unknown engine 'steam'"),
        ({"engine": "graphed"}, "engine 'graphed' needs a GPU"),
        ({"engine": "compiled"}, r"needs a C\+\+ compiler \(g\+\+, or \$CXX\)"),
        ({"engine": "traced", "critic_dropout": 0.1}, "cannot have critic_dropout: use eager"),
    ],
)
def test_an_engine_that_cannot_be_is_refused(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], message: str
) -> None:
    monkeypatch.setattr(module, "has_compiler", lambda: False)
    with pytest.raises(ConfigError, match=message):
        pick_engine(Config(**settings), CPU, 1_000, 0)
