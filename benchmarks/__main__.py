"""`python -m benchmarks NAME [--seeds K]`; `python -m benchmarks readme` renews README's table."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks import (
    ablation,
    conditions,
    ctgan,
    doctor,
    early,
    kills,
    machine,
    memory,
    mnist,
    privacy,
    readme,
    sampling,
    seeds,
    startup,
    steps,
    tables,
    toys,
)

BENCHMARKS: dict[str, Callable[[int], list[dict[str, str]]]] = {
    "startup": startup.run,
    "demo": startup.run_demo,
    "toys": toys.run,
    "modes": toys.run_modes,
    "tables": tables.run,
    "conditions": conditions.run,
    "ctgan": ctgan.run,
    "privacy": privacy.run,
    "mnist": mnist.run,
    "mnist-published": mnist.beside_published,
    "steps": steps.run,
    "kills": kills.run,
    **ablation.RUNS,
    "early-stop": early.run,
    "memory": memory.run,
    "sampling": sampling.run,
    "seeds": seeds.run,
    "doctor": doctor.run,
    "looks": doctor.looks,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=[*BENCHMARKS, "readme"])
    parser.add_argument("--seeds", type=int, default=5, help="runs, turns or kills (default: 5)")
    arguments = parser.parse_args()
    if arguments.name == "readme":
        readme.renew()
        return
    rows = BENCHMARKS[arguments.name](arguments.seeds)
    machine.show(arguments.name, rows)
    machine.keep(arguments.name, arguments.seeds, rows)


if __name__ == "__main__":
    main()
