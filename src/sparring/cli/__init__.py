"""The command line: one module per command, imported only when it is called."""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from typing import Any

import typer

from sparring import __version__
from sparring.errors import ConfigError, SparringError, unknown

COMMANDS: dict[str, str] = {
    "demo": "Train on scikit-learn's handwritten digits, draw them, score them: about a minute.",
    "train": "Train a GAN on SOURCE: a table, images, points or a built-in name.",
    "sample": "Draw samples from a trained RUN, to a file or a folder.",
    "evaluate": "Score a trained RUN against rows it never saw.",
    "diagnose": "Say what went wrong in a RUN, finished or not, and what to try.",
    "compare": "Fit a GAN and simpler generators to SOURCE, and score all of them alike.",
    "report": "Write all there is to say of a trained RUN to one HTML file, which opens offline.",
    "recipes": "The published experiments: list them, run them, see them beside their numbers.",
}


# Typer's name for a wrong flag or value is not public; its subclass is.
USAGE_ERROR: Any = typer.BadParameter.__base__


def main() -> None:
    """Run the command that the arguments name. Errors meant for a person exit with code 2."""
    try:
        arguments = sys.argv[1:] or ["--help"]
        if not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
            raise ConfigError(unknown("command", arguments[0], COMMANDS))
        code = build_app(arguments)(arguments, standalone_mode=False)
    except SparringError as error:
        if os.environ.get("RANK", "0") == "0":  # of several processes one speaks
            print(f"error: {error}", file=sys.stderr)
        code = 2
    except USAGE_ERROR as error:
        print(f"error: {error.format_message()} (see --help)", file=sys.stderr)
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except OSError as error:
        if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EIO):
            raise  # a closed pipe ends in Typer
        # No file: what is printed went nowhere. Python would say so again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"error: the output cannot be written ({error.strerror})", file=sys.stderr)
        code = 1
    sys.exit(code)


def build_app(arguments: list[str]) -> typer.Typer:
    """The application, with the modules of those commands loaded that `arguments` name.

    The others are listed by their one line of help: `sparring --help` must not wait for PyTorch.
    """
    app = typer.Typer(
        name="sparring",
        help="Train GANs on points, tables and images, and say how good they are.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    for name, text in COMMANDS.items():
        called = name in arguments
        function = import_module(f"sparring.cli.{name}").command if called else _not_called
        app.command(name, help=text)(function)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """What stands before any command."""


def _not_called() -> None:
    raise AssertionError("a command runs only when the arguments name it")
