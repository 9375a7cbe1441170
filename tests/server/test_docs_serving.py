"""docs/serving.md lists every setting of the server as the code has it."""

import re
from pathlib import Path

from server.http.connections import MAX_HEADER_BYTES
from server.settings import Settings
from tiekd.zoo import HOME_VARIABLE

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")


def test_the_table_of_settings_is_the_programs_own() -> None:
    told = {
        name: (default, about)
        for name, default, about in re.findall(r"^\| `(TIEKD_\w+)` \| (.*?) ?\| (.*) \|$", TEXT, re.M)
    }
    held = {
        f"TIEKD_{name.upper()}": (
            "" if field.default in {(), None} else str(field.default).lower(),
            field.description,
        )
        for name, field in Settings.model_fields.items()
    }
    assert told == held


def test_the_variables_that_the_text_names_exist() -> None:
    others = {"TIEKD_HOST", "TIEKD_PORT", "TIEKD_ACCESS_LOG", HOME_VARIABLE}
    named = set(re.findall(r"TIEKD_\w+", TEXT))
    assert named - others == {f"TIEKD_{name.upper()}" for name in Settings.model_fields}
    assert f"longer than {MAX_HEADER_BYTES // 1024} KiB" in TEXT
