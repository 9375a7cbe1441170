"""`make study STUDY=bias`: how far the mean of a target DPM lies from the depth that it is made of."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
import typer

from tiekd.bins import DepthBins, expectation, target_dpm
from tiekd.charts import Line, line_chart
from tiekd.errors import TiekdError
from tiekd.files import write_text
from tiekd.targets import TargetName
from tiekd.types import DepthRange

KITTI, NYU = DepthBins(257, DepthRange(1e-3, 80.0)), DepthBins(49, DepthRange(1e-3, 10.0))
FIGURE = Path("docs/images/target-bias.svg")


@dataclass(frozen=True, slots=True)
class Case:
    """A target over the bins of a data set."""

    dataset: str
    bins: DepthBins
    target: TargetName
    sigma_m: float

    @property
    def label(self) -> str:
        """Its name in table and figure."""
        return f"{self.dataset}, {self.target}, {self.sigma_m:g} m"

    def mean_m(self, depths_m: list[float]) -> list[float]:
        """Expected depth of the target of each depth, in metres."""
        depth = torch.tensor(depths_m, dtype=torch.float64).view(1, 1, 1, -1)
        edges = self.bins.edges(dtype=torch.float64)
        dpm = target_dpm(depth, edges, sigma_m=self.sigma_m, target=self.target)
        return [float(mean) for mean in expectation(dpm, edges).flatten()]


CASES = [
    Case(name, bins, target, sigma_m)
    for name, bins, sigmas in (("KITTI", KITTI, (0.5, 0.8)), ("NYU", NYU, (0.5, 0.15)))
    for sigma_m in sigmas
    for target in ("published", "gaussian")
]
SHOWN_M = (0.3, 0.5, 1.0, 1.25, 2.0, 3.0, 5.0, 7.0, 9.5, 40.0, 78.0)


def table() -> str:
    """The table of docs/method.md §4.2: the mean in metres by depth and case."""
    lines = ["| depth, m | " + " | ".join(case.label for case in CASES) + " |"]
    lines.append("| --- |" + " ---: |" * len(CASES))
    for depth_m in SHOWN_M:
        cells = [
            f"{case.mean_m([depth_m])[0]:.2f}" if depth_m < case.bins.depth_range.max_m else "–"
            for case in CASES
        ]
        lines.append(f"| {depth_m:g} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def figure() -> str:
    """The figure of docs/method.md §4.2, as SVG."""
    depths_m = [0.05 * step for step in range(1, 201)]
    lines = [Line("the label itself", [(depth, depth) for depth in depths_m])]
    lines += [
        Line(case.label, list(zip(depths_m, case.mean_m(depths_m), strict=True)))
        for case in CASES
        if case.dataset == "KITTI"
    ]
    return line_chart("Mean of the target DPM of a near label", lines, x_label="label, m", y_label="mean, m")


def run(*, out: Annotated[Path, typer.Option(help="File for the figure.")] = FIGURE) -> None:
    """Draw the figure and print the table."""
    write_text(out, figure())
    typer.echo(table())


if __name__ == "__main__":
    try:
        typer.run(run)
    except TiekdError as error:
        sys.exit(f"{error}\n{error.hint}")
