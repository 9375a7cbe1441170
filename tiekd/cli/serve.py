"""`tiekd serve`: starts the viewer and its API."""

from __future__ import annotations

import json
import os
import socket
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from tiekd.cli.options import between
from tiekd.errors import ConfigError, DataError, UnavailableError
from tiekd.limits import MOST_THREADS, SCALE_RANGE


def serve(
    host: Annotated[
        str, typer.Option(envvar="TIEKD_HOST", help="Address to listen on; 0.0.0.0 for every network.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(envvar="TIEKD_PORT", min=0, max=65535, help="0 takes any free port.")
    ] = 8000,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = None,
    models: Annotated[
        str | None, typer.Option(help="Names or files, separated by commas; default: all with weights here.")
    ] = None,
    results: Annotated[
        list[Path] | None, typer.Option(help="Folder of METHOD/FRAME.png to show too; may be repeated.")
    ] = None,
    config: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="JSON configuration of the published viewer, shown at /?config=NAME; may be repeated.",
        ),
    ] = None,
    depth_scale: Annotated[
        float | None,
        typer.Option(
            help="Stored integer per metre in the 16-bit PNG of --results.", callback=between(*SCALE_RANGE)
        ),
    ] = None,
    depth_range: Annotated[
        str | None, typer.Option(metavar="MIN:MAX", help="Metres that the colours of --results span.")
    ] = None,
    magma_range: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METHOD=MIN:MAX", help="A folder of --results holds magma_r pictures of this range."
        ),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METHOD=SETTINGS",
            help="How a folder of --results is read: scale=1000, disparity=FX*BASELINE in px m, inverse=A:B, "
            "magma=MIN:MAX, colors, truth, ignore, label=TEXT, with commas between; may be repeated.",
        ),
    ] = None,
    follow_links: Annotated[
        bool,
        typer.Option("--follow-links", help="Also show what links in --results lead to outside of it."),
    ] = False,
    untrained: Annotated[
        bool,
        typer.Option(
            "--untrained", help="Give random weights to demo models without weights, and mark them."
        ),
    ] = False,
    strict: Annotated[
        bool | None,
        typer.Option(
            "--strict/--no-strict", help="/readyz stays at 503 while a model has failed (default: no)."
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST_THREADS,
            help="CPU threads of each picture; default: OMP_NUM_THREADS, else by the cores.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Pictures computed at the same time; default: by the cores."),
    ] = None,
    access_log: Annotated[
        bool, typer.Option("--access-log", envvar="TIEKD_ACCESS_LOG", help="Log every request.")
    ] = False,
) -> None:
    """Serve the viewer, depth of uploaded photos, and galleries. Every option is also a TIEKD_ variable.

    More variables set limits, for example TIEKD_MAX_CONNECTIONS, TIEKD_TRANSFER_TIMEOUT_S and TIEKD_GRACE_S
    (how long a stop waits for requests); docs/serving.md lists all.

    Example: tiekd serve --port 8080 --results runs/pictures
    """
    for folder in results or []:
        if not folder.is_dir():
            raise DataError(
                f"There is no folder {folder}.", hint="--results takes a folder of METHOD/FRAME.png."
            )
    _export(
        device=device,
        models=models,
        results=json.dumps([str(folder) for folder in results]) if results else None,
        configs=json.dumps([str(file) for file in config]) if config else None,
        depth_scale=depth_scale,
        depth_range=depth_range,
        magma_ranges=json.dumps(magma_range) if magma_range else None,
        sources=json.dumps(source) if source else None,
        follow_links=follow_links or None,
        untrained=untrained or None,
        strict=strict,
        threads=threads,
        workers=workers,
    )
    # A stop need not wait long for a model that is being loaded: the process ends whatever a thread computes.
    os.environ.setdefault("TIEKD_STOP_PATIENCE_S", "1")
    process = import_module("server.process")
    with process.ending_with_the_process():
        # Made before the address is printed, so that a wrong model or setting ends the start.
        server = process.prepare(access_log=access_log)
        listening = _listen(host, port)
        shown = "localhost" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host
        typer.echo(f"tiekd serves http://{shown}:{listening.getsockname()[1]}  (Ctrl+C stops it)")
        server.run(sockets=[listening])


def _export(**settings: object) -> None:
    """Hand the stated options to the app, which reads its settings from the environment."""
    for name, value in settings.items():
        if value is not None:
            os.environ[f"TIEKD_{name.upper()}"] = str(value)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UnavailableError when the port is taken, ConfigError for a wrong host."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise ConfigError(f"{host!r} is not an address of this machine.", hint="Try 127.0.0.1.") from error
    # Only on connections of a socket that was made with its protocol does asyncio set TCP_NODELAY. Without it
    # a small answer on a connection that is kept waits some 40 ms for the client's acknowledgement.
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise UnavailableError(
            f"Can't listen on {host} port {port}: {error.strerror}.",
            hint="Choose another with --port, or --port 0 for any free one.",
        ) from error
    return listening
