"""The first slice: a sound, its community, its videos and their creators, in four statements."""

from datetime import timedelta

from tests.ask import Api


async def seed(api: Api) -> None:
    await api.sql(
        "insert into users (handle, display_name, joined_at) select 'user' || n, 'User ' || n, $1::timestamptz from generate_series(1, 30) n",
        api.now,
    )
    await api.sql(
        "insert into sounds (title, kind, duration_ms, created_at, creator_id) select 'Sound ' || n, 'ORIGINAL', 1000, $1::timestamptz, n"
        " from generate_series(1, 3) n",
        api.now,
    )
    await api.sql(
        "insert into videos (sound_id, creator_id, caption, region, duration_ms, created_at, weight, trusted, new_creator)"
        " select 1 + n % 2, 1 + n % 30, 'Video ' || n, 'DE', 1000, $1::timestamptz - n * interval '1 minute', 1, true, false from generate_series(0, 59) n",
        api.now,
    )


async def test_pages_of_nested_lists_take_one_statement_a_level(api: Api) -> None:
    await seed(api)
    answer = await api.ask(
        """query ($ids: [ID!]!, $first: Int) { nodes(ids: $ids) { ... on Sound { title community { videos(sort: RECENT, first: $first) {
          pageInfo { hasNextPage endCursor } edges { cursor node { id creator { handle } } } } } } } }""",
        ids=["sound_1", "sound_2", "sound_3", "sound_99"],
        first=20,
    )
    assert not answer.errors
    assert answer.statements == ["active_user_by_id", "sound_by_id", "videos_by_sound"]
    first, second, third, missing = answer.data["nodes"]
    assert [len(node["community"]["videos"]["edges"]) for node in (first, second, third)] == [20, 20, 0]
    assert missing is None
    assert first["community"]["videos"]["pageInfo"]["hasNextPage"]


async def test_walking_forwards_and_backwards_meets_every_video_once(api: Api) -> None:
    await seed(api)
    query = """query ($first: Int, $after: Cursor, $last: Int, $before: Cursor) { sound(id: "sound_1") { community {
      videos(sort: RECENT, first: $first, after: $after, last: $last, before: $before) {
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { id createdAt } } } } } }"""
    forwards: list[str] = []
    after = None
    while True:
        page = (await api.get(query, first=7, after=after))["sound"]["community"]["videos"]
        forwards += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    backwards: list[str] = []
    before = None
    while True:
        page = (await api.get(query, last=7, before=before))["sound"]["community"]["videos"]
        backwards = [edge["node"]["id"] for edge in page["edges"]] + backwards
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert len(forwards) == 30 == len(set(forwards))
    assert forwards == backwards


async def test_blocked_creators_are_absent_and_pages_stay_full(api: Api) -> None:
    await seed(api)
    await api.sql(
        "insert into blocks select 5, id, $1::timestamptz from users where id % 2 = 1 and id <> 5",
        api.now + timedelta(0),
    )
    page = (
        await api.get(
            '{ sound(id: "sound_1") { community { videos(sort: RECENT, first: 10) { pageInfo { hasNextPage } edges { node { creator { id } } } } } } }',
            viewer=5,
        )
    )["sound"]["community"]["videos"]
    creators = {edge["node"]["creator"]["id"] for edge in page["edges"]}
    assert creators <= {f"user_{n}" for n in range(1, 31) if n % 2 == 0 or n == 5}
    assert page["pageInfo"] == {"hasNextPage": False}


async def test_a_cursor_of_another_list_is_refused(api: Api) -> None:
    await seed(api)
    query = """query ($id: ID!, $after: Cursor) { sound(id: $id) { community { videos(sort: RECENT, after: $after) { pageInfo { endCursor } } } } }"""
    cursor = (await api.get(query, id="sound_1"))["sound"]["community"]["videos"]["pageInfo"]["endCursor"]
    answer = await api.ask(query, id="sound_2", after=cursor)
    assert answer.errors[0]["original"].code == "INVALID_CURSOR"
