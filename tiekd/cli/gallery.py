"""`tiekd gallery`: make galleries for the viewer, and sites of them."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from tiekd.cli.options import Device, Engine, between
from tiekd.cli.output import JsonFile, print_result, writable_folder
from tiekd.errors import ConfigError, UnknownNameError
from tiekd.limits import SCALE_RANGE

app = typer.Typer(help="Make galleries for the viewer.", no_args_is_help=True, add_completion=False)


@app.callback()
def _group() -> None:
    """Make galleries for the viewer."""


@app.command(
    epilog="Example: tiekd gallery export site --results runs/pictures, then python -m http.server -d site"
)
def export(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write, new or empty.")],
    gallery_id: Annotated[
        str | None, typer.Option("--gallery", help="Only this gallery of those that ship; default: all.")
    ] = None,
    results: Annotated[
        list[Path] | None,
        typer.Option(help="A folder as for `tiekd serve --results`, instead; may be repeated."),
    ] = None,
    sources: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="METHOD=SETTINGS", help="As for `tiekd serve --source`."),
    ] = None,
    depth_scale: Annotated[
        float,
        typer.Option(
            help="Stored integer per metre in the 16-bit PNG of --results.", callback=between(*SCALE_RANGE)
        ),
    ] = 256.0,
    follow_links: Annotated[
        bool,
        typer.Option("--follow-links", help="Also show what links in --results lead to outside of it."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier export.")] = False,
    json_file: JsonFile = None,
) -> None:
    """Write galleries as a static site, which works from any web server or GitHub Pages, without Python.

    It is the same page. What needs a server is absent: photos of your own, distributions, sources.
    """
    from tiekd.cli.progress import progress_bar
    from tiekd.gallery import ResultsOptions, parse_all
    from tiekd.gallery.declared import unused
    from tiekd.gallery.export import check_out, export_site
    from tiekd.gallery.live import open_folders

    if results and gallery_id:
        raise ConfigError("--gallery and --results do not go together.", hint="State one of them.")
    check_out(out, results or [], force=force)
    options = ResultsOptions(
        depth_scale=depth_scale, declared=parse_all(sources or []), follow_links=follow_links
    )
    galleries = open_folders(results or [], options)
    folders = {name for one in galleries for name in (*one.folders, *one.listing.found)}
    for sentence in unused(options.declared, folders):
        typer.echo(sentence, err=True)
    if gallery_id:
        known = {gallery.id: gallery for gallery in galleries}
        if gallery_id not in known:
            raise UnknownNameError("gallery", gallery_id, known)
        galleries = [known[gallery_id]]
    with progress_bar("Exporting") as progress:
        written = export_site(galleries, out, force=force, progress=progress)
    frames = sum(len(gallery.listing.frames) for gallery in galleries)
    result = {
        "out": str(out),
        "galleries": [gallery.id for gallery in galleries],
        "frames": frames,
        "broken": written.n_broken,
        "files": written.n_files,
        "bytes": written.n_bytes,
    }
    lines = [f"{out}: {frames} frames, {written.n_files} files, {written.n_bytes / 1e6:.1f} MB."]
    if written.n_broken:
        lines.append(f"{written.n_broken} pictures could not be read; the page says why.")
    lines.append(f"Look at it: python -m http.server --directory {quote(str(out))}")
    print_result(result, "\n".join(lines), json_file)


@app.command(
    epilog="Example: tiekd gallery build --data kitti:data/world --split test.txt "
    "--models adabins_tf_efficientnet_lite0.demo,tiekd_mobilenetv2.demo --out runs/gallery"
)
def build(
    data: Annotated[str, typer.Option(help="Data set as KIND:ROOT.")],
    models: Annotated[str, typer.Option(help="What `tiekd eval` takes, separated by commas, in this order.")],
    out: Annotated[
        Path,
        typer.Option(help="Folder of the gallery; show it with serve --results.", callback=writable_folder),
    ],
    split: Annotated[
        str | None,
        typer.Option(help="File of lines 'image depth focal', here or in ROOT; folder:DIR needs none."),
    ] = None,
    frames: Annotated[int, typer.Option(min=1, max=10**6, help="Frames, taken evenly over the split.")] = 20,
    title: Annotated[
        str | None, typer.Option(help="What the page calls it; default: the name of the data set's folder.")
    ] = None,
    gallery_id: Annotated[str, typer.Option("--id", help="What its address calls it.")] = "demo",
    quality: Annotated[int, typer.Option(min=1, max=95, help="JPEG quality of the photos.")] = 88,
    keep_bits: Annotated[
        int,
        typer.Option(help="Significant bits of depth predicted for every pixel; 10 are exact to 0.1 %."),
    ] = 10,
    focal: Annotated[
        bool,
        typer.Option("--focal/--no-focal", help="Ask for depth that is metric for each frame's camera."),
    ] = True,
    engine: Engine = "auto",
    device: Device = "auto",
    json_file: JsonFile = None,
) -> None:
    """Run models over frames of a data set and store what they see as a gallery."""
    from tiekd.cli.progress import progress_bar
    from tiekd.data.frames import check_files, list_frames, open_source
    from tiekd.estimators import open_estimator
    from tiekd.estimators.names import split_names
    from tiekd.gallery.build import BuildOptions, build_gallery, pick_evenly

    source = open_source(data)
    options = BuildOptions(
        gallery_id=gallery_id,
        title=title or source.root.resolve().name,
        n_frames=frames,
        jpeg_quality=quality,
        keep_bits=keep_bits,
        focal=focal,
    )
    chosen = pick_evenly(list_frames(source, split), frames)
    check_files(source, [frame for frame in chosen if frame.depth], need_depth=True)
    check_files(source, chosen, need_depth=False)
    names = split_names(models)
    if not names:
        raise ConfigError("--models names no model.", hint="See `tiekd models --available`.")
    opened = [open_estimator(name, engine=engine, device=device) for name in names]
    for estimator in opened:
        estimator.check(source, chosen)
    with progress_bar("Building") as progress:
        index = build_gallery(source, chosen, opened, out, options=options, progress=progress)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    result = {"out": str(out), "frames": len(index.frames), "methods": [m.id for m in index.methods]}
    text = f"{out}: {len(index.frames)} frames of {len(index.methods)} methods, {size / 1e6:.1f} MB."
    print_result(result | {"bytes": size}, text, json_file)
