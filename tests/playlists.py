"""People with a few tracks and sounds, and the mutations of playlists as clients send them."""

from typing import Any

from tests.ask import Api

ANN, BOB, CID, DAN, EVE = range(1, 6)  # owner, editor, viewer, stranger, who blocked the owner

STATEMENTS = (
    """insert into users (handle, display_name, joined_at) select name, name, $1::timestamptz - interval '2 years'
        from unnest('{ann,bob,cid,dan,eve}'::text[]) name""",
    "insert into blocks values (5, 1, $1)",
    "insert into blocked_by values (1, 5)",
    "insert into tracks (title, duration_ms) select 'Track ' || n, 1000 * n from generate_series(1, 120) n",
    """insert into sounds (title, kind, status, duration_ms, created_at) values
        ('Rain', 'ORIGINAL', 'ACTIVE', 7, $1), ('Gone', 'ORIGINAL', 'REMOVED', 7, $1), ('Fog', 'ORIGINAL', 'MUTED', 5, $1)""",
)
SHOWN = """id title description visibility kind snapshotId itemCount durationMs shareUrl viewerRole updatedAt collaborators { role user { handle } }
    items(first: 100) { edges { itemId addedBy { handle } node { ... on Track { id } ... on Sound { id } } } }"""
REFUSED = "... on UserError { message path } ... on IdempotencyRefused { reason }"
EDITED = f"... on EditPlaylistPayload {{ playlist {{ {SHOWN} }} }} ... on SnapshotConflict {{ playlist {{ {SHOWN} }} }} {REFUSED}"
ANSWERS = {
    "createPlaylist": f"... on CreatePlaylistPayload {{ playlist {{ {SHOWN} }} }} {REFUSED}",
    "deletePlaylist": "... on DeletePlaylistPayload { deletedPlaylistId } ... on UserError { message path }",
}


async def people(api: Api) -> Api:
    """Fills an empty database; $1 is the time of the test."""
    async with api.database.transaction() as tx:
        for statement in STATEMENTS:
            await tx.connection.execute(statement, *([api.now] if "$1" in statement else []))
    return api


async def send(api: Api, field: str, viewer: int, **fields: Any) -> Any:
    """The result of one mutation; `base` is short for the snapshot, `playlist` for its number."""
    return (await send_raw(api, field, viewer, **fields)).data[field]


async def send_raw(api: Api, field: str, viewer: int, **fields: Any) -> Any:
    """The whole answer of one mutation."""
    if "playlist" in fields:
        fields["playlistId"] = f"playlist_{fields.pop('playlist')}"
    if "base" in fields:
        fields["baseSnapshotId"] = fields.pop("base")
    kind = field[0].upper() + field[1:]
    document = (
        f"mutation ($input: {kind}Input!) {{ {field}(input: $input) {{ __typename {ANSWERS.get(field, EDITED)} }} }}"
    )
    return await api.ask(document, viewer=viewer, input=fields)


async def create(api: Api, viewer: int = ANN, tracks: int = 0, **fields: Any) -> Any:
    """A new playlist with the first so many tracks."""
    entries = [f"track_{n}" for n in range(1, tracks + 1)]
    answer = await send(api, "createPlaylist", viewer, **({"title": "Mine", "entryIds": entries} | fields))
    return answer["playlist"]


async def shared(api: Api, tracks: int = 0, **fields: Any) -> Any:
    """A new playlist of Ann's, which Bob edits and Cid sees."""
    playlist = await create(api, tracks=tracks, **fields)
    for user, role in ((BOB, "EDITOR"), (CID, "VIEWER")):
        await send(api, "setCollaborator", ANN, playlistId=playlist["id"], userId=f"user_{user}", role=role)
    return playlist


def entries(playlist: Any) -> list[str]:
    """The ids of what stands in it, in order."""
    return [edge["node"]["id"] for edge in playlist["items"]["edges"]]


def places(playlist: Any) -> list[str]:
    """The ids of its items, in order."""
    return [edge["itemId"] for edge in playlist["items"]["edges"]]


async def told(api: Api) -> list[tuple[str, dict[str, Any]]]:
    """The events that were written since the last time somebody asked."""
    rows = await api.sql("with gone as (delete from outbox returning id, type, body) select * from gone order by id")
    return [(row["type"], row["body"]) for row in rows]


async def differences(api: Api) -> list[Any]:
    """Playlists whose counts, copies, tokens or documents are not what their rows say."""
    return await api.sql(
        """select p.id, 'counts' from playlists p left join playlist_items i on i.playlist_id = p.id
            left join tracks t on i.kind = 'TRACK' and t.id = i.entry_id left join sounds s on i.kind = 'SOUND' and s.id = i.entry_id
            group by p.id having p.item_count <> count(i.id) or p.duration_ms <> coalesce(sum(coalesce(t.duration_ms, s.duration_ms)), 0)
        union all select playlist_id, 'copies' from (
            (select owner_id u, created_at, id playlist_id, visibility = 'PUBLIC' listed from playlists
                union all select user_id, added_at, playlist_id, false from playlist_collaborators)
            except select user_id, created_at, playlist_id, listed from user_playlists) missing
        union all select playlist_id, 'copies' from (
            select user_id, created_at, playlist_id, listed from user_playlists
            except (select owner_id, created_at, id, visibility = 'PUBLIC' from playlists
                union all select user_id, added_at, playlist_id, false from playlist_collaborators)) odd
        union all select coalesce(p.id, t.playlist_id), 'token' from (select * from playlists where share_token is not null) p
            full join share_tokens t on t.playlist_id = p.id and t.token = p.share_token where p.id is null or t.playlist_id is null
        union all select coalesce(p.id::text, d.key)::bigint, 'document' from (select * from playlists where visibility = 'PUBLIC') p
            full join (select * from search_documents where kind = 'PLAYLIST') d on d.key = p.id::text where p.id is null or d.key is null"""
    )
