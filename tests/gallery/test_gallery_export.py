import itertools
import json
import re

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tiekd.cli.main import app
from tiekd.codecs import png16
from tiekd.errors import DataError
from tiekd.gallery import ResultsOptions, export
from tiekd.gallery.export import export_site
from tiekd.gallery.live import open_folders
from tiekd.gallery.scores import SCORED, Rule, Scorer, columns

DEPTH = np.linspace(1, 79, 6 * 8, dtype=np.float32).reshape(6, 8)


@pytest.fixture
def results(tmp_path):
    root = tmp_path / "results"
    for name in ("net", "millimetres", "image"):
        (root / name).mkdir(parents=True)
    for frame in ("day/f0", "f#1 %?"):
        for name in ("net", "millimetres"):
            (root / name / frame).parent.mkdir(exist_ok=True)
            np.save(root / name / f"{frame}.npy", DEPTH * (1000 if name == "millimetres" else 1))
    Image.new("RGB", (8, 6)).save(root / "image" / "f#1 %?.JPG", "JPEG")
    return root


def galleries(folder):
    return open_folders([folder], ResultsOptions())


def read(folder, name):
    return json.loads((folder / name).read_text())


def test_the_files_of_an_export(results, tmp_path) -> None:
    out = tmp_path / "deep" / "site"
    written = export_site(galleries(results), out)
    about = read(out, "data/galleries.json")
    assert about["format"] == "tiekd site 1"
    assert about["galleries"] == [
        {"id": "results", "title": "results", "n_frames": 2, "methods": ["millimetres", "net"], "page": 500}
    ]
    listing = read(out, "data/listing/results/0.json")
    assert (listing["offset"], listing["n_frames"], listing["has_images"]) == (0, 2, True)
    first, second = listing["frames"]
    assert (first["id"], first["has_image"]) == ("day/f0", False)
    assert second["photo"] == "f#1 %?.jpg"
    pictures = out / "data" / "pictures" / "results"
    stored = np.asarray(Image.open(pictures / "net" / "day" / "f0.png"))
    assert np.array_equal(stored, png16.to_uint16(DEPTH))
    assert (pictures / "image" / "f#1 %?.jpg").read_bytes() == (results / "image" / "f#1 %?.JPG").read_bytes()
    assert (out / ".nojekyll").is_file()
    files = [path for path in out.rglob("*") if path.is_file()]
    assert (written.n_files, written.n_bytes) == (len(files), sum(path.stat().st_size for path in files))


def test_what_can_not_be_read_is_said_and_counted(results, tmp_path) -> None:
    written = export_site(galleries(results), tmp_path / "site")
    first, second = read(tmp_path / "site", "data/listing/results/0.json")["frames"]
    assert written.n_broken == 2
    for frame in (first, second):
        assert "Declare millimetres" in frame["broken"]["millimetres"]
    assert not (tmp_path / "site" / "data" / "pictures" / "results" / "millimetres").exists()


def test_the_page_of_an_export_has_only_relative_addresses(results, tmp_path) -> None:
    export_site(galleries(results), tmp_path / "site")
    page = (tmp_path / "site" / "index.html").read_text()
    addresses = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert len(addresses) > 50
    for address in addresses:
        assert not address.startswith(("/", "http")), address
        assert (tmp_path / "site" / address).exists(), address
    assert 'data-site="data"' in page
    assert "<script>" not in page


