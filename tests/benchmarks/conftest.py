"""What the benchmarks of the page need."""

import shutil

import pytest


@pytest.fixture
def chromium_installed() -> None:
    """Skips a test where there is no Chromium."""
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        pytest.skip("Chromium is not installed.")
