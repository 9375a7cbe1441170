"""Options that several verbs share."""

from typing import Annotated

import typer

Engine = Annotated[
    str, typer.Option(help="Engine that computes the network, such as torch; auto takes the fastest one.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
