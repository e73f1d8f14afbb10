"""The simulator in a process of its own, beside the server."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def simulating(url: str, rate: float, tokens: Path) -> Iterator[None]:
    """Posts at this address for the time of the block; its process ends when its pipe to us does, so also when we were killed."""
    command = [sys.executable, "-m", "cli", "simulate", "--url", url, "--rate", str(rate), "--while-parent-lives"]
    command += ["--tokens", str(tokens)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        try:
            yield
        finally:
            process.stdin.close()  # type: ignore[union-attr]
