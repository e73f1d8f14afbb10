"""Who follows, blocks, joins, saves, likes and says what: heavy tails, nobody before he joined, nobody twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dev.catalogue import Catalogue
from dev.sounds import Made
from dev.tables import Column, Table, identity, reference, rows
from dev.videos import Videos
from dev.words import Voice
from dev.world import REGIONS, Crowd, Flags, Floats, Integers, People, Scale

REPLIES = 0.25  # of the comments


class Society:
    """Draws pairs of a person and something else; `now` is when the world ends."""

    def __init__(self, scale: Scale, people: People, now: int, random: np.random.Generator) -> None:
        self.scale, self.people, self.now, self.random = scale, people, now, random
        nowhere = np.zeros_like(people.region)
        self._anybody = Crowd(people, nowhere, people.free**0.6)
        self._here = Crowd(people, people.region, people.free**0.6)

    def somebody(self, count: int) -> Integers:
        """People from anywhere; who posts much also does the rest more often."""
        return self._anybody.draw(np.zeros(count, np.int64), np.full(count, self.now), self.random)

    def somebody_near(self, regions: Integers) -> Integers:
        """People, two of three from these regions."""
        near = self._here.draw(regions, np.full(len(regions), self.now), self.random)
        return np.where((near >= 0) & (self.random.random(len(regions)) < 0.66), near, self.somebody(len(regions)))

    def when(self, *possible_since: Integers) -> Integers:
        """An instant for each entry from when it was possible on, mostly soon after."""
        since = possible_since[0]
        for other in possible_since[1:]:
            since = np.maximum(since, other)
        return since + ((self.now - since) * self.random.random(len(since)) ** 3).astype(np.int64)

    def follows(self) -> tuple[Integers, Integers, Integers]:
        """Followers, whom they follow, and since when."""
        count = round(self.scale.users * self.scale.follows)
        who = self.somebody(count)
        fame = self.people.free * self.random.lognormal(0, 1.3, self.scale.users)
        near = Crowd(self.people, self.people.region, fame).draw(
            self.people.region[who], np.full(count, self.now), self.random
        )
        far = Crowd(self.people, np.zeros_like(self.people.region), fame).draw(
            np.zeros(count, np.int64), np.full(count, self.now), self.random
        )
        whom = np.where((near >= 0) & (self.random.random(count) < 0.6), near, far)
        who, whom = pairs(who, whom)
        return who, whom, self.when(self.people.joined[who], self.people.joined[whom])

    def blocks(self) -> tuple[Integers, Integers, Integers]:
        """Who blocked whom, and when."""
        count = max(60, self.scale.users // 12)
        who, whom = pairs(self.somebody(count), self.somebody(count))
        return who, whom, self.when(self.people.joined[who], self.people.joined[whom])

    def users_of(self, videos: Videos, count: int) -> tuple[Integers, Integers]:
        """Sounds and people who took a liking to them: half of them creators, the others saw one of the videos."""
        seen = self.random.integers(len(videos.time), size=count)
        creator = videos.creator[seen]
        other = self.somebody_near(videos.region[seen])
        mine = (self.random.random(count) < 0.5) & (self.people.free[creator] > 0)
        return pairs(videos.sound[seen], np.where(mine, creator, other))


def pairs(left: Integers, right: Integers) -> tuple[Integers, Integers]:
    """Each pair once, in order, nobody with himself where both are people, nobody who is -1."""
    keys = np.unique((left << 32 | right)[(left >= 0) & (right >= 0)])
    return keys >> 32, keys & 0xFFFFFFFF


def social_tables(society: Society, made: Made, videos: Videos, catalogue: Catalogue) -> Iterator[Table]:
    """Follows, blocks, members and saves; only the first of two copies."""
    people, now, random = society.people, society.now, society.random
    who, whom, since = society.blocks()
    apart = who != whom
    who, whom, since = who[apart], whom[apart], since[apart]
    yield Table("blocks", "user_id blocked_id created_at", rows(identity(who), identity(whom), since))
    kept = np.concatenate([who << 32 | whom, whom << 32 | who])
    who, whom, since = society.follows()
    open_ = (who != whom) & ~np.isin(who << 32 | whom, kept)
    yield Table(
        "follows",
        "user_id followed_id created_at",
        rows(identity(who[open_]), identity(whom[open_]), since[open_]),
    )
    count = len(videos.time)
    for table, share in (("community_members", 0.45), ("saved_sounds", 0.3)):
        sound, user = society.users_of(videos, round(count * share))
        since = society.when(made.created[sound], people.joined[user])
        if table == "saved_sounds":
            yield Table(table, "user_id sound_id created_at", rows(identity(user), identity(sound), since))
        else:
            yield Table(table, "sound_id user_id created_at", rows(identity(sound), identity(user), since))
    loved = catalogue.popularity / catalogue.popularity.sum()
    track = random.choice(len(loved), people.joined.size * 3, p=loved)
    user, track = pairs(society.somebody(len(track)), track)
    yield Table(
        "saved_tracks",
        "user_id track_id created_at",
        rows(identity(user), identity(track), society.when(people.joined[user], out(catalogue, track))),
    )
    fans = random.choice(catalogue.artist, people.joined.size * 2, p=loved)
    user, artist = pairs(society.somebody(len(fans)), fans)
    yield Table(
        "artist_follows",
        "user_id artist_id created_at",
        rows(identity(user), identity(artist), np.minimum(society.when(people.joined[user]), now)),
    )


def out(catalogue: Catalogue, track: Integers) -> Integers:
    """When these tracks came out."""
    return np.maximum(catalogue.date[track], 0) * 86_400_000_000


@dataclass(frozen=True)
class Likes:
    """One entry a like of a video; nobody likes one twice."""

    video: Integers
    user: Integers
    since: Integers


def draw_likes(society: Society, videos: Videos, appeal: Floats) -> Likes:
    """By the appeal of the videos; in a world of 2,000 nothing can be liked a million times."""
    liked = _by_appeal(society, appeal, round(len(videos.time) * society.scale.likes))
    video, user = pairs(liked, society.somebody_near(videos.region[liked]))
    return Likes(video, user, society.when(videos.time[video], society.people.joined[user]))


def like_table(videos: Videos, likes: Likes) -> Table:
    """Rows of likes of videos."""
    return Table(
        "video_likes",
        "sound_id video_id user_id created_at",
        rows(identity(videos.sound[likes.video]), identity(likes.video), identity(likes.user), likes.since),
    )


@dataclass(frozen=True)
class Comments:
    """One entry a comment in the order of time: its video or track, its place there and what it answers, -1 for most."""

    about: Integers
    author: Integers
    time: Integers
    place: Integers
    answers: Integers
    hidden: Flags  # suspended people's


def comments_on_videos(society: Society, videos: Videos, appeal: Floats) -> Comments:
    """By the appeal of the videos."""
    video = _by_appeal(society, appeal, round(len(videos.time) * society.scale.comments))
    return _draw_comments(society, video, videos.time[video], np.full(len(video), 5_000), videos.region[video])


def comments_on_tracks(society: Society, catalogue: Catalogue) -> Comments:
    """By the popularity of the tracks."""
    loved = catalogue.popularity / catalogue.popularity.sum()
    track = society.random.choice(len(loved), len(loved) * 4, p=loved)
    region = catalogue.region[catalogue.artist[track]]
    return _draw_comments(society, track, out(catalogue, track), catalogue.duration[track], region)


def _by_appeal(society: Society, appeal: Floats, count: int) -> Integers:
    sums = np.cumsum(np.minimum(appeal, np.quantile(appeal, 0.999)))
    return np.asarray(np.searchsorted(sums, society.random.random(count) * sums[-1], side="right"), np.int64)


def _draw_comments(society: Society, about: Integers, since: Integers, lasts: Integers, region: Integers) -> Comments:
    random, people = society.random, society.people
    author = _speakers(society, region)
    time = society.when(since, people.joined[author])
    order = np.argsort(time, kind="stable")
    about, author, time, lasts = about[order], author[order], time[order], lasts[order]
    place = np.where(random.random(len(about)) < 0.15, (random.random(len(about)) * lasts).astype(np.int64), -1)
    answers = np.full(len(about), -1)
    by_subject = np.argsort(about, kind="stable")
    again = np.flatnonzero(np.diff(about[by_subject]) == 0)
    again = again[random.random(len(again)) < 2 * REPLIES]
    # A reply never has replies: whoever answers one answers what it answered.
    for earlier, later in zip(by_subject[again].tolist(), by_subject[again + 1].tolist(), strict=True):
        answers[later] = earlier if answers[earlier] < 0 else answers[earlier]
    return Comments(about, author, time, place, answers, people.suspended[author])


def video_comment_tables(society: Society, videos: Videos, comments: Comments, voice: Voice) -> Iterator[Table]:
    """Comments on videos and their likes."""
    sound = videos.sound[comments.about]
    keys = (identity(sound), identity(comments.about))
    yield from _comment_tables(society, "video", "sound_id", "sound_id video_id", keys, comments, voice)


def track_comment_tables(society: Society, comments: Comments, voice: Voice) -> Iterator[Table]:
    """Comments on tracks and their likes."""
    keys = (identity(comments.about),)
    yield from _comment_tables(society, "track", "track_id", "track_id", keys, comments, voice)


def _comment_tables(
    society: Society, subject: str, key: str, names: str, keys: tuple[Integers, ...], comments: Comments, voice: Voice
) -> Iterator[Table]:
    count = len(comments.about)
    liked = (society.random.random(count) ** 2 * count).astype(np.int64)
    comment, user = pairs(liked, society.somebody(count))
    since = society.when(comments.time[comment], society.people.joined[user])
    yield Table(
        f"{subject}_comments",
        f"{names} id author_id created_at position_ms reply_to_id text like_count hidden",
        _said(society, keys, comments, np.bincount(comment, minlength=count), voice),
    )
    yield Table(
        f"{subject}_comment_likes",
        f"{key} comment_id user_id created_at",
        rows(keys[0][comment], identity(comment), identity(user), since),
    )


def _speakers(society: Society, regions: Integers) -> Integers:
    speakers = society.somebody_near(regions)
    silenced = np.flatnonzero(society.people.suspended)
    loud = society.random.random(len(speakers)) < 0.004
    return np.where(loud, society.random.choice(silenced, len(speakers)), speakers)


def _said(
    society: Society, keys: tuple[Integers, ...], comments: Comments, likes: Integers, voice: Voice
) -> Iterator[Sequence[Any]]:
    def make(*parts: Any) -> Iterator[Sequence[Any]]:
        for *key, number, who, at, position, answered, region, liked, hidden in zip(*parts, strict=True):
            kind = "comment" if answered is None or voice.chance() < 0.3 else "reply"
            text = voice.decorated(voice.say(voice.pick(REGIONS[region].languages), kind))
            yield *key, number, who, at, position if position >= 0 else None, answered, text, liked, hidden

    region = society.people.region[comments.author]
    columns: tuple[Column, ...] = (
        *keys, identity(np.arange(len(region))), identity(comments.author), comments.time, comments.place,
        reference(comments.answers), region, likes, comments.hidden,
    )  # fmt: skip
    return rows(*columns, make=make)
