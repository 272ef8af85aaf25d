"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import IO, Any

import pytest

from sparring.errors import RunError
from sparring.files import write_json, write_whole


def no_space(*_: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def half(file: IO[bytes]) -> None:
    file.write(b"half of wh")
    no_space()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    for content in (b"one", b"two"):
        write_whole(path, lambda file, content=content: file.write(content))
        assert path.read_bytes() == content
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("where", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"before")
    if where != "write":
        monkeypatch.setattr(os, where, no_space)
    with pytest.raises(RunError, match=r"a\.bin: cannot be written \(No space left on device\)"):
        write_whole(path, half if where == "write" else lambda file: file.write(b"after"))
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["a.bin"]


def test_an_interrupted_write_leaves_what_was_there(tmp_path: Path) -> None:
    def interrupted(file: IO[bytes]) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    path = tmp_path / "a.bin"
    path.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, interrupted)
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["a.bin"]


def test_a_writer_s_own_error_is_told(tmp_path: Path) -> None:
    def fail(file: IO[bytes]) -> None:
        raise RuntimeError("unexpected pos 64")

    with pytest.raises(RunError, match="unexpected pos 64"):
        write_whole(tmp_path / "a.bin", fail)


@pytest.mark.parametrize(
    ("parent", "reason"), [("none", "No such file or directory"), ("file", "Not a directory")]
)
def test_a_place_that_does_not_exist(tmp_path: Path, parent: str, reason: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RunError, match=reason):
        write_whole(tmp_path / parent / "a.bin", lambda file: file.write(b""))


def test_json_is_strict_and_readable(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"name": "größe", "n": [1, 2.5, None]})
    assert json.loads(path.read_text(encoding="utf-8")) == {"name": "größe", "n": [1, 2.5, None]}
    assert "größe" in path.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, float("nan"))
