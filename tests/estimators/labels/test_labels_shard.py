"""Labels made by many processes, and by processes that are killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from label_kit import INFO, RampTeacher

from tiekd.data.frames import open_source, read_split
from tiekd.errors import ConfigError
from tiekd.estimators.labels import Shard, verify_labels, write_labels

TESTS = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys, time
from label_kit import INFO, RampTeacher
from tiekd.data.frames import open_source, read_split
from tiekd.estimators.labels import Shard, write_labels

class Slow(RampTeacher):
    def ramp(self, picture):
        time.sleep(float(sys.argv[3]))
        return super().ramp(picture)

root, out = sys.argv[1:3]
frames = read_split(open_source(f"kitti:{root}").root / "train.txt")
from pathlib import Path
counts = write_labels(Slow(), open_source(f"kitti:{root}"), frames, Path(out), INFO,
                      shard=Shard.from_environment())
print(counts.written, counts.kept)
"""


def start(world, out, seconds, **environment):
    path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(world), str(out), str(seconds)],
        env={**os.environ, "PYTHONPATH": path, **environment}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def whole(world, folder):
    write_labels(RampTeacher(), open_source(f"kitti:{world}"), read_split(world / "train.txt"), folder, INFO)
    return files(folder)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


def test_killed_at_any_moment_it_goes_on(tiny_world, tmp_path):
    out = tmp_path / "out"
    for at_least in (1, 3):
        process = start(tiny_world, out, 0.5)
        deadline = time.monotonic() + 120
        while len(list(out.glob("*.png"))) < at_least and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        process.stdout.close()
    kept = len(list(out.glob("*.png")))
    assert 3 <= kept < 6
    source, frames = open_source(f"kitti:{tiny_world}"), read_split(tiny_world / "train.txt")
    counts = write_labels(RampTeacher(), source, frames, out, INFO)
    assert (counts.written, counts.kept) == (6 - kept, kept)
    assert verify_labels(RampTeacher(), source, frames, out, samples=6) == 0.0
    assert files(out) == whole(tiny_world, tmp_path / "unbroken")


def test_processes_share_the_work_and_one_sidecar(tiny_world, tmp_path):
    out = tmp_path / "out"
    started = [start(tiny_world, out, 0.0, RANK=str(rank), WORLD_SIZE="4") for rank in range(4)]
    said = [process.communicate()[0].split() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0, 0]
    assert said == [["2", "0"], ["2", "0"], ["1", "0"], ["1", "0"]]
    assert files(out) == whole(tiny_world, tmp_path / "alone")
    assert not list(out.glob(".*"))


def test_shares_cover_everything_once():
    parts = [Shard(rank, 3).of(range(8)) for rank in range(3)]
    assert sorted(n for part in parts for n in part) == list(range(8))
    assert Shard().of([1, 2]) == [1, 2]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"RANK": "2", "WORLD_SIZE": "2"}, "no process 2 of 2"),
        ({"RANK": "-1", "WORLD_SIZE": "2"}, "no process -1 of 2"),
        ({"RANK": "one", "WORLD_SIZE": "2"}, "must be whole numbers"),
    ],
)
def test_an_impossible_share_is_told(environment, said):
    with pytest.raises(ConfigError, match=said):
        Shard.from_environment(environment)
    assert Shard.from_environment({}) == Shard(0, 1)


@pytest.mark.slow
def test_torchrun_labels_with_two_processes(tiny_world, tiny_models, tmp_path):
    words = [
        "label", str(tiny_models["tiny_base"]), "--data", f"kitti:{tiny_world}", "--split", "train.txt",
        "--crop", "none", "--out", str(tmp_path / "out"), "--json", str(tmp_path / "result.json"),
    ]  # fmt: skip
    tiekd = str(Path(sys.executable).parent / "tiekd")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launcher, "--no-python", tiekd, *words], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(TESTS.parent), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    assert (result["n"], result["rank"], result["world_size"]) == (3, 0, 2)
    assert result["max_difference_m"] < 0.01
    assert "[2 of 2]" in done.stderr
    assert len(list((tmp_path / "out").glob("*.png"))) == 6
