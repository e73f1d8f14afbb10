"""What the kernel says: who used how much of which core, and what machine this is (Linux: /proc)."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def _stat(pid: int) -> list[str]:
    # After the name, which may hold anything: state, parent, …; fields 14 to 17 of proc(5) are 11 to 14 here.
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def parent(pid: int) -> int:
    """Who started this process."""
    return int(_stat(pid)[1])


def family(root: int) -> list[int]:
    """This process and all that descend from it."""
    parents = {int(path.name): _stat(int(path.name))[1:2] for path in Path("/proc").iterdir() if path.name.isdigit()}
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == [str(pid)]]
    return found


def cpu_seconds(root: int) -> float:
    """What this process and all that descend or descended from it have used: user and system, the dead by their parents' account."""
    return sum(sum(map(int, _stat(pid)[11:15])) for pid in family(root)) / TICKS


def memory(root: int) -> int:
    """Resident bytes of this process and all that descend from it; what they share counts for each."""
    pages = sum(int(fields[21]) for fields in map(_stat, family(root)) if fields)
    return pages * os.sysconf("SC_PAGE_SIZE")


def pin(root: int, cores: set[int]) -> None:
    """Keeps this process, all that descend from it and all whom they will start on these cores."""
    for pid in family(root):
        tasks = Path(f"/proc/{pid}/task")
        for task in tasks.iterdir() if tasks.exists() else ():
            try:
                os.sched_setaffinity(int(task.name), cores)
            except ProcessLookupError:
                continue


@dataclass(frozen=True)
class Cores:
    """Seconds that each core was busy, and that the machine's host took from it."""

    busy: list[float]
    stolen: list[float]

    def since(self, before: "Cores") -> "Cores":
        return Cores(_difference(self.busy, before.busy), _difference(self.stolen, before.stolen))


def _difference(now: Iterable[float], before: Iterable[float]) -> list[float]:
    return [after - earlier for after, earlier in zip(now, before, strict=True)]


def cores() -> Cores:
    """The cores' seconds so far."""
    lines = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
    counts = [list(map(int, fields[1:])) for fields in lines if fields[0].startswith("cpu") and fields[0] != "cpu"]
    # user, nice, system, idle, iowait, irq, softirq, steal
    return Cores([(sum(c[:3]) + c[5] + c[6]) / TICKS for c in counts], [c[7] / TICKS for c in counts])


def machine() -> dict[str, Any]:
    """Its processor, cores, memory and kernel."""
    about = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in about if line.startswith("model name")), "unknown")
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(total / 2**30, 1),
        "kernel": f"{platform.system()} {platform.release()}",
    }
