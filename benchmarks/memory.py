"""How much memory training takes: a large Parquet file, a folder of images and MNIST."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from benchmarks.machine import in_processes, peak_gigabytes
from sparring.config import Config
from sparring.data.source import open_source
from sparring.fit import fit
from sparring.plan import plan
from sparring.train.run import Run

ROWS, COLUMNS = 5_000_000, 20
GROUP_ROWS = 500_000
IMAGES, SIDE = 20_000, 64
STEPS = 20


def run(repeats: int) -> list[dict[str, str]]:
    """One row per source; the most memory over so many repeats."""
    with tempfile.TemporaryDirectory() as folder:
        table, images = Path(folder, "table.parquet"), Path(folder, "images")
        write_table(table)
        write_images(images)
        sources = {
            f"Parquet, {ROWS:,} x {COLUMNS}": str(table),
            f"folder of {IMAGES:,} colour images, {SIDE} x {SIDE}": str(images),
            "MNIST, 60,000 images": "mnist",
        }
        if "SPARRING_DATA" not in os.environ:
            del sources["MNIST, 60,000 images"]
        rows: list[dict[str, str]] = []
        for name, source in sources.items():
            jobs = [(source, str(Path(folder, f"{len(rows)}-{i}"))) for i in range(repeats)]
            found = in_processes(one, jobs, at_once=1)
            rows.append(
                {
                    "source": name,
                    "on disk": f"{found[0]['disk']:.2f} GB" if found[0]["disk"] else "",
                    "rows, encoded": f"{found[0]['rows']:.2f} GB",
                    "peak memory": f"{max(f['peak'] for f in found):.2f} GB",
                    "seconds to the first step": f"{min(f['seconds'] for f in found):.0f}",
                }
            )
            print(rows[-1], flush=True)
        return rows


def write_table(path: Path) -> None:
    """Twelve columns of numbers (whole, rounded, with holes), four of text, dates, two flags."""
    random = np.random.default_rng(0)
    words = np.array([f"word {i}" for i in range(40)])
    towns = np.array([f"town {i}" for i in range(3_000)])
    writer = None
    for start in range(0, ROWS, GROUP_ROWS):
        n = min(GROUP_ROWS, ROWS - start)
        hidden = random.normal(size=n)
        columns: dict[str, np.ndarray] = {
            f"number {i}": hidden + i * random.normal(size=n) for i in range(6)
        }
        columns |= {f"rounded {i}": np.round(random.gamma(2, 9, n), 2) for i in range(3)}
        columns |= {f"whole {i}": random.poisson(5 + 200 * i, n) for i in range(3)}
        columns |= {f"word {i}": words[random.integers(0, 40 - 9 * i, n)] for i in range(3)}
        columns["town"] = towns[(3_000 * random.random(n) ** 2).astype(np.int64)]
        columns["day"] = np.datetime64("2015-01-01") + random.integers(0, 4_000, n)
        columns |= {f"flag {i}": hidden > i for i in range(2)}
        columns["holes"] = np.where(random.random(n) < 0.2, np.nan, hidden)
        table = pa.table({k: pa.array(cells, from_pandas=True) for k, cells in columns.items()})
        assert table.num_columns == COLUMNS
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def write_images(folder: Path) -> None:
    """Pictures of noise, the largest that there may be, in two folders."""
    random = np.random.default_rng(0)
    for i in range(IMAGES):
        place = folder / str(i % 2)
        place.mkdir(parents=True, exist_ok=True)
        pixels = np.repeat(np.repeat(random.integers(0, 256, (8, 8, 3), np.uint8), 8, 0), 8, 1)
        Image.fromarray(pixels).save(place / f"{i}.png", compress_level=1)


def one(source: str, run: str) -> dict[str, float]:
    """A few steps with their states; gigabytes, and the seconds before the steps."""
    begun = time.perf_counter()
    config = Config(steps=STEPS, threads=1, precision="fp32", engine="eager", batch_size=64)
    planned = plan(open_source(source), config, source)
    raw, _ = planned.encoded
    seconds = time.perf_counter() - begun
    fit(planned, Run.create(Path(run)))
    files = [Path(source)] if Path(source).is_file() else Path(source).rglob("*.*")
    return {
        "seconds": seconds,
        "peak": peak_gigabytes(),
        "rows": sum(t.nbytes for t in raw) / 1e9,
        "disk": sum(f.stat().st_size for f in files) / 1e9,
    }
