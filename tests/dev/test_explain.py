"""`chorus explain-reads`: no read goes unmeasured, and a slow one is named."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

import dev.cost
import dev.explain
from db.queries import QUERIES
from dev.explain import explain_reads
from dev.subjects import UnknownRead, read_subjects, require_all
from tests.ask import Api

SOME = ("sound_by_id", "videos_top_by_sound_niche", "videos_by_hashtag", "growth_by_sound", "niches")


@pytest.fixture(autouse=True)
def one_subject_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.explain, "SINGLE", 1)


async def explained(api: Api, *only: str) -> tuple[bool, str]:
    console = Console(file=io.StringIO(), width=200)
    well = await explain_reads(api.database.dsn, console, only)
    assert isinstance(console.file, io.StringIO)
    return well, console.file.getvalue()


def test_every_read_has_subjects_and_every_subject_a_read() -> None:
    assert set(require_all(read_subjects())) == read_subjects().about.keys()


def test_a_new_read_without_subjects_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(QUERIES, "sound_by_mood", replace(QUERIES["sound_by_id"], name="sound_by_mood"))
    with pytest.raises(UnknownRead, match=r"whom to ask about: sound\.sql:[0-9]+ sound_by_mood"):
        require_all(read_subjects())


def test_subjects_of_a_read_that_is_gone_stop_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(QUERIES, "sound_by_id")
    with pytest.raises(UnknownRead, match="nowhere in db/: sound_by_id"):
        require_all(read_subjects())


async def test_reads_within_their_bound_are_a_table_of_what_they_cost(
    world: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev.explain, "BOUND", 1000.0)
    well, printed = await explained(world, *SOME)
    assert well
    assert all(name in printed for name in SOME)
    assert "None is over it." in printed


async def test_a_read_over_its_bound_is_named(world: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.explain, "BOUND", 0.0001)
    well, printed = await explained(world, "sound_by_id", "niches")
    assert not well
    assert "Over it: niches, sound_by_id." in printed or "Over it: sound_by_id, niches." in printed


async def test_a_read_of_a_whole_table_is_noted(own_world: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.cost, "BIG", 1000)
    await own_world.sql("alter table hashtag_videos drop constraint hashtag_videos_pkey")
    await own_world.sql("drop index hashtag_videos_top")
    _, printed = await explained(own_world, "videos_by_hashtag")
    assert "reads all of hashtag_videos" in " ".join(printed.split())
