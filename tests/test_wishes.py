"""setLike, setSaved, setFollowing, setMembership, setBlocked: the wished state is the input, written once, told once, counted once, shown at once."""

from typing import Any

import pytest

from tests.ask import Api
from tests.trending.scene import arrange, settle

SET_SAVED = """mutation ($id: ID!, $on: Boolean!) { setSaved(input: {subjectId: $id, saved: $on}) { __typename
  ... on SetSavedPayload { subject { __typename ... on Sound { id saveCount viewerHasSaved } ... on Track { id saveCount viewerHasSaved } } }
  ... on UserError { message path } } }"""


@pytest.fixture
async def town(api: Api) -> Api:
    """Ninety accounts and five sounds, as everywhere."""
    await arrange(api)
    return api


async def save(api: Api, viewer: int = 1, *, on: bool = True, id: str = "sound_1") -> Any:
    return (await api.get(SET_SAVED, viewer=viewer, id=id, on=on))["setSaved"]


async def test_a_sound_is_saved(town: Api) -> None:
    answer = await save(town)
    assert answer["subject"] == {"__typename": "Sound", "id": "sound_1", "saveCount": 1, "viewerHasSaved": True}
    await settle(town)
    assert (await save(town))["subject"]["saveCount"] == 1
    answer = await save(town, on=False)
    assert answer["subject"]["saveCount"] == 0
    answer = await save(town)
    assert answer["subject"]["saveCount"] == 1
