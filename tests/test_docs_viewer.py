"""docs/viewer.md: its pictures are those that `make study STUDY=pictures` takes, its links lead somewhere.

tests/viewer/guide.test.js compares the rest of it with the page.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studies import pictures

ROOT = Path(__file__).resolve().parent.parent
GUIDE = ROOT / "docs" / "viewer.md"
TEXT = GUIDE.read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """Of the headings, and those that a page names itself."""
    text = page.read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.+)$", text, flags=re.M)
    slugs = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    return slugs | set(re.findall(r'(?:id|name)="([\w-]+)"', text))


def test_the_guide_shows_every_picture_that_is_taken() -> None:
    shown = re.findall(r"!\[.+\]\(images/([\w.-]+)\)", TEXT)
    assert sorted(shown) == sorted(shot.file for shot in pictures.SHOTS)
    assert set(re.findall(r"docs/images/(viewer[\w.-]+)", README)) <= set(shown)
    assert {shot.theme for shot in pictures.SHOTS} == {"dark", "light"}


@pytest.mark.parametrize("shot", pictures.SHOTS, ids=lambda shot: shot.name)
def test_a_picture_is_small_and_of_its_size(shot: pictures.Shot) -> None:
    path = ROOT / pictures.FOLDER / shot.file
    assert path.stat().st_size <= pictures.LARGEST_BYTES
    with Image.open(path) as picture:
        assert picture.size == shot.size


def test_a_smaller_picture_shows_the_same() -> None:
    pixels = np.zeros((40, 256, 3), np.uint8)
    pixels[..., 0] = np.arange(256)
    whole = io.BytesIO()
    Image.fromarray(pixels).save(whole, "PNG")
    with Image.open(io.BytesIO(pictures.smaller(whole.getvalue()))) as picture:
        found = np.asarray(picture.convert("RGB")).astype(int)
    assert np.abs(found - pixels).max() <= 8


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)]+)\)", TEXT))))
def test_a_link_leads_to_a_page_and_a_heading(target: str) -> None:
    path, _, anchor = target.partition("#")
    page = GUIDE.parent / path if path else GUIDE
    assert page.exists()
    assert not anchor or anchor in anchors(page)
