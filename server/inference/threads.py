"""How many pictures are computed at the same time, and with how many threads each.

A network with one thread never waits for other threads, so many pictures at a time with one thread each give
more answers per second than one picture with all threads (docs/benchmarks.md). Threads that share a picture
must sleep while they wait for each other. By default they spin: as soon as another process wants a core, they
take the time that the thread they wait for needs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from server.settings import Settings
from tiekd.errors import ConfigError

MOST_STREAMS = 8
"""Streams by default, at most: each needs memory for what its network computes."""
_LEAST_STREAMS = 2
"""Streams by default, at least, so that a large photo does not hold up every other one."""
_WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY")
_CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True, slots=True)
class ThreadPlan:
    """`streams` pictures are computed at the same time, each by `threads` threads."""

    streams: int
    threads: int


def plan_threads(settings: Settings, *, cores: int) -> ThreadPlan:
    """What the settings say, else OMP_NUM_THREADS, else what suits a machine of so many cores.

    Raises ConfigError for more threads than cores.
    """
    threads = settings.threads
    if threads is not None and threads > cores:
        raise ConfigError(
            f"threads={threads} is more than this machine has cores.",
            hint=f"Use 1 to {cores}, or leave it out.",
        )
    stated = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if threads is None and stated.isdecimal() and int(stated) > 0:
        threads = int(stated)
    streams = settings.workers or max(_LEAST_STREAMS, min(MOST_STREAMS, cores // (threads or 1)))
    return ThreadPlan(streams, threads or max(1, cores // streams))


def own_threads(settings: Settings) -> ThreadPlan:
    """Decide on the threads and tell OpenMP, which reads the environment once, when torch is imported.

    A waiting policy or a number of threads that the user has put there stays; only `settings.threads` wins
    over OMP_NUM_THREADS. Raises as `plan_threads` does.
    """
    plan = plan_threads(settings, cores=available_cores())
    if settings.threads is not None or "OMP_NUM_THREADS" not in os.environ:
        os.environ["OMP_NUM_THREADS"] = str(plan.threads)
    if not any(name in os.environ for name in _WAITING):
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    return plan


def available_cores() -> int:
    """Cores that this process may use: by its affinity and by the limit of its container."""
    has_affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    try:
        quota, _, period = _CGROUP_LIMIT.read_text().partition(" ")
        return max(1, min(cores, round(int(quota) / int(period))))
    except (OSError, ValueError):  # No such limit: there is no file, or it says "max".
        return cores
