"""The command `neuronarrator`: which commands there are. Each lives in a file of `commands/`."""

from __future__ import annotations

import sys

import typer

from .commands.app import app as serve_app
from .commands.compare import compare
from .commands.corpus import corpus
from .commands.correct import correct
from .commands.evaluate import evaluate
from .commands.hub import hub
from .commands.messages import OUR_FAULT, USAGE_ERROR, say, say_fault, tell_missing
from .commands.narrate import narrate
from .commands.recordings import deidentify, inspect
from .commands.simulate import simulate
from .commands.train import train

app = typer.Typer(
    name="neuronarrator",
    help="Scalp EEG to checked clinical language. Preliminary output, for review by a qualified reader.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_FORWARD = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}

for command in (narrate, compare, correct, inspect, deidentify, simulate):
    app.command()(command)
app.command(context_settings=_FORWARD)(train)
app.command()(evaluate)
app.command("app")(serve_app)
app.add_typer(hub, name="hub")
app.add_typer(corpus, name="corpus")


def main() -> None:
    """Entry point: whatever goes wrong beyond arguments and recordings is a fault of ours, exit status 1."""
    try:
        app()
    except KeyboardInterrupt:
        say("stopped; the same command continues where it was")
        sys.exit(130)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and tell_missing(error):
            sys.exit(USAGE_ERROR)
        say_fault(error)
        sys.exit(OUR_FAULT)


if __name__ == "__main__":
    main()
