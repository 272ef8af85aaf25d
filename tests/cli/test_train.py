"""`sparring train`: what it leaves behind, how it goes on, and what it refuses."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sparring.recorder import Reporter
from tests.cli.conftest import TINY, Call


def test_a_run_leaves_everything_the_readme_names(call: Call, table_csv: Path) -> None:
    result = call("train", table_csv, "--target", "group", *TINY, "--log-every-steps", 1)
    assert result.code == 0, result.err
    run = Path("runs/people")
    assert {path.name for path in run.iterdir()} == {
        "config.json", "schema.json", "log.jsonl", "metrics.jsonl", "samples", "samples.png",
        "model.safetensors", "state",
    }  # fmt: skip
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [record["step"] for record in log] == [1, 2, 3, 4]
    scores = json.loads((run / "metrics.jsonl").read_text())["scores"]
    assert {"shape", "trend", "label_agreement"} <= {score["name"] for score in scores}
    assert "real rows" in result.out
    assert "Shape error" in result.out


def test_two_runs_of_the_same_source_do_not_meet(call: Call) -> None:
    assert call("train", "ring", *TINY).code == 0
    assert call("train", "ring", *TINY).code == 0
    assert Path("runs/ring-2/model.safetensors").exists()


def test_dry_run_prints_the_resolved_settings_and_leaves_nothing(call: Call) -> None:
    result = call("train", "ring", "--dry-run", "--set", "gamma=3", "--loss", "hinge")
    settings = json.loads(result.out)
    assert (settings["gamma"], settings["loss"]) == (3.0, "hinge")
    assert settings["network"] == "residual-mlp"
    assert not Path("runs").exists()


def test_flags_win_over_set_and_set_over_the_file(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"gamma": 1.0, "width": 10, "d_steps": 2}))
    result = call(
        "train", "ring", "--dry-run", "--config", file,
        "--set", "gamma=2", "--set", "width=20", "--width", 30,
    )  # fmt: skip
    settings = json.loads(result.out)
    assert (settings["d_steps"], settings["gamma"], settings["width"]) == (2, 2.0, 30)


def test_the_config_of_a_run_repeats_it_to_the_bit(call: Call) -> None:
    call("train", "ring", "--run", "a", *TINY)
    call("train", "ring", "--run", "b", "--config", "a/config.json")
    assert Path("a/model.safetensors").read_bytes() == Path("b/model.safetensors").read_bytes()


def test_ctrl_c_saves_and_resume_ends_with_the_same_bits(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = [*TINY, "--steps", "30", "--log-every-steps", "1"]
    assert call("train", "ring", "--run", "whole", *long).code == 0

    class Impatient(Reporter):
        def progress(self, trainer: object, record: dict[str, float]) -> None:
            if record["step"] == 11:
                signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("sparring.cli.train.reporter", lambda on: Impatient())
        result = call("train", "ring", "--run", "cut", *long)
    assert result.code == 130
    assert "--resume --run cut" in result.out
    result = call("train", "--resume", "--run", "cut")
    assert result.code == 0, result.err
    whole, cut = (Path(run, "model.safetensors").read_bytes() for run in ("whole", "cut"))
    assert cut == whole
    steps = [json.loads(line)["step"] for line in Path("cut/log.jsonl").read_text().splitlines()]
    assert steps == list(range(1, 31))


def refused(call: Call, *arguments: object, says: list[str]) -> None:
    result = call(*arguments)
    assert result.code == 2, result.out
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1, result.err
    assert "Traceback" not in result.err
    for words in says:
        assert words in result.err


def write(name: str, text: str) -> str:
    Path(name).write_text(text)
    return name


class TestRefusals:
    def test_missing_file(self, call: Call) -> None:
        refused(call, "train", "gone.csv", says=["gone.csv"])

    def test_unknown_name_lists_the_known(self, call: Call) -> None:
        refused(call, "train", "rinq", says=["'ring'", "moons", "fashion-mnist"])

    def test_no_source(self, call: Call) -> None:
        refused(call, "train", says=["SOURCE"])

    def test_ragged_rows(self, call: Call) -> None:
        refused(call, "train", write("r.csv", "a,b\n1,2\n1,2,3\n4,5\n"), says=["r.csv", "3"])

    def test_empty_body_and_empty_file(self, call: Call) -> None:
        refused(call, "train", write("h.csv", "a,b\n"), says=["h.csv"])
        refused(call, "train", write("e.csv", ""), says=["e.csv"])

    def test_other_separators_and_decimal_commas(self, call: Call) -> None:
        path = Path("other.csv")
        path.write_text("a;b\n" + "1;x\n2;y\n" * 20)
        refused(call, "train", "other.csv", says=["one column, 'a;b' (accepted: commas between"])
        path.write_text("a,b\n" + "".join(f'"{i},25",{i}\n' for i in range(200)))
        refused(call, "train", "other.csv", says=["is no number (accepted: a decimal point"])

    def test_settings_that_would_do_nothing(self, call: Call) -> None:
        for flags, message in (
            (("--public-rows", "none.csv"), "public_rows needs epsilon"),
            (("--delta", "1e-5"), "delta needs epsilon"),
            (("--clip-norm", "2"), "clip_norm needs epsilon"),
            (("--monitor", "c2st", "--holdout", "0"), "there is no holdout to judge by"),
            (("--minutes", "0"), "minutes must be at least"),
        ):
            refused(call, "train", "moons", "--run", "none", *flags, says=[message])
            assert not Path("none").exists()

    def test_only_constant_columns(self, call: Call) -> None:
        refused(call, "train", write("c.csv", "a,b\n" + "1,x\n" * 9), says=["constant"])

    def test_an_infinite_cell(self, call: Call) -> None:
        rows = "".join(f"{i},{i}\n" for i in range(9))
        refused(call, "train", write("m.csv", "a,b\n" + rows + "9,inf\n"), says=["'b'", "row 9"])

    def test_not_a_number_in_points(self, call: Call) -> None:
        points = np.ones((9, 2))
        points[4, 1] = np.nan
        np.save("p.npy", points)
        refused(call, "train", "p.npy", says=["p.npy", "4"])

    def test_one_sample(self, call: Call) -> None:
        np.save("one.npy", np.ones((1, 2)))
        refused(call, "train", "one.npy", says=["1"])

    def test_mixed_sizes_and_unreadable_images_are_named(self, call: Call) -> None:
        Path("pictures").mkdir()
        for i in range(3):
            Image.new("L", (8, 8), i).save(f"pictures/{i}.png")
        Image.new("L", (9, 9)).save("pictures/odd.png")
        refused(call, "train", "pictures", says=["odd.png", "9"])
        Path("pictures/odd.png").write_bytes(b"no picture")
        refused(call, "train", "pictures", says=["odd.png"])

    def test_images_of_a_size_no_net_takes(self, call: Call) -> None:
        np.save("small.npy", np.zeros((9, 4, 4, 1), np.uint8))
        refused(call, "train", "small.npy", says=["4 x 4", "8 to 64"])

    def test_truncated_idx(self, call: Call) -> None:
        Path("numbers").mkdir()
        header = bytes([0, 0, 8, 3]) + np.array([9, 8, 8], ">u4").tobytes()
        Path("numbers/train-images-idx3-ubyte").write_bytes(header + bytes(100))
        Path("numbers/train-labels-idx1-ubyte").write_bytes(
            bytes([0, 0, 8, 1]) + np.array([9], ">u4").tobytes() + bytes(9)
        )
        refused(call, "train", "numbers", says=["train-images-idx3-ubyte", "truncated"])

    def test_unknown_settings_and_values_list_the_valid(self, call: Call) -> None:
        refused(call, "train", "ring", "--set", "gama=1", says=["'gama'", "gamma"])
        refused(call, "train", "ring", "--loss", "hinges", says=["'hinges'", "hinge"])
        refused(call, "train", "ring", "--set", "steps=many", says=["steps", "many"])
        refused(call, "train", "ring", "--holdout", 2, says=["holdout", "0.9"])
        refused(call, "train", "ring", "--steps", 5, "--minutes", 1, says=["steps", "minutes"])
        refused(call, "train", "ring", "--kind", "sound", says=["sound", "points"])
        refused(call, "train", "ring", "--device", "tpu9", says=["tpu9", "cpu"])
        refused(call, "train", "ring", "--network", "dcgan", says=["dcgan", "mlp"])

    def test_unknown_columns_and_targets(self, call: Call, table_csv: Path) -> None:
        refused(call, "train", table_csv, "--columns", "height,wait", says=["wait", "children"])
        refused(call, "train", table_csv, "--target", "grup", says=["grup", "group"])
        refused(call, "train", table_csv, "--target", "height", says=["height", "class"])
        refused(call, "train", "ring", "--target", "x", says=["target"])

    def test_settings_file(self, call: Call) -> None:
        refused(call, "train", "ring", "--config", "gone.json", says=["gone.json"])
        file = write("bad.json", '{"gamma": }')
        refused(call, "train", "ring", "--config", file, says=["bad.json", "line 1"])
        file = write("unknown.json", '{"gama": 1}')
        refused(call, "train", "ring", "--config", file, says=["gama"])

    def test_an_existing_run_is_not_touched(self, call: Call) -> None:
        call("train", "ring", "--run", "run", *TINY)
        before = Path("run/model.safetensors").stat().st_mtime_ns
        refused(call, "train", "ring", "--run", "run", *TINY, says=["run exists", "--resume"])
        assert Path("run/model.safetensors").stat().st_mtime_ns == before

    def test_resume_under_other_settings_shows_the_difference(self, call: Call) -> None:
        call("train", "ring", "--run", "run", *TINY)
        refused(
            call, "train", "--resume", "--run", "run", "--gamma", 7, says=["gamma", "0.1 -> 7.0"]
        )
        refused(call, "train", "--resume", says=["--run"])
        refused(call, "train", "--resume", "--run", "gone", says=["gone"])

    def test_resume_on_other_rows(self, call: Call, table_csv: Path) -> None:
        text = table_csv.read_text()
        write("t.csv", text)
        call("train", "t.csv", "--run", "run", *TINY)
        write("t.csv", text.replace("0.37", "0.38"))
        refused(call, "train", "--resume", "--run", "run", says=["rows"])

    def test_an_output_that_cannot_be_written_is_known_before_training(self, call: Call) -> None:
        write("file", "")
        refused(call, "train", "ring", "--run", "file/run", "--steps", 10**9, says=["file/run"])

    def test_a_loss_that_is_not_finite_stops_the_run(self, call: Call) -> None:
        refused(
            call, "train", "ring", *TINY, "--steps", 200, "--learning-rate", 1e30,
            "--optimizer", "sgd", "--state-every-seconds", 0, says=["step"],
        )  # fmt: skip
        assert Path("runs/ring/model.safetensors").exists()
        assert call("sample", "runs/ring", "-n", 5, "-o", "s.csv").code == 0


def test_ctrl_c_under_several_seeds_says_how_to_go_on(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> Iterator[object]:
        yield from ()
        raise KeyboardInterrupt

    monkeypatch.setattr("sparring.cli.train.Repeats.run", stopped)
    result = call("train", "moons", "--seeds", 2, "--run", "many")
    assert result.code == 130
    assert "sparring train --resume --run many\n" in result.out
    assert call("train", "--resume", "--run", "many", "--threads", 2).code == 130
    refused(call, "train", "moons", "--seeds", 2, "--run", "many", says=["many exists"])
    assert call("train", "--resume", "--run", "many", "--seeds", 3).code == 130
    kept = json.loads(Path("many/seeds.json").read_text())
    assert (kept["seeds"], kept["location"], kept["settings"]["threads"]) == (3, "moons", None)
    write("t.csv", "a,b\n" + "1.5,2\n2.5,1\n" * 20)
    assert call("train", "t.csv", "--seeds", 2, "--run", "t").code == 130
    assert json.loads(Path("t/seeds.json").read_text())["location"] == str(Path("t.csv").absolute())


def test_a_run_of_one_seed_stays_one(call: Call) -> None:
    assert call("train", "ring", "--run", "run", *TINY).code == 0
    refused(call, "train", "--resume", "--run", "run", "--seeds", 2, says=["one seed"])


def test_minutes_are_a_budget_too(call: Call) -> None:
    result = call("train", "ring", "--minutes", 0.01, "--width", 8, "--depth", 1)
    assert result.code == 0, result.err
    settings = json.loads(Path("runs/ring/config.json").read_text())
    assert (settings["steps"], settings["minutes"]) == (None, 0.01)


def test_columns_pick_a_subset(call: Call, table_csv: Path) -> None:
    assert call("train", table_csv, "--columns", "height, group", *TINY).code == 0
    call("sample", "runs/people", "-n", 3, "-o", "s.csv")
    assert Path("s.csv").read_text().splitlines()[0] == "height,group"


def test_kind_converts_where_the_rows_allow_it(call: Call, table_csv: Path) -> None:
    rows = "".join(f"{i % 7},{i % 5},{'ab'[i % 2]}\n" for i in range(40))
    file = write("points.csv", "x0,x1,label\n" + rows)
    assert call("train", file, "--kind", "points", "--run", "points", *TINY).code == 0
    assert call("sample", "points", "-n", 20, "--where", "label=b").code == 0
    assert Path("points/samples.csv").read_text().splitlines()[0] == "x0,x1,label"
    result = call("evaluate", "points", "--against", "points/samples.csv")
    assert result.code == 0, result.err
    assert "Label agreement" in result.out
    refused(call, "train", table_csv, "--kind", "points", says=["children"])
    result = call("train", file, "--kind", "points", "--columns", "x0,x1", "--run", "two", *TINY)
    assert result.code == 0, result.err
    np.save("p.npy", np.random.default_rng(0).normal(size=(40, 2)))
    assert call("train", "p.npy", "--kind", "table", "--run", "table", *TINY).code == 0
    assert call("evaluate", "table").code == 0


def test_a_budget_from_a_flag_replaces_that_of_the_file(call: Call) -> None:
    call("train", "ring", "--run", "a", *TINY)
    result = call("train", "ring", "--config", "a/config.json", "--minutes", 1, "--dry-run")
    settings = json.loads(result.out)
    assert (settings["steps"], settings["minutes"]) == (None, 1.0)


def test_wrong_flags_get_one_line(call: Call) -> None:
    refused(call, "train", "ring", "--learning-rte", 1, says=["--learning-rte", "--learning-rate"])
    refused(call, "train", "ring", "--steps", "abc", says=["--steps"])
    call("train", "ring", "--run", "run", *TINY)
    refused(call, "evaluate", "run", "--seed", 2**40, says=[str(2**40)])


def test_odd_names_are_printed_as_they_are(call: Call) -> None:
    result = call("train", "ring", "--run", "a[bold]", *TINY)
    assert "a[bold]" in result.out
    assert "sparring sample a[bold]" in result.out
    assert call("train", "ring", "--run", "a[/b]", *TINY).code == 0


def test_a_column_that_varies_by_rounding_only_can_be_drawn(call: Call) -> None:
    rows = "".join(f"{v!r},{i}\n" for i, v in enumerate([0.3, 0.1 + 0.2] * 20))
    result = call("train", write("t.csv", "a,b\n" + rows), *TINY)
    assert result.code == 0, result.err


def test_constraints_are_held_from_a_file_to_samples(call: Call, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"low": random.integers(0, 9, 80), "code": random.integers(0, 4, 80)})
    frame["high"] = frame["low"] + random.integers(0, 3, 80)
    frame["word"] = frame["code"].map({0: "a", 1: "b", 2: "c", 3: "d"})
    frame.to_csv("rows.csv", index=False)
    stated = ("--constraint", "low <= high", "--constraint", "0 <= low")
    done = call("train", "rows.csv", *stated, "--run", "run", "--given-share", "0.5", *TINY)
    assert done.code == 0, done.err
    assert "constraints that every sample obeys: 'low <= high', '0 <= low'" in done.out
    assert "'word' follows 'code'" in done.out
    assert call("sample", "run", "-n", 500, "--where", "word in b,d", "-o", "s.csv").code == 0
    made = pd.read_csv("s.csv")
    assert (made["low"] <= made["high"]).all()
    assert made[["code", "word"]].drop_duplicates().sort_values("code").values.tolist() == [
        [1, "b"], [3, "d"],
    ]  # fmt: skip
    refused(call, "train", "rows.csv", "--constraint", "high < low", says=["64 training rows"])
    refused(call, "train", "rows.csv", "--constraint", "low <= hihg", says=["'high'"])
    refused(call, "train", "rows.csv", "--constraint", "low", says=["a <= b"])
    refused(call, "train", "moons", "--constraint", "a <= b", says=["only tables"])
    done = call("train", "rows.csv", "--no-find-constraints", "--run", "free", *TINY)
    assert "follows" not in done.out
    listed = call("train", "rows.csv", "--set", "constraints=low <= high,0 <= low", "--dry-run")
    assert json.loads(listed.out)["constraints"] == ["low <= high", "0 <= low"]
