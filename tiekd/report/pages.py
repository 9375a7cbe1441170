"""Writes a report: Markdown, one self-contained HTML page, and charts as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from tiekd._version import __version__
from tiekd.assets import asset_root
from tiekd.charts import Bar, Line, bar_chart, line_chart
from tiekd.report.collect import VALIDATION, Collected
from tiekd.report.paired import LEVEL, RESAMPLES, SEED, Comparison, compare_rows
from tiekd.report.table import GAP_METRICS, Row, Spread, Table, tabulate

HEADINGS = {
    "abs_rel": "AbsRel", "sq_rel": "SqRel", "rmse": "RMSE (m)", "rmse_log": "RMSE log", "log10": "log10",
    "silog": "SILog", "delta1": "δ1", "delta2": "δ2", "delta3": "δ3",
}  # fmt: skip
CHARTED = ("abs_rel", "rmse", "delta1")
LEGEND = (
    "Mean over images, then mean ± standard deviation over seeds. Gap recovered: the position of a student "
    "between the baseline (0 %) and the teacher (100 %) in that metric; – if the table lacks either, or if "
    "the teacher is not better than the baseline."
)
DIFFERENCES = (
    f"Mean difference over the frames, with its {LEVEL:.0%} interval by a paired bootstrap "
    f"({RESAMPLES:,} draws of the frames). Seeds are averaged first; how much they differ is not in the "
    "interval."
)


@dataclass(frozen=True, slots=True)
class Report:
    """Tables with their charts (file name -> SVG) and comparisons, and the chart of validations."""

    title: str
    tables: list[Table]
    charts: list[dict[str, str]]
    comparisons: list[list[Comparison]]
    curves: str | None

    def markdown(self, *, pictures: bool = True) -> str:
        """The report as Markdown. Its charts are files beside it."""
        parts = [f"# {self.title}", LEGEND]
        for table, charts, pairs in zip(self.tables, self.charts, self.comparisons, strict=True):
            parts += [f"## {heading(table)}", _grid(cells(table)), notes(table)]
            parts += [_grid(difference_cells(pairs)), DIFFERENCES] if pairs else []
            parts += [f"![{name}]({name})" for name in charts] if pictures else []
        if self.curves and pictures:
            parts += ["## Validation while training", "![curves.svg](curves.svg)"]
        return "\n\n".join(part for part in parts if part) + "\n"

    def html(self) -> str:
        """The report as one HTML page that contains its charts and suits light and dark themes."""
        import jinja2

        loader = jinja2.FileSystemLoader(asset_root() / "templates")
        page = jinja2.Environment(loader=loader, autoescape=True).get_template("report.html")
        sections = [
            {
                "heading": heading(table),
                "grids": [
                    {"cells": cells(table), "note": notes(table)},
                    *([{"cells": difference_cells(pairs), "note": DIFFERENCES}] if pairs else []),
                ],
                "charts": list(charts.values()),
            }
            for table, charts, pairs in zip(self.tables, self.charts, self.comparisons, strict=True)
        ]
        return page.render(
            title=self.title, legend=LEGEND, sections=sections, curves=self.curves, version=__version__
        )

    def to_json(self) -> dict[str, Any]:
        """The document of `tiekd report --json`."""
        return {
            "tables": [
                {**_table_json(table), "comparisons": [asdict(pair) for pair in pairs]}
                for table, pairs in zip(self.tables, self.comparisons, strict=True)
            ],
            "bootstrap": {"resamples": RESAMPLES, "seed": SEED, "level": LEVEL},
        }

    def files(self) -> dict[str, str]:
        """The files of a report by name: report.md, report.html and the charts."""
        texts = {"report.md": self.markdown(), "report.html": self.html()}
        for charts in self.charts:
            texts |= charts
        if self.curves:
            texts["curves.svg"] = self.curves
        return texts


def build_report(
    found: Collected,
    *,
    title: str = "Results",
    teacher: str | None = None,
    baseline: str | None = None,
    pairs: Sequence[str] = (),
) -> Report:
    """Make tables, charts and comparisons of what `collect` found.

    pairs: "A,B" of rows to compare, see `tiekd.report.paired.compare`. Raises the errors of `tabulate`,
    ConfigError for a pair of another form and UnknownNameError for a pair that no table has.
    """
    tables = tabulate(found.results, teacher=teacher, baseline=baseline)
    curves = None
    if found.curves:
        curves = line_chart("AbsRel of the validation", found.curves, x_label="steps", y_label="AbsRel")
    charts = [_charts(table, n) for n, table in enumerate(tables, 1)]
    return Report(title, tables, charts, compare_rows(tables, pairs), curves)


def difference_cells(pairs: Sequence[Comparison]) -> list[list[str]]:
    """Texts of the cells of the comparisons of a table, row by row. The first row is the head."""
    lines = [["difference", "frames", *(HEADINGS[name] for name in GAP_METRICS)]]
    for pair in pairs:
        found = pair.metrics.values()
        shown = [f"{one.difference:+.4f} [{one.low:+.4f}, {one.high:+.4f}]" for one in found]
        lines.append(
            [f"{pair.second} − {pair.first}", str(pair.n_frames), *(shown or ["–"] * len(GAP_METRICS))]
        )
    return lines


def _grid(lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    head, *rows = lines
    ruled = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in ruled)


def heading(table: Table) -> str:
    """Heading of a table: protocol, number of images, fingerprint."""
    if table.protocol == VALIDATION:
        return f"Validation of the runs ({table.fingerprint})"
    return f"{table.protocol}, {table.n_images} images ({table.fingerprint})"


def cells(table: Table) -> list[list[str]]:
    """Texts of the cells of a table, row by row. The first row is the head."""
    recovered = [name for name in GAP_METRICS if any(name in row.recovered for row in table.rows)]
    head = ["method", "seeds", *(f"gap recovered, {HEADINGS[name]}" for name in recovered)]
    lines = [[*head, *(HEADINGS.get(name, name) for name in table.columns)]]
    for row in table.rows:
        shares = [f"{row.recovered[name]:.0%}" if name in row.recovered else "–" for name in recovered]
        numbers = [_number(row.metrics.get(name)) for name in table.columns]
        lines.append([row.label, ", ".join(map(str, row.seeds)) or "–", *shares, *numbers])
    return lines


def notes(table: Table) -> str:
    """Note under a table: the ends of each gap, and the teacher whose labels the columns with _T use."""
    spans = {row.label: row.reference for row in table.rows if row.reference}
    if len(set(spans.values())) == 1:
        sentences = [f"Gap: {next(iter(spans.values()))}."]
    else:
        sentences = [f"Gap of {label}: {span}." for label, span in spans.items()]
    if len(table.teachers) == 1:
        sentences.append(f"_T: against labels of {table.teachers[0]}.")
    elif table.teachers:
        sentences.append(f"_T left out: against different labels, of {', '.join(table.teachers)}.")
    chosen = [row.label for row in table.rows if any(result.selected_here for result in row.results)]
    if chosen:
        sentences.append(f"Chosen on these frames, so better here than elsewhere: {', '.join(chosen)}.")
    return " ".join(sentences)


def _number(value: Spread | None) -> str:
    if value is None:
        return "–"
    return f"{value.mean:.4f}" if value.sd is None else f"{value.mean:.4f} ± {value.sd:.4f}"


def _charts(table: Table, number: int) -> dict[str, str]:
    charts = {}
    for name in CHARTED:
        bars = [
            Bar(row.label, spread.mean, spread.sd) for row in table.rows if (spread := row.metrics.get(name))
        ]
        charts[f"table{number}_{name}.svg"] = bar_chart(f"{HEADINGS[name]}, {table.protocol}", bars)
    lines = [Line(row.label, points) for row in table.rows if (points := _by_depth(row))]
    if lines:
        charts[f"table{number}_by_depth.svg"] = line_chart(
            f"AbsRel by true depth, {table.protocol}", lines, x_label="true depth (m)", y_label="AbsRel"
        )
    return charts


def _by_depth(row: Row) -> Sequence[tuple[float, float]]:
    """Mean AbsRel over seeds at the middle of each range of depth."""
    errors: dict[tuple[float, float], list[float]] = {}
    for band in (band for result in row.results for band in result.by_range):
        low, high, error = (band.get(key) for key in ("from_m", "to_m", "abs_rel"))
        if low is not None and high is not None and error is not None:
            errors.setdefault((low, high), []).append(error)
    # A range that some seeds lack is left out: its mean would be over other runs than its neighbours'.
    n_seeds = len(row.results)
    return [(sum(limits) / 2, fmean(found)) for limits, found in errors.items() if len(found) == n_seeds]


def _table_json(table: Table) -> dict[str, Any]:
    rows = [
        {
            "label": row.label,
            "method": row.method,
            "seeds": row.seeds,
            "n_results": len(row.results),
            "metrics": {name: {"mean": value.mean, "sd": value.sd} for name, value in row.metrics.items()},
            "gap_recovered": row.recovered,
            "gap": row.reference or None,
            "from": [result.where for result in row.results],
        }
        for row in table.rows
    ]
    return {
        "protocol": table.protocol,
        "fingerprint": table.fingerprint,
        "n_images": table.n_images,
        "rows": rows,
    }
