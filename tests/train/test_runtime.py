"""The machine: device, threads, arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch

from sparring.config import Config
from sparring.errors import ConfigError
from sparring.nets.base import Critic, Generator, Shape
from sparring.nets.catalogue import build_networks
from sparring.train import runtime
from sparring.train.runtime import (
    LARGE_LAYER_FLOPS,
    arithmetic,
    cores,
    gain,
    largest_layer_flops,
    pick_device,
    pick_precision,
    pick_threads,
    thread_count,
)


def nets(shape: Shape, **settings: object) -> tuple[Generator, Critic]:
    config = Config(latent_dim=8, output_activation="none").replace(settings)
    return build_networks(shape, config)


def test_the_processor_is_always_there() -> None:
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in ("cpu", "cuda")


@pytest.mark.parametrize("name", ["cuda:99", "gpu", "meta", "", "cpu:7"])
def test_a_device_that_is_not_here_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"device '{name}' is not here \\(here: auto, cpu"):
        pick_device(name)


def test_the_graphics_processors_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device("auto") == torch.device("cuda")
    assert pick_device("cuda") == torch.device("cuda")
    assert pick_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(ConfigError, match=r"\(here: auto, cpu, cuda:0, cuda:1"):
        pick_device("cuda:2")


def test_threads_that_are_asked_for_are_given() -> None:
    assert pick_threads(3, 0) == 3
    assert pick_threads(1, 10**15) == 1


@pytest.mark.parametrize(
    ("flops", "many", "speed", "threads"),
    [
        (LARGE_LAYER_FLOPS - 1, 6, 5.0, 1),  # small layers
        (LARGE_LAYER_FLOPS, 6, 5.0, 6),
        (LARGE_LAYER_FLOPS, 6, 0.02, 1),  # the other cores are busy
        (LARGE_LAYER_FLOPS, 1, 5.0, 1),
    ],
)
def test_large_layers_get_all_cores_that_help(
    monkeypatch: pytest.MonkeyPatch, flops: int, many: int, speed: float, threads: int
) -> None:
    monkeypatch.setattr(runtime, "cores", lambda: many)
    monkeypatch.setattr(runtime, "gain", lambda one, other: speed)
    assert pick_threads(None, flops) == threads


def test_trying_the_machine_leaves_its_threads_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def gain(one: Callable[[], object], other: Callable[[], object]) -> float:
        monkeypatch.setattr(torch, "mm", lambda *_: tried.append(torch.get_num_threads()))
        one()
        other()
        return 2.0

    before = torch.get_num_threads()
    monkeypatch.setattr(runtime, "cores", lambda: 2)
    monkeypatch.setattr(runtime, "gain", gain)
    pick_threads(None, LARGE_LAYER_FLOPS)
    assert tried == [2, 1]
    assert torch.get_num_threads() == before


def test_the_gain_is_the_ratio_of_times_without_the_first_pair(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    calls = {"one": 0, "other": 0}

    def call(name: str, seconds: float) -> None:
        nonlocal now
        calls[name] += 1
        now += 1000.0 if calls[name] == 1 else seconds

    monkeypatch.setattr(runtime.time, "perf_counter", lambda: now)
    assert gain(lambda: call("one", 2.0), lambda: call("other", 3.0)) == pytest.approx(1.5)


def test_the_precision_is_picked_by_calls_that_nothing_held_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, calls = 0.0, 0

    def call(a: torch.Tensor, _: torch.Tensor) -> None:
        nonlocal now, calls
        calls += 1
        fast = a.dtype == torch.bfloat16
        now += (1.0 if fast else 2.0) + 50.0 * (calls % 6 == 1)  # one of three calls in bf16 waits

    monkeypatch.setattr(runtime.time, "perf_counter", lambda: now)
    monkeypatch.setattr(torch, "mm", call)
    assert pick_precision("auto", torch.device("cpu")) == "bf16"


@pytest.mark.parametrize(("speed", "precision"), [(3.0, "bf16"), (0.5, "fp32")])
def test_bf16_is_picked_where_it_is_fast(
    monkeypatch: pytest.MonkeyPatch, speed: float, precision: str
) -> None:
    monkeypatch.setattr(runtime, "gain", lambda one, other, over: speed)
    assert pick_precision("auto", torch.device("cpu")) == precision
    assert pick_precision("fp32", torch.device("cpu")) == "fp32"
    assert pick_precision("bf16", torch.device("cpu")) == "bf16"
    with pytest.raises(ConfigError, match="unknown precision 'fp8'"):
        pick_precision("fp8", torch.device("cpu"))


def test_what_is_picked_is_resolved() -> None:
    assert pick_precision("auto", torch.device("cpu")) in ("fp32", "bf16")


MLP: Mapping[str, object] = {"network": "residual-mlp", "depth": 4}
DCGAN: Mapping[str, object] = {"network": "dcgan"}


@pytest.mark.parametrize(
    ("shape", "settings", "batch_size", "large"),
    [
        pytest.param(Shape((2,)), MLP | {"width": 128}, 256, False, id="points"),
        pytest.param(Shape((1, 8, 8), 10), DCGAN | {"width": 64}, 32, False, id="digits"),
        pytest.param(Shape((108,), 0, (16, 86)), MLP | {"width": 256}, 500, True, id="table"),
        pytest.param(Shape((1, 28, 28), 10), DCGAN | {"width": 32}, 32, True, id="mnist"),
    ],
)
def test_layers_on_either_side_of_the_threshold(
    shape: Shape, settings: Mapping[str, object], batch_size: int, large: bool
) -> None:
    G, D = nets(shape, **settings)
    flops = largest_layer_flops(G, D, batch_size, shape.conditions)
    assert (flops >= LARGE_LAYER_FLOPS) == large
    assert not LARGE_LAYER_FLOPS / 2 < flops < LARGE_LAYER_FLOPS * 2


def test_the_largest_layer_is_counted() -> None:
    G, D = nets(Shape((2,), 3), network="mlp", width=16, depth=2, critic_width=32)
    assert largest_layer_flops(G, D, 10, 3) == 2 * 10 * 32 * 32
    # G's last block: 3 x 3 pixels of 8 channels to each of 16 x 16 pixels of 4.
    G, D = nets(Shape((1, 16, 16)), network="resnet", width=4, critic_width=1)
    assert largest_layer_flops(G, D, 10, 0) == 2 * 10 * (3 * 3 * 8) * (16 * 16 * 4)


def test_counting_leaves_no_trace() -> None:
    G, D = nets(
        Shape((2,)), network="mlp", width=4, depth=2, batch_size=5,
        generator_batch_norm=True, critic_spectral_norm=True, critic_dropout=0.5,
    )  # fmt: skip
    before = torch.get_rng_state()
    kept = [{k: v.clone() for k, v in net.state_dict().items()} for net in (G, D)]
    largest_layer_flops(G, D, 5, 0)
    assert torch.equal(torch.get_rng_state(), before)
    for net, old in zip((G, D), kept, strict=True):
        assert net.training
        assert all(torch.equal(v, old[k]) for k, v in net.state_dict().items())
        assert all(p.device.type == "cpu" and p.requires_grad for p in net.parameters())


@pytest.mark.parametrize(
    ("content", "most"),
    [("200000 100000\n", 2), ("150000 100000\n", 1), ("50000 100000\n", 1), ("max 100000\n", 999)],
)
def test_a_container_s_quota_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, most: int
) -> None:
    monkeypatch.setattr(runtime, "CGROUP_QUOTA", tmp_path / "none")
    here = cores()
    assert here >= 1
    (tmp_path / "cpu.max").write_text(content)
    monkeypatch.setattr(runtime, "CGROUP_QUOTA", tmp_path / "cpu.max")
    assert cores() == min(here, most)


def test_the_number_of_threads_is_restored() -> None:
    before = torch.get_num_threads()
    with thread_count(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    with pytest.raises(ZeroDivisionError), thread_count(before + 1):
        raise ZeroDivisionError
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)]
)
def test_arithmetic(precision: str, dtype: torch.dtype) -> None:
    a = torch.ones(2, 2)
    before = torch.backends.cudnn.deterministic
    with arithmetic(precision, torch.device("cpu")):
        assert (a @ a).dtype == dtype
        assert torch.backends.cudnn.deterministic
    assert (a @ a).dtype == torch.float32
    assert torch.backends.cudnn.deterministic == before


def test_bf16_sees_weights_as_they_are_now() -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    with arithmetic("bf16", torch.device("cpu")):
        layer(torch.ones(1, 1))
        with torch.no_grad():
            layer.weight.fill_(5.0)
        assert layer(torch.ones(1, 1)).item() == 5


@pytest.mark.parametrize(
    ("precision", "message"),
    [
        ("fp16", r"unknown precision 'fp16'.*\(valid: auto, fp32, bf16\)"),
        ("auto", "precision 'auto' is not resolved"),
    ],
)
def test_a_precision_that_is_none_is_refused(precision: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message), arithmetic(precision, torch.device("cpu")):
        pass
