"""The server decides on its threads before torch is imported, and the user's own choice stands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.inference import threads
from server.inference.threads import ThreadPlan, available_cores, own_threads, plan_threads
from server.settings import Settings
from tiekd.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY")


@pytest.fixture(autouse=True)
def clean(monkeypatch) -> None:
    """Without variables of OpenMP, and without those that a test sets afterwards."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")  # So that the environment of before is put back even if a test adds it.
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("chosen", "cores", "plan"),
    [
        ({}, 1, (2, 1)),
        ({}, 2, (2, 1)),
        ({}, 6, (6, 1)),
        ({}, 64, (8, 8)),
        ({"threads": 2}, 8, (4, 2)),
        ({"threads": 8}, 8, (2, 8)),
        ({"workers": 1}, 4, (1, 4)),
        ({"workers": 3}, 2, (3, 1)),
        ({"workers": 3, "threads": 2}, 4, (3, 2)),
    ],
)
def test_streams_and_threads_follow_from_the_cores_unless_they_are_stated(chosen, cores, plan) -> None:
    assert plan_threads(Settings(**chosen), cores=cores) == ThreadPlan(*plan)


def test_the_user_s_number_of_openmp_threads_stands_and_a_setting_wins_over_it(monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert plan_threads(Settings(), cores=8) == ThreadPlan(4, 2)
    assert plan_threads(Settings(threads=1), cores=8) == ThreadPlan(8, 1)
    own_threads(Settings())
    assert os.environ["OMP_NUM_THREADS"] == "2"
    own_threads(Settings(threads=1))
    assert os.environ["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize("stated", ["0", "many", ""])
def test_a_number_that_openmp_would_not_take_says_nothing(monkeypatch, stated) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", stated)
    assert plan_threads(Settings(), cores=4) == ThreadPlan(4, 1)


def test_more_threads_than_cores_are_refused_with_the_range_that_works(monkeypatch) -> None:
    monkeypatch.setattr(threads, "available_cores", lambda: 6)
    with pytest.raises(ConfigError, match="threads=7 is more than") as caught:
        own_threads(Settings(threads=7))
    assert "1 to 6" in caught.value.hint
    assert "OMP_NUM_THREADS" not in os.environ
    assert own_threads(Settings(threads=6)) == ThreadPlan(2, 6)


@pytest.mark.parametrize("name", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"])
def test_waiting_threads_sleep_unless_the_user_has_said_how_they_wait(monkeypatch, name) -> None:
    monkeypatch.setenv(name, "7")
    own_threads(Settings())
    assert {other: os.environ[other] for other in VARIABLES[1:] if other in os.environ} == {name: "7"}
    monkeypatch.delenv(name)
    own_threads(Settings())
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"


@pytest.mark.parametrize(("limit", "cores"), [("50000 100000", 1), ("max 100000", None), ("", None)])
def test_the_limit_of_a_container_counts(monkeypatch, tmp_path, limit, cores) -> None:
    (tmp_path / "cpu.max").write_text(limit)
    monkeypatch.setattr(threads, "_CGROUP_LIMIT", tmp_path / "cpu.max")
    counted = available_cores()
    monkeypatch.setattr(threads, "_CGROUP_LIMIT", tmp_path / "none")
    assert counted == (cores or available_cores())


def test_openmp_is_told_before_torch_is_imported() -> None:
    code = (
        "import os, sys\n"
        "from server.app import create_app\n"
        "assert 'torch' not in sys.modules and 'OMP_WAIT_POLICY' not in os.environ, 'an import has effects'\n"
        "from server.inference import residency\n"
        "made = residency.Residency.__init__\n"
        "def checked(self, settings):\n"
        "    assert os.environ['OMP_WAIT_POLICY'] == 'PASSIVE' and 'torch' not in sys.modules\n"
        "    made(self, settings)\n"
        "residency.Residency.__init__ = checked\n"
        "create_app()\n"
        "import torch\n"
        "assert torch.get_num_threads() == int(os.environ['OMP_NUM_THREADS']) == 1\n"
    )
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    environment |= {"TIEKD_MODELS": "tiekd_mobilenetv2.demo", "TIEKD_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
