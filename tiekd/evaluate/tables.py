"""An evaluation as text: a summary to read, and a CSV table with one row per image."""

from __future__ import annotations

import csv
import io
import math

from tiekd.evaluate.score import Evaluation


def text_table(found: Evaluation) -> str:
    """Summary of an evaluation: protocol, means and errors by range."""
    lines = [
        f"protocol {found.protocol.name}  fingerprint {found.fingerprint}  "
        f"{len(found.per_image)} images ({len(found.skipped)} skipped)",
        "  ".join(f"{name} {value:.4f}" for name, value in found.metrics.items()),
        "true depth      pixels  abs_rel   rmse  delta1  predicted/true",
    ]
    for row in found.by_range:
        numbers = (
            "    -" if math.isnan(row[k]) else f"{row[k]:.3f}"
            for k in ("abs_rel", "rmse", "delta1", "median_ratio")
        )
        lines.append(
            f"{row['from_m']:3.0f} to {row['to_m']:3.0f} m {row['n_pixels']:9.0f}  " + "   ".join(numbers)
        )
    if found.depth_scales:
        lines.append(f"read as metres x {' and '.join(f'{scale:.8g}' for scale in found.depth_scales)}")
    for reason in dict.fromkeys(reason for _, reason in found.skipped):
        n_frames = sum(reason == why for _, why in found.skipped)
        lines.append(f"skipped {n_frames}: {reason}")
    if found.selected_here:
        lines.append(
            "warning: the weights were chosen on these frames, so they score better here than on others; "
            "score them on a list that chose nothing"
        )
    if found.n_holes:
        lines.append(
            f"warning: {found.n_holes} pixels that count have no prediction (0), or one that is negative or "
            f"not finite; they were scored as {found.protocol.min_depth_m} m"
        )
    return "\n".join(lines)


def per_image_csv(found: Evaluation) -> str:
    """CSV with one row per scored image: its path, the number of pixels that count, every metric."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(found.per_image[0]), lineterminator="\n")
    writer.writeheader()
    for row in found.per_image:
        writer.writerow({k: f"{v:.9g}" if isinstance(v, float) else v for k, v in row.items()})
    return text.getvalue()