def test_an_export_has_the_errors_of_its_frames(results, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TIEKD_HOME", str(tmp_path / "home"))
    (results / "gt").mkdir()
    for name, factor in {"f#1 %?": 0.5, "day/f0": 2}.items():
        (results / "gt" / name).parent.mkdir(exist_ok=True)
        np.save(results / "gt" / f"{name}.npy", DEPTH * factor)
    (results / "net" / "f#1 %?.npy").write_bytes(b"cut off")
    opened = galleries(results)
    export_site(opened, tmp_path / "site")
    (about,) = read(tmp_path / "site", "data/galleries.json")["galleries"]
    assert about["scores"] == {"against": "gt", "boxes": ["none", "garg", "eigen"]}
    folder = tmp_path / "site" / "data" / "scores" / "results"
    for box, metric in itertools.product(about["scores"]["boxes"], SCORED):
        scorer = Scorer(opened[0], "gt", Rule.parse(box, "", usual=opened[0].listing.depth_range))
        (expected,) = columns([scorer.score("day/f0", ["net"])], ["net"], metric)["net"]
        assert expected is not None
        written = read(folder, f"{box}/{metric}.json")
        assert written == {"net": [expected, None], "millimetres": [None, None]}
    assert read(folder, "none/abs_rel.json")["net"][0] == pytest.approx(0.5, abs=0.01)


def test_long_listings_are_written_in_pages(results, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(export, "PAGE", 1)
    export_site(galleries(results), tmp_path / "site")
    pages = [read(tmp_path / "site", f"data/listing/results/{number}.json") for number in (0, 1)]
    assert [(page["offset"], len(page["frames"]), page["n_frames"]) for page in pages] == [
        (0, 1, 2),
        (1, 1, 2),
    ]


def test_only_an_earlier_export_is_replaced(results, tmp_path) -> None:
    out = tmp_path / "site"
    out.mkdir()
    export_site(galleries(results), out)
    with pytest.raises(DataError, match="earlier export") as caught:
        export_site(galleries(results), out)
    assert "--force" in caught.value.hint
    (results / "net" / "f2.npy").write_bytes((results / "net" / "day" / "f0.npy").read_bytes())
    export_site(galleries(results), out, force=True)
    assert (out / "data" / "pictures" / "results" / "net" / "f2.png").is_file()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("all of it")
    for force in (False, True):
        with pytest.raises(DataError, match="other files"):
            export_site(galleries(results), tmp_path / "mine", force=force)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_an_export_into_the_results_that_it_reads_is_refused(results, tmp_path) -> None:
    (tmp_path / "link").symlink_to(results)
    for out in (results, results / "site", results / "net" / "site", tmp_path / "link" / "site"):
        with pytest.raises(DataError, match="its pictures would be taken for results"):
            export_site(galleries(results), out)
    assert not (results / "site").exists()
    export_site(galleries(results), tmp_path / "results-site")


def test_an_export_that_fails_leaves_the_earlier_one(results, tmp_path, monkeypatch) -> None:
    export_site(galleries(results), tmp_path / "site")
    before = sorted((tmp_path / "site").rglob("*"))
    monkeypatch.setattr(export, "_write_photo", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export_site(galleries(results), tmp_path / "site", force=True)
    assert sorted((tmp_path / "site").rglob("*")) == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_verb(results, tmp_path) -> None:
    out = str(tmp_path / "my site")
    source = ["--source", "millimetres=scale=1000", "--source", "nett=scale=3"]
    done = CliRunner().invoke(
        app, ["gallery", "export", out, "--results", str(results), *source, "--json", "-"]
    )
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert "There is no folder 'nett'; what is declared of it is not used. Is it 'net'?\n" in done.stderr
    assert "'millimetres'" not in done.stderr
    assert (said["galleries"], said["frames"], said["broken"]) == (["results"], 2, 0)
    shown = CliRunner().invoke(app, ["gallery", "export", out, "--force", "--results", str(results), *source])
    assert shown.stdout.endswith(f"Look at it: python -m http.server --directory '{out}'\n")
    for wrong, words in (
        (["--gallery", "nope"], "Unknown gallery 'nope'"),
        (["--gallery", "demo", "--results", str(results)], "do not go together"),
    ):
        refused = CliRunner().invoke(app, ["gallery", "export", str(tmp_path / "other"), *wrong])
        assert refused.exit_code == 2
        assert words in refused.output
        assert not (tmp_path / "other").exists()
