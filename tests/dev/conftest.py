"""A sample world so small that it is loaded, moved and counted in a second or two."""

import pytest

from dev.postgres import EmbeddedPostgres
from dev.sample import load_sample
from dev.world import SCALES, Scale
from tests.conftest import NOW, address, run_sql, score_charts

# One account farms a thousand videos, so that there are some of everybody else's too.
HAMLET = Scale(users=300, sounds=60, videos=3_000, likes=3, comments=0.5, follows=12)


@pytest.fixture
def hamlet(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a scale that may be loaded during the test."""
    monkeypatch.setitem(SCALES, "hamlet", HAMLET)
    return "hamlet"


@pytest.fixture(scope="session")
async def template_hamlet(cluster: EmbeddedPostgres, template: str) -> str:
    """The name of a database with a hamlet as of NOW, to copy."""
    await run_sql(cluster.address, f"create database template_hamlet template {template}")
    dsn = address(cluster, "template_hamlet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCALES, "hamlet", HAMLET)
        await load_sample(dsn, scale="hamlet", seed=1, now=NOW)
    await score_charts(dsn)
    return "template_hamlet"
