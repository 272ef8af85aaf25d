"""Two processes that train together, as torchrun starts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from sparring.config import Config
from sparring.errors import ConfigError
from sparring.model import Model
from sparring.train import cluster as module
from sparring.train.cluster import agreed, check_shareable, largest, share_of
from sparring.train.run import read_lines

SETTINGS = {
    "network": "mlp", "width": "8", "depth": "2", "batch_size": "8", "steps": "6", "threads": "1",
    "log_every_steps": "1", "optimizer": "sgd", "learning_rate": "0.05",
    "holdout": "0",
}  # fmt: skip


def torchrun(processes: int, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    given = [f"{name}={value}" for name, value in (SETTINGS | settings).items()]
    sets = [part for text in given for part in ("--set", text)]
    return subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", str(processes),
            "--master_port", "0", "--rdzv_backend", "c10d", "--rdzv_endpoint", "127.0.0.1:0",
            "-m", "--", "sparring", "train", *arguments, *sets,
        ],
        capture_output=True, text=True, timeout=200,
        env=os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
    )  # fmt: skip


def vectors(path: Path) -> list[torch.Tensor]:
    model = Model.load(path)
    return [torch.cat([p.flatten() for p in net.parameters()]) for net in (model.G, model.D)]


def test_two_processes_do_what_one_does(tmp_path: Path) -> None:
    settings = {"penalty": "gp", "loss": "wasserstein", "d_steps": "3"}
    for count in (1, 2):
        done = torchrun(count, "moons", "--run", str(tmp_path / str(count)), **settings)
        assert done.returncode == 0, done.stderr
    for one, two in zip(vectors(tmp_path / "1"), vectors(tmp_path / "2"), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-6)
    logs = [list(read_lines(tmp_path / str(count) / "log.jsonl")) for count in (1, 2)]
    for a, b in zip(*logs, strict=True):
        for name in ("critic_loss", "generator_loss", "critic_gradient", "generator_gradient"):
            assert a[name] == pytest.approx(b[name], rel=1e-4, abs=1e-6)
    assert json.loads((tmp_path / "2" / "config.json").read_text())["engine"] == "eager"


def test_another_number_of_processes_goes_on(tmp_path: Path) -> None:
    whole, parts = str(tmp_path / "whole"), str(tmp_path / "parts")
    assert torchrun(1, "moons", "--run", whole).returncode == 0
    first = torchrun(2, "moons", "--run", parts, steps="6")
    assert first.returncode == 0, first.stderr
    states = sorted((tmp_path / "parts" / "state").iterdir())
    assert [path.name for path in states] == ["step-000000006.pt"]
    # The same run, with its last state taken away, starts again with one process.
    states[0].unlink()
    again = torchrun(1, "--resume", "--run", parts)
    assert again.returncode == 0, again.stderr
    for one, two in zip(vectors(Path(whole)), vectors(Path(parts)), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-6)


def test_an_error_is_told_once(tmp_path: Path) -> None:
    done = torchrun(2, "moons", "--run", str(tmp_path / "run"), batch_size="7")
    assert done.returncode != 0
    assert done.stderr.count("error: batch_size 7 cannot be shared by 2 processes") == 1


def test_alone_nothing_is_shared(tiny: Config) -> None:
    batch = torch.arange(5)
    assert share_of(batch) is batch
    assert largest(3.0) == 3.0
    assert agreed("this") == "this"
    check_shareable(tiny)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 5}, "batch_size 5 cannot be shared by 2 processes"),
        ({"generator_batch_norm": True}, "batch normalisation needs the whole batch"),
        ({"critic_batch_norm": True, "penalty": "none"}, "batch normalisation needs the whole"),
        ({"batch_size": 12, "pac": 4}, "pac 4 does not part batch_size 12 of 2 processes"),
        ({"critic_dropout": 0.5}, "critic_dropout would repeat itself in each of 2 processes"),
        ({"engine": "compiled"}, "engine 'compiled' is for one process: use eager"),
    ],
)
def test_what_would_not_be_the_same_is_refused(
    tiny: Config, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], message: str
) -> None:
    monkeypatch.setattr(module, "processes", lambda: 2)
    with pytest.raises(ConfigError, match=message):
        check_shareable(tiny.replace(settings))


def test_every_row_is_somebody_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "processes", lambda: 3)
    parts = []
    for rank in range(3):
        monkeypatch.setattr(module, "rank", lambda rank=rank: rank)
        parts.append(share_of(torch.arange(12)))
        assert share_of(torch.empty(0, 3)).shape == (0, 3)
    assert torch.equal(torch.cat(parts), torch.arange(12))
