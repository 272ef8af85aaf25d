"""Files that are either written whole or not at all, and the folder for those kept for later."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from sparring.errors import RunError


def user_cache() -> Path:
    """The folder for what can be had again: `$SPARRING_CACHE`, else `$XDG_CACHE_HOME/sparring`,
    else `~/.cache/sparring`; nobody says that it exists."""
    if own := os.environ.get("SPARRING_CACHE"):
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "sparring"


def write_whole(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Write a file beside its place, flush it to the disk, and move it in.

    Raises:
        RunError: the disk is full or the place cannot be written; what stood there still does.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    # torch.save reports a full disk as a RuntimeError of its own.
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise RunError(f"{path}: cannot be written ({reason})") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented strict JSON, whole or not at all."""
    text = json.dumps(value, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    write_whole(path, lambda file: file.write(text.encode()))
