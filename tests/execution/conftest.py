"""What an operation leaves behind, for whoever wants to know."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator
from typing import Any

import pytest


@pytest.fixture
async def nothing_left() -> AsyncIterator[None]:
    """Fails where the test leaves tasks, futures that wait, coroutines that were never awaited, or exceptions that nobody looked at."""
    loop = asyncio.get_running_loop()
    complaints: list[Any] = []
    loop.set_exception_handler(lambda _loop, context: complaints.append(context))
    tasks = others()
    gc.freeze()  # from here on only what the test makes is looked at
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
            assert others() <= tasks
            assert pending() == []
            gc.collect()
            await asyncio.sleep(0)
    finally:
        loop.set_exception_handler(None)
    assert [str(one.message) for one in caught] == []
    assert complaints == []


def others() -> set[Any]:
    return asyncio.all_tasks() - {asyncio.current_task()}


def pending() -> list[Any]:
    # Of this loop: a server of other tests may have one of its own, in a thread.
    loop = asyncio.get_running_loop()
    futures = [one for one in gc.get_objects() if isinstance(one, asyncio.Future) and not one.done()]
    return [one for one in futures if one is not asyncio.current_task() and one.get_loop() is loop]
