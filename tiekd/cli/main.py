"""`tiekd VERB`: the table of verbs, and the form of errors. A verb is imported only when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from tiekd import __version__
from tiekd.errors import RunFailedError, TiekdError, UnknownNameError

VERBS = (
    "models",
    "fetch",
    "convert",
    "serve",
    "predict",
    "gallery",
    "data",
    "train",
    "label",
    "eval",
    "reproduce",
    "report",
)
"""Verb = module of `tiekd.cli` = function in it (or `app`, for a group), in the order of the help."""
EXIT_BAD_INPUT = 2
EXIT_FAILED = 1


class Verbs(TyperGroup):
    """Imports the module of a verb when it is used, and prints a TiekdError as one red line and its hint."""

    def list_commands(self, _ctx: Any) -> list[str]:
        """The verbs, for `--help`."""
        return list(VERBS)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        """The command of a verb. Raises UnknownNameError."""
        if cmd_name not in VERBS:
            raise UnknownNameError("command", cmd_name, VERBS)
        return _command(cmd_name)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the arguments; in `--option=~/…`, which shells leave as it is, `~` is the home folder."""
        return super().parse_args(ctx, [_at_home(word) if "=~" in word else word for word in args])

    def invoke(self, ctx: Any) -> Any:
        """Run a verb; wrong input ends with exit code 2 and no traceback."""
        try:
            return super().invoke(ctx)
        except TiekdError as error:
            console = Console(stderr=True, highlight=False, soft_wrap=True)
            console.print(Text(str(error), style="bold red"))
            if error.hint:
                console.print(Text(error.hint))
            raise typer.Exit(EXIT_FAILED if isinstance(error, RunFailedError) else EXIT_BAD_INPUT) from error


def _at_home(word: str) -> str:
    from tiekd.places import at_home

    name, equals, value = word.partition("=")
    return name + equals + at_home(value) if name.startswith("--") else word


def _command(verb: str) -> Any:
    module = import_module(f"tiekd.cli.{verb}")
    group: typer.Typer | None = getattr(module, "app", None)
    if group is None:
        group = typer.Typer(add_completion=False)
        group.command(verb)(getattr(module, verb))
    command = typer.main.get_command(group)
    command.name = verb
    return command


app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    epilog="Example: tiekd serve, then open http://127.0.0.1:8000",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tiekd {__version__}")
        raise typer.Exit


@app.callback()
def _tiekd(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    """Distillation of networks for monocular depth: data, training, evaluation, server and viewer."""


if __name__ == "__main__":
    app()
