"""`chorus explain`: the plan of a query as it was run, and what it says to one that cannot be."""

from collections.abc import Callable
from typing import Any

import pytest

from cli import explained
from reach import CommandFailed
from settings import Settings
from tests.ask import Api

SOUND = """query ($id: ID!) { sound(id: $id) {
  title community { videoCount videos(first: 2) { edges { node { caption creator { handle } } } } } } }"""
Explained = Callable[..., Any]


@pytest.fixture
def lines(world: Api) -> Explained:
    """The lines that are shown for a query to the small world."""

    async def lines(text: str, variables: str = "{}", viewer: int | None = None) -> list[str]:
        return await explained(Settings(), world.database.dsn, text, variables, viewer)

    return lines


async def test_each_level_says_what_answers_it_and_what_it_sends(lines: Explained) -> None:
    assert await lines(SOUND, '{"id": "sound_3"}') == [
        "level 0  Query",
        "    sound: resolvers.sound.sound  sends sound_by_id",
        "level 1  Sound  at sound",
        "    built at once: title, community",
        "level 2  Community  at sound.community",
        "    built at once: videoCount",
        "    videos: resolvers.community.videos  sends videos_top_by_sound",
        "level 3  VideoConnection  at sound.community.videos",
        "    edges: column",
        "level 4  VideoEdge  at sound.community.videos.edges",
        "    built at once: node",
        "level 5  Video  at sound.community.videos.edges.node",
        "    built at once: caption",
        "    creator: resolvers.video.creator  sends active_user_by_id",
        "level 6  User  at sound.community.videos.edges.node.creator",
        "    built at once: handle",
    ]


async def test_a_viewer_has_blocks_to_be_looked_up(lines: Explained) -> None:
    shown = await lines('{ user(by: { id: "user_1" }) { handle } }', viewer=1)
    assert shown[:2] == ["level 0  Query", "    user: resolvers.user.user  sends active_user_by_id, hidden_by_user"]


async def test_what_went_wrong_while_it_ran_is_told(lines: Explained) -> None:
    assert (await lines('{ sound(id: "12") { title } }'))[-1] == "error: '12' is not an id that Chorus gave out."


@pytest.mark.parametrize(
    ("text", "variables", "says"),
    [
        ("{ sounds }", "{}", "Cannot query field 'sounds'"),
        ("{ sound(", "{}", "Syntax Error"),
        (SOUND, "{}", "Variable '$id'"),
        (SOUND, "{id: 1}", "JSON"),
        (SOUND, "[1]", "variables"),
        ('mutation { createProfile(input: { handle: "a", displayName: "b" }) { __typename } }', "{}", "Only a query"),
    ],
)
async def test_what_cannot_be_run_is_refused(lines: Explained, text: str, variables: str, says: str) -> None:
    with pytest.raises(CommandFailed, match=says.replace("$", r"\$")):
        await lines(text, variables)
