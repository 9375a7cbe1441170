"""Charts as SVG text, without a library: horizontal bars with whiskers, and lines.

Their background is transparent and their text follows the light or dark theme of the reader.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH_PX = 720
# Bars: height of a row, width of the labels on the left and of the numbers on the right.
_ROW_PX, _LABEL_PX, _VALUE_PX = 24, 250, 120
# Lines: edges of the area inside the axes.
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, WIDTH_PX - 20, 50, 300
_COLOURS = ("#2f7ed8", "#d9722b", "#2f9e6e", "#b5539c", "#8a7a1f", "#c0453b", "#5b6fd6", "#4b9aa8")
_STYLE = (
    "<style>.tk-chart{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
    "color:#1c2026;background:none}.tk-chart text{fill:currentColor}.tk-chart .tk-title{font-weight:600}"
    ".tk-chart .tk-axis{stroke:currentColor;stroke-opacity:.25}.tk-chart .tk-whisker{stroke:currentColor}"
    "@media (prefers-color-scheme:dark){.tk-chart{color:#e8ebf0}}</style>"
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `spread` adds a whisker from value - spread to value + spread."""

    label: str
    value: float
    spread: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line through points (x, y)."""

    label: str
    points: Sequence[tuple[float, float]]


def bar_chart(title: str, bars: Sequence[Bar], *, digits: int = 3) -> str:
    """Horizontal bars from zero, in the given order, with their numbers; "–" if a value is not finite."""
    finite = [bar for bar in bars if math.isfinite(bar.value)]
    longest = max((bar.value + (bar.spread or 0) for bar in finite), default=0) or 1.0
    room = WIDTH_PX - _LABEL_PX - _VALUE_PX
    parts = []
    for row, bar in enumerate(bars):
        top = 40 + row * _ROW_PX
        middle = top + _ROW_PX / 2
        label = bar.label if len(bar.label) <= 38 else bar.label[:37] + "…"
        parts.append(_text(_LABEL_PX - 10, middle, label, "end", hint=bar.label))
        if not math.isfinite(bar.value):
            parts.append(_text(_LABEL_PX, middle, "–"))
            continue
        length = room * max(bar.value, 0) / longest
        parts.append(
            f'<rect x="{_LABEL_PX}" y="{top + 4}" width="{length:.1f}" height="{_ROW_PX - 8}" rx="2" '
            f'fill="{_COLOURS[0]}"/>'
        )
        said, reach = f"{bar.value:.{digits}f}", length
        if bar.spread is not None:
            ends = [_LABEL_PX + room * max(bar.value + sign * bar.spread, 0) / longest for sign in (-1, 1)]
            parts.append(_line(ends[0], middle, ends[1], middle, "tk-whisker"))
            said, reach = f"{said} ± {bar.spread:.{digits}f}", ends[1] - _LABEL_PX
        parts.append(_text(_LABEL_PX + reach + 8, middle, said))
    return _svg(title, 52 + len(bars) * _ROW_PX, parts)


def line_chart(title: str, lines: Sequence[Line], *, x_label: str, y_label: str) -> str:
    """Lines over two axes, y from zero, with a legend below. Points that are not finite are left out."""
    drawn = [
        Line(line.label, [(x, y) for x, y in line.points if math.isfinite(x) and math.isfinite(y)])
        for line in lines
    ]
    axes = _Axes.around([point for line in drawn for point in line.points])
    parts = axes.grid()
    parts += [_text((_LEFT + _RIGHT) / 2, _BOTTOM + 36, x_label, "middle"), _text(_LEFT, _TOP - 14, y_label)]
    for index, line in enumerate(drawn):
        colour = _COLOURS[index % len(_COLOURS)]
        # With more lines than colours, the second round is dashed.
        dashes = ' stroke-dasharray="5 3"' if index >= len(_COLOURS) else ""
        places = [axes.place(*point) for point in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        if len(places) == 1:  # a polyline of one point is invisible
            parts.append(f'<circle cx="{places[0][0]:.1f}" cy="{places[0][1]:.1f}" r="3" fill="{colour}"/>')
        row = _BOTTOM + 62 + index * 20
        parts.append(f'<rect x="{_LEFT}" y="{row - 5}" width="18" height="4" fill="{colour}"/>')
        parts.append(_text(_LEFT + 26, row - 3, line.label))
    return _svg(title, _BOTTOM + 70 + len(drawn) * 20, parts)


@dataclass(frozen=True, slots=True)
class _Axes:
    """Visible part of the plane: y from 0 to `high_y` in steps of `step_y`, x from first to last point."""

    low_x: float
    high_x: float
    high_y: float
    step_y: float

    @classmethod
    def around(cls, points: Sequence[tuple[float, float]]) -> _Axes:
        xs, highest = [x for x, _ in points] or [0.0, 1.0], max((y for _, y in points), default=0.0)
        step = _nice_step(highest if highest > 0 else 1.0)
        return cls(min(xs), max(xs), step * max(1, math.ceil(highest / step)), step)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Position (x, y) of a point in pixels."""
        across = (x - self.low_x) / (self.high_x - self.low_x) if self.high_x > self.low_x else 0.5
        return _LEFT + across * (_RIGHT - _LEFT), _BOTTOM - y / self.high_y * (_BOTTOM - _TOP)

    def grid(self) -> list[str]:
        """Horizontal grid lines, and numbers along both axes."""
        parts = []
        for tick in range(round(self.high_y / self.step_y) + 1):
            at = self.place(self.low_x, tick * self.step_y)[1]
            parts.append(_line(_LEFT, at, _RIGHT, at, "tk-axis"))
            parts.append(_text(_LEFT - 8, at, f"{tick * self.step_y:.4g}", "end"))
        numbers = dict.fromkeys((self.low_x, (self.low_x + self.high_x) / 2, self.high_x))
        return parts + [_text(self.place(x, 0)[0], _BOTTOM + 16, f"{x:.5g}", "middle") for x in numbers]


def _nice_step(high: float) -> float:
    """A step of 1, 2 or 5 times a power of ten, such that about four steps reach `high`."""
    rough = high / 4
    power = 10.0 ** math.floor(math.log10(rough))
    # 0.999: a value that rounding has put just above a step still gets that step.
    return next(power * step for step in (1, 2, 5, 10) if power * step >= rough * 0.999)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start", *, hint: str = "") -> str:
    title = f"<title>{escape(hint)}</title>" if hint and hint != text else ""
    return f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="{anchor}">{title}{escape(text)}</text>'


def _svg(title: str, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg class="tk-chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {height}" '
        f'width="{WIDTH_PX}" height="{height}" role="img" aria-label="{escape(title)}">{_STYLE}'
        f'<text class="tk-title" x="10" y="20">{escape(title)}</text>{"".join(parts)}</svg>\n'
    )
