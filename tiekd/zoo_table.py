"""The zoo as text: `models/README.md`, made from `models/zoo.yaml` and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tiekd.datasets import DATASETS, DEMO, Dataset, Published
from tiekd.zoo import Zoo, ZooRow

_HEAD = """<!-- Made from zoo.yaml by `tiekd models --markdown`; a test keeps the two equal. Don't edit. -->

# The zoo

One row per set of weights. Names are `<method>_<encoder>.<teacher>_<dataset>`; `tiekd models` lists them,
`tiekd.create_model(name)` builds any of them.
"""
_DEMO = """
## Ours, in this repository

Trained by `make demo` on the synthetic street world, never on real photos, and measured on test frames of
that world which no training has seen, by the protocol of `tiekd eval` that each table names. As measured,
whoever wins; a real street is harder.
"""
_AUTHORS = """
## The authors', {dataset}

Numbers are the authors' ([their repository]({link}) also has the weights; they state no licence for them).
{protocol}
"""
_HEADINGS = {"abs_rel": "AbsRel", "rmse": "RMSE (m)", "delta1": "δ1"}


def markdown(zoo: Zoo) -> str:
    """The whole text of `models/README.md`."""
    parts = [_HEAD, _DEMO, *_demo_tables([row for row in zoo if row.dataset == DEMO])]
    for name, dataset in DATASETS.items():
        rows = [row for row in zoo if row.dataset == name]
        if rows and dataset.published:
            link, scored = dataset.published.page, _scored(dataset, dataset.published)
            parts.append(_AUTHORS.format(dataset=dataset.title, link=link, protocol=scored))
            parts.append(_published_table(rows))
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _scored(dataset: Dataset, published: Published) -> str:
    """On which frames of a data set the authors scored, and how, in one sentence."""
    frames = f"{published.frames}, {dataset.test.n_scored} frames"
    return f"{frames}, {published.how}, up to {dataset.max_depth_m:g} m."


def _demo_tables(rows: Sequence[ZooRow]) -> Iterable[str]:
    yield _table(
        ("model", "method", "network", "parameters", "bins", "licence"),
        [
            (
                f"`{row.name}`",
                row.method,
                row.architecture,
                f"{row.parameters / 1e6:.2f} M" if row.parameters else "",
                str(row.n_bins or "-"),
                row.licence,
            )
            for row in rows
        ],
    )
    protocols = dict.fromkeys(protocol for row in rows for protocol in row.measured)
    for protocol in protocols:
        measured = [(row.name, row.measured[protocol]) for row in rows if protocol in row.measured]
        metrics = list(dict.fromkeys(metric for _, values in measured for metric in values))
        lines = [
            (f"`{name}`", *(_number(values.get(metric)) for metric in metrics)) for name, values in measured
        ]
        yield f"**{protocol}**"
        yield _table(("model", *(_HEADINGS.get(metric, metric) for metric in metrics)), lines)


def _published_table(rows: Sequence[ZooRow]) -> str:
    return _table(
        ("model", "method", "teacher", "network", "bins", "AbsRel", "RMSE (m)"),
        [
            (
                f"`{row.name}`",
                row.method,
                row.teacher or "-",
                row.architecture,
                str(row.n_bins or "-"),
                f"{row.published.abs_rel:.4f}" if row.published else "",
                f"{row.published.rmse:.4f}" if row.published else "",
            )
            for row in rows
        ],
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value < 1000 else f"{value:.0f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
