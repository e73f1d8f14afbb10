"""What a fact costs in CPU time, process by process: on a machine that is shared it says more than facts a second."""

import os

import psutil

MICROSECONDS = 1_000_000


def seconds(postmaster: int, **processes: int | None) -> dict[str, float]:
    """CPU time so far: of these processes, of Postgres with all its own, and of this one, which is the load and who listens."""
    used = {name: _seconds(psutil.Process(pid)) for name, pid in processes.items() if pid is not None}
    first = psutil.Process(postmaster)
    ended = first.cpu_times()
    own = [_seconds(one) for one in (first, *first.children(recursive=True))]
    used["postgres"] = sum(own) + ended.children_user + ended.children_system
    used["load_and_listeners"] = _seconds(psutil.Process(os.getpid()))
    return used


def microseconds(before: dict[str, float], after: dict[str, float], facts: int) -> dict[str, int]:
    """What each fact took of each process between the two, and in all."""
    each = {name: round((after[name] - before[name]) / facts * MICROSECONDS) for name in before}
    return each | {"all": sum(each.values())}


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # it ended just now, and is among those of its parent
        return 0.0
    return float(times.user + times.system)
