"""Charts of one evaluation."""

from __future__ import annotations

from tiekd.charts import Bar, Line, bar_chart, line_chart
from tiekd.evaluate.score import Evaluation


def plots(found: Evaluation) -> dict[str, str]:
    """File name -> SVG: error and bias by true depth, and AbsRel of the images from best to worst."""
    where = f"{found.protocol.name}, {len(found.per_image)} images"
    bands = {f"{row['from_m']:.0f} to {row['to_m']:.0f} m": row for row in found.by_range}
    ordered = sorted(row["abs_rel"] for row in found.per_image)
    return {
        "error_by_depth.svg": bar_chart(
            f"AbsRel by true depth ({where})", [Bar(name, row["abs_rel"]) for name, row in bands.items()]
        ),
        "bias_by_depth.svg": bar_chart(
            f"Predicted over true depth, median ({where})",
            [Bar(name, row["median_ratio"]) for name, row in bands.items()],
        ),
        "images.svg": line_chart(
            f"Images from best to worst ({where})",
            [Line("AbsRel", [(float(rank), value) for rank, value in enumerate(ordered, 1)])],
            x_label="images",
            y_label="AbsRel",
        ),
    }
