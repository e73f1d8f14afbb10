"""What people do besides posting: they watch, like, talk, follow, save, pass on, and gather what they like; through the public API alone."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dev.client import new_key
from dev.scene import Account, Scene, Sound, spoken_by
from dev.words import Voice

A_POST = 20  # of them for each video that is posted,
MOST = 2.0  # a second at most
PLAYS = (3, 60)  # a call
LONGEST_AGO = timedelta(minutes=30)  # of a play that is recorded now
LONGEST_PLAYLIST = 60
CHANNELS = ("link", "message", "story")

SEEN = """
query Seen($sound: ID!, $sort: VideoSort!) {
  sound(id: $sound) {
    track { id durationMs }
    community { videos(sort: $sort, first: 10) { edges { node {
      id durationMs creator { id } comments(first: 5) { edges { node { id } } }
    } } } }
  }
}"""
PLAYLISTS = """
query Playlists {
  viewer { playlists(first: 10) { edges { node {
    id snapshotId itemCount viewerRole items(last: 10) { edges { itemId } }
  } } } }
}"""
NEWS = "query News { viewer { notifications(first: 1) { edges { cursor } } } }"
VIDEOS = "query Videos { viewer { user { videos(first: 5) { edges { node { id } } } } } }"

Mutate = Callable[[Account, str, str, dict[str, Any]], Awaitable[dict[str, Any] | None]]


@dataclass
class Seen:
    """What somebody sees who looks at a community: some of its videos, as the API shows them, and the track that it is cut from."""

    sound: Sound
    videos: list[dict[str, Any]]
    track: dict[str, Any] | None


class Doings:
    """One after the other, by anybody; `mutate` sends a mutation and dismisses whose token is refused."""

    def __init__(self, scene: Scene, luck: random.Random, voice: Voice, mutate: Mutate) -> None:
        self.scene, self.luck, self.voice, self._mutate = scene, luck, voice, mutate

    async def one(self, account: Account) -> None:
        """Something that somebody does, the usual more often than the rare."""
        (doing,) = self.luck.choices(list(OFTEN), list(OFTEN.values()))
        await doing(self, account)

    async def watch(self, account: Account) -> None:
        """Many plays in one call, as clients gather them."""
        seen = await self._look(account)
        if seen is None:
            return
        played = [(video["id"], video["durationMs"]) for video in seen.videos] + [(seen.sound.id, 15_000)]
        if seen.track:
            played.append((seen.track["id"], seen.track["durationMs"]))
        now = datetime.now(UTC)
        plays = []
        for _ in range(self.luck.randint(*PLAYS)):
            subject, lasts = self.luck.choice(played)
            at = (now - self.luck.random() * LONGEST_AGO).isoformat()
            heard = min(int(lasts * self.luck.uniform(0.1, 1)), 3_600_000)
            plays.append({"eventId": new_key(self.luck), "subjectId": subject, "playedAt": at, "durationMs": heard})
        await self._do(account, "recordPlays", plays=plays)

    async def like(self, account: Account) -> None:
        """A video or what was said about it, and seldom no longer."""
        if video := await self._video(account):
            comments = [edge["node"]["id"] for edge in video["comments"]["edges"]]
            subject = self.luck.choice(comments) if comments and self.luck.random() < 0.25 else video["id"]
            await self._do(account, "setLike", subjectId=subject, liked=self.luck.random() < 0.95)

    async def say(self, account: Account) -> None:
        """A comment, or an answer to one."""
        if video := await self._video(account):
            comments = [edge["node"]["id"] for edge in video["comments"]["edges"]]
            answered = self.luck.choice(comments) if comments and self.luck.random() < 0.3 else None
            said = self.voice.decorated(
                self.voice.say(spoken_by(account, self.luck), "reply" if answered else "comment")
            )
            at = self.luck.randrange(video["durationMs"]) if self.luck.random() < 0.15 else None
            what = {"subjectId": video["id"], "text": said, "replyToId": answered, "positionMs": at}
            await self._do(account, "addComment", keyed=True, **what)

    async def follow(self, account: Account) -> None:
        """Whoever posted what was just seen."""
        video = await self._video(account)
        if video and video["creator"]:
            await self._do(account, "setFollowing", subjectId=video["creator"]["id"], following=True)

    async def save(self, account: Account) -> None:
        """A sound, or the track that it is cut from."""
        if seen := await self._look(account):
            subject = seen.track["id"] if seen.track and self.luck.random() < 0.4 else seen.sound.id
            await self._do(account, "setSaved", subjectId=subject, saved=self.luck.random() < 0.9)

    async def join(self, account: Account) -> None:
        """A community, which is looked at at once."""
        if sound := self._sound():
            await self._do(account, "setMembership", soundId=sound.id, member=self.luck.random() < 0.9)
            await self._do(account, "markCommunitySeen", soundId=sound.id)

    async def pass_on(self, account: Account) -> None:
        """A video or a sound."""
        if seen := await self._look(account):
            subject = self.luck.choice([seen.sound.id, *(video["id"] for video in seen.videos)])
            channel = self.luck.choice(CHANNELS)
            await self._do(account, "recordShare", keyed=True, subjectId=subject, channel=channel)

    async def gather(self, account: Account) -> None:
        """On a playlist: what was seen comes to it, moves, or goes; now and then it is a new one, or somebody else is asked to work on it."""
        seen = await self._look(account)
        viewer = (await self.scene.client.ask(PLAYLISTS, account.token))["viewer"]
        if seen is None or viewer is None:
            return
        mine = [edge["node"] for edge in viewer["playlists"]["edges"] if edge["node"]["viewerRole"] != "VIEWER"]
        if not mine or self.luck.random() < 0.1:
            title = self.voice.title(spoken_by(account, self.luck), "playlist")
            await self._do(account, "createPlaylist", keyed=True, title=title, entryIds=[seen.sound.id])
            return
        await self._edit(account, self.luck.choice(mine), seen)

    async def _edit(self, account: Account, playlist: dict[str, Any], seen: Seen) -> None:
        items = [edge["itemId"] for edge in playlist["items"]["edges"]]
        base = {"playlistId": playlist["id"], "baseSnapshotId": playlist["snapshotId"]}
        chance = self.luck.random()
        others = [video["creator"]["id"] for video in seen.videos if video["creator"]]
        if playlist["viewerRole"] == "OWNER" and others and chance < 0.1:
            asked = {"userId": self.luck.choice(others), "role": self.luck.choice(("EDITOR", "VIEWER"))}
            await self._do(account, "setCollaborator", keyed=True, playlistId=playlist["id"], **asked)
        elif len(items) > 1 and chance < 0.3:
            moved, before = self.luck.sample(items, 2)
            await self._do(account, "movePlaylistItems", keyed=True, itemIds=[moved], beforeItemId=before, **base)
        elif items and (chance < 0.4 or playlist["itemCount"] >= LONGEST_PLAYLIST):
            await self._do(account, "removePlaylistItems", keyed=True, itemIds=[self.luck.choice(items)], **base)
        else:
            entry = seen.track["id"] if seen.track and self.luck.random() < 0.5 else seen.sound.id
            await self._do(account, "addPlaylistItems", keyed=True, entryIds=[entry], **base)

    async def catch_up(self, account: Account) -> None:
        """Reads what one was told."""
        viewer = (await self.scene.client.ask(NEWS, account.token))["viewer"]
        if viewer and viewer["notifications"]["edges"]:
            await self._do(account, "markNotificationsRead", upTo=viewer["notifications"]["edges"][0]["cursor"])

    async def think_again(self, account: Account) -> None:
        """Of a video of one's own: says it otherwise, or seldom takes it away."""
        viewer = (await self.scene.client.ask(VIDEOS, account.token))["viewer"]
        edges = viewer["user"]["videos"]["edges"] if viewer else []
        if not edges:
            return
        video = self.luck.choice(edges)["node"]["id"]
        if self.luck.random() < 0.1:
            await self._do(account, "deleteVideo", keyed=True, videoId=video)
        else:
            caption = self.voice.caption(spoken_by(account, self.luck), None, [])
            await self._do(account, "updateVideo", keyed=True, videoId=video, caption=caption)

    async def _look(self, account: Account) -> Seen | None:
        sound = self._sound()
        if sound is None:
            return None
        sort = self.luck.choice(("TOP", "RECENT", "RECENT"))
        found = (await self.scene.client.ask(SEEN, account.token, sound=sound.id, sort=sort))["sound"]
        if found is None:
            return None
        nodes = [edge["node"] for edge in found["community"]["videos"]["edges"]]
        return Seen(sound, [node for node in nodes if node], found["track"])

    async def _video(self, account: Account) -> dict[str, Any] | None:
        seen = await self._look(account)
        return self.luck.choice(seen.videos) if seen and seen.videos else None

    def _sound(self) -> Sound | None:
        known = list(self.scene.sounds.values())
        return self.luck.choices(known, [(1 + sound.videos) ** 0.5 for sound in known])[0] if known else None

    async def _do(self, account: Account, field: str, *, keyed: bool = False, **given: Any) -> None:
        # What the API refuses, because it is gone or was edited meanwhile, is no matter.
        document = (
            f"mutation Do($input: {field[0].upper()}{field[1:]}Input!) {{ {field}(input: $input) {{ __typename }} }}"
        )
        await self._mutate(account, document, field, given | ({"idempotencyKey": new_key(self.luck)} if keyed else {}))


# How often each is done, beside the others.
OFTEN: dict[Callable[[Doings, Account], Awaitable[None]], int] = {
    Doings.watch: 30,
    Doings.like: 30,
    Doings.say: 8,
    Doings.follow: 6,
    Doings.save: 6,
    Doings.gather: 6,
    Doings.join: 4,
    Doings.pass_on: 4,
    Doings.catch_up: 4,
    Doings.think_again: 1,
}
