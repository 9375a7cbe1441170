"""The page's modules as one script: the same modules, in order, and a map that leads back to their lines."""

import json
import shutil
import subprocess

import pytest

from server.http.joined import CannotJoinError, join
from server.http.static import StaticTree
from tiekd.assets import asset_root

MODULES = {
    "main.js": """// What runs.
import { Count, later as after } from "./room/count.js";
import {
  LIMIT,
  steps,
} from "./room/base.js";

const count = new Count();
for (const step of [1, 2]) count.add(step);
console.log(count.value, LIMIT, steps.name, after.name);
""",
    "room/base.js": """/**
 * @import { Count } from "./count.js"
 */
export const LIMIT = 7;
export async function* steps() {
  yield 1;
}
""",
    "room/count.js": """import { LIMIT } from "./base.js";
export class Count {
  value = 0;
  /** @param {import("./types.js").Step} step */
  add(step) {
    this.value = Math.min(LIMIT, this.value + step);
  }
}
const hidden = () => LIMIT;
export async function later() {
  return hidden();
}
""",
    "room/types.js": "export {};\n",
    "room/unused.js": "export const unused = 1;\n",
}


def joined(changes=None):
    return join(MODULES | (changes or {}), "main.js", map_name="main.map")


def test_each_module_stands_once_after_those_that_it_imports() -> None:
    script = joined().script
    places = [script.index(f"// {name}") for name in ("room/base.js", "room/count.js", "main.js")]
    assert places == sorted(places)
    assert script.count("class Count") == 1
    assert "unused" not in script
    assert script.endswith("//# sourceMappingURL=main.map\n")


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed.")
def test_the_script_does_what_the_modules_do(tmp_path) -> None:
    for name, text in MODULES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "joined.js").write_text(joined().script)
    said = [
        subprocess.run(["node", name], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for name in ("main.js", "joined.js")
    ]
    assert said == ["3 7 steps later\n"] * 2


def mapped(source_map: str) -> list[tuple[str, int] | None]:
    """File and line, from 0, of each line of a script."""
    told = json.loads(source_map)
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at, lines = [0, 0, 0, 0], []
    for segment in told["mappings"].split(";"):
        numbers, value, shift = [], 0, 0
        for digit in map(digits.index, segment):
            value |= (digit & 31) << shift
            shift += 5
            if not digit & 32:
                numbers.append(-(value >> 1) if value & 1 else value >> 1)
                value = shift = 0
        at = [old + new for old, new in zip(at, numbers or [0] * 4, strict=True)]
        lines.append((told["sources"][at[1]], at[2]) if numbers else None)
    return lines


def test_the_map_leads_from_each_line_to_its_own() -> None:
    long = {"room/base.js": "export const LIMIT = 7;\n" + "// more\n" * 90 + "export const steps = 0;\n"}
    made = joined(long)
    modules = MODULES | long
    lines, seen = made.script.splitlines(), set()
    for line, place in zip(lines, mapped(made.source_map), strict=False):
        if place is None:
            continue
        name, number = place
        seen.add(place)
        own = modules[name].splitlines()[number]
        assert line == own or own.startswith(("import ", "export ", "}")), (line, own)
    assert seen == {
        (name, at)
        for name in ("main.js", "room/base.js", "room/count.js")
        for at in range(len(modules[name].splitlines()))
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("export default 1;", "export default 1;"),
        ('import all from "./room/base.js";', "import all"),
        ('export * from "./room/base.js";', "export *"),
        ('const part = import("./room/base.js");', "import("),
        ("const here = import.meta.url;", "import.meta"),
        ("await Promise.resolve();", "await Promise"),
        ('import { gone } from "./gone.js";', "main.js imports gone.js"),
        ('import { main } from "./room/round.js";', "main.js → room/round.js → main.js"),
    ],
)
def test_what_can_not_be_joined_is_refused(text, told) -> None:
    changes = {"main.js": f"{text}\n", "room/round.js": 'import { main } from "../main.js";\n'}
    with pytest.raises(CannotJoinError) as caught:
        joined(changes)
    assert told in str(caught.value)


def test_the_modules_of_the_page_are_joined(caplog) -> None:
    static = StaticTree(asset_root() / "static", ["viewer/main.js"])
    program = static.program("viewer/main.js")
    assert program.address.endswith("/viewer/main.joined.js")
    assert program.modules == ()
    script = static.file("viewer/main.joined.js").data.decode()
    sources = json.loads(static.file("viewer/main.joined.js.map").data)["sources"]
    assert script.splitlines()[-1] == "//# sourceMappingURL=main.joined.js.map"
    assert "panels/pane.js" in sources
    assert all(static.file(f"viewer/{name}") for name in sources)
    assert not caplog.records


def test_a_page_that_can_not_be_joined_loads_its_modules(tmp_path, caplog) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "main.js").write_text("export default 1;\n")
    (tmp_path / "room" / "part.js").write_text("export const part = 1;\n")
    program = StaticTree(tmp_path, ["main.js"]).program("main.js")
    assert program.address.endswith("/main.js")
    assert [address.split("/", 3)[3] for address in program.modules] == ["main.js", "room/part.js"]
    [line] = caplog.messages
    assert "main.js has a form that joining does not know: export default 1;" in line


def test_an_edit_of_a_module_changes_the_joined_script(tmp_path, monkeypatch) -> None:
    now = 100.0
    monkeypatch.setattr("server.http.static.monotonic", lambda: now)
    (tmp_path / "main.js").write_text("export const a = 1;\n")
    static = StaticTree(tmp_path, ["main.js"])
    before = static.program("main.js").address
    (tmp_path / "main.js").write_text("export const a = 12;\n")
    now += 2
    assert static.program("main.js").address != before
    assert b"a = 12" in static.file("main.joined.js").data
