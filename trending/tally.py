"""What each fact adds to which counts: the one list that the worker counts by, and by which a payload shows what was just done."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

Body = Mapping[str, Any]
Key = tuple[Any, ...]
Tally = dict[str, dict[Key, dict[str, int]]]  # what is added to each column, by table and key
DAY = timedelta(days=1)


class Rule(NamedTuple):
    """Adds to columns of the row that these parts of a body name; where the last part is a list, of a row for each of it.

    How much is a number, or the part of the body that says it.
    """

    table: str
    key: tuple[str, ...]
    adds: Mapping[str, int | str]


Rules = tuple[Rule, ...]


class Part(NamedTuple):
    """What a fact adds (`sign` 1), or takes away (-1)."""

    rules: Rules
    sign: int
    body: Body


SOUND, VIDEO = ("sound_id",), ("sound_id", "video_id")
REGION, INTERVALS = ("sound_id", "region"), ("sound_id", "intervals")
POSTED: Rules = (
    Rule("sounds", SOUND, {"video_count": 1, "creator_count": "new_creator", "view_count": "view_count"}),
    Rule("users", ("creator_id",), {"video_count": 1}),
    Rule("hashtags", ("hashtags",), {"video_count": 1}),
    Rule("community_niches", ("sound_id", "niche_ids"), {"video_count": 1}),
    Rule("community_regions", REGION, {"video_count": 1, "creator_count": "new_creator"}),
    Rule("community_growth", INTERVALS, {"video_count": 1, "new_creator_count": "new_creator"}),
)
CREATOR: Rules = (
    Rule("sounds", SOUND, {"creator_count": 1}),
    Rule("community_regions", REGION, {"creator_count": 1}),
    Rule("community_growth", INTERVALS, {"new_creator_count": 1}),
)
RULES: dict[str, Rules] = {
    "VIDEO_POSTED": POSTED,
    "VIDEO_LIKED": (Rule("videos", VIDEO, {"like_count": 1}),),
    "VIDEO_COMMENT_LIKED": (Rule("video_comments", ("sound_id", "comment_id"), {"like_count": 1}),),
    "TRACK_COMMENT_LIKED": (Rule("track_comments", ("track_id", "comment_id"), {"like_count": 1}),),
    "VIDEO_COMMENTED": (Rule("videos", VIDEO, {"comment_count": 1}),),
    "VIDEO_COMMENT_SHOWN": (Rule("videos", VIDEO, {"comment_count": 1}),),
    "VIDEO_SHARED": (Rule("videos", VIDEO, {"share_count": 1}),),
    "SOUND_SHARED": (Rule("sounds", SOUND, {"share_count": 1}),),
    "SOUND_SAVED": (Rule("sounds", SOUND, {"save_count": 1}),),
    "TRACK_SAVED": (Rule("tracks", ("track_id",), {"save_count": 1}),),
    "MEMBER_JOINED": (Rule("sounds", SOUND, {"member_count": 1}),),
    "USER_FOLLOWED": (
        Rule("users", ("followed_id",), {"follower_count": 1}),
        Rule("users", ("user_id",), {"following_count": 1}),
    ),
    "ARTIST_FOLLOWED": (Rule("artists", ("artist_id",), {"follower_count": 1}),),
    "PLAYLIST_FOLLOWED": (Rule("playlists", ("playlist_id",), {"follower_count": 1}),),
}
UNDONE = {
    "VIDEO_UNLIKED": "VIDEO_LIKED",
    "VIDEO_COMMENT_UNLIKED": "VIDEO_COMMENT_LIKED",
    "TRACK_COMMENT_UNLIKED": "TRACK_COMMENT_LIKED",
    "VIDEO_COMMENT_REMOVED": "VIDEO_COMMENTED",
    "VIDEO_COMMENT_HIDDEN": "VIDEO_COMMENTED",
    "SOUND_UNSAVED": "SOUND_SAVED",
    "TRACK_UNSAVED": "TRACK_SAVED",
    "MEMBER_LEFT": "MEMBER_JOINED",
    "USER_UNFOLLOWED": "USER_FOLLOWED",
    "ARTIST_UNFOLLOWED": "ARTIST_FOLLOWED",
    "PLAYLIST_UNFOLLOWED": "PLAYLIST_FOLLOWED",
}
CHANGED = ("VIDEO_REMOVED", "VIDEO_CHANGED", "VIDEO_HIDDEN", "VIDEO_SHOWN")
TURNED = {"VIDEO_HIDDEN": -1, "VIDEO_SHOWN": 1}
COUNTED = (*RULES, *UNDONE, *CHANGED)


def parts(fact: Body) -> list[Part]:
    """What a fact (`type`, `occurred_at`, `body`) adds and takes away; nothing where it is not counted."""
    kind, body, now = fact["type"], fact["body"], fact["occurred_at"]
    if kind in UNDONE:
        return [Part(RULES[UNDONE[kind]], -1, body)]
    if kind == "VIDEO_POSTED":
        return [_posted(1, body, now)]
    if kind == "VIDEO_CHANGED":
        at = _at(now, body)
        return [_posted(-1, body | body["before"], at), _posted(1, body, at)]
    if kind in TURNED:
        return [_posted(TURNED[kind], body, _at(now, body))]
    if kind == "VIDEO_REMOVED":
        gone = _posted(-1, body, _at(now, body))
        return [gone, _heir(body, now)] if body["heir"] else [gone]
    return [Part(RULES[kind], 1, body)] if kind in RULES else []


def _posted(sign: int, body: Body, at: datetime) -> Part:
    return Part(POSTED, sign, {**body, "at": at, "intervals": intervals(at)})


def _heir(body: Body, now: datetime) -> Part:
    # The creator stays, and counts from then on where and when the earliest of the videos that are left was posted.
    heir = body["heir"]
    since = intervals(_at(now, heir))
    return Part(CREATOR, 1, {**body, "region": heir["region"], "intervals": since})


def _at(now: datetime, body: Body) -> datetime:
    # When a video was posted, said as its age in microseconds: a world that is moved in time takes its log with it.
    return now - timedelta(microseconds=body["age"])


@lru_cache(maxsize=10_000)
def _intervals_of(hour: datetime) -> tuple[tuple[str, datetime], ...]:
    day = hour.replace(hour=0)
    return ("HOUR", hour), ("DAY", day), ("WEEK", day - day.weekday() * DAY)


def intervals(at: datetime) -> list[tuple[str, datetime]]:
    """The hour, the day and the week that a moment lies in: UTC, weeks begin on Monday."""
    return list(_intervals_of(at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)))


def tally(parts: Iterable[Part]) -> Tally:
    """The sums, also of what was touched and comes to 0: the first of what is left may be another."""
    sums: Tally = defaultdict(dict)
    for rules, sign, body in parts:
        for table, names, adds in rules:
            for key in _keys(body, names):
                row = sums[table].setdefault(key, {})
                for column, amount in adds.items():
                    number = amount if isinstance(amount, int) else int(body.get(amount, 0))
                    row[column] = row.get(column, 0) + sign * number
    return sums


def _keys(body: Body, names: tuple[str, ...]) -> list[Key]:
    *first, last = [body[name] for name in names]
    if not isinstance(last, list):
        return [(*first, last)]
    return [(*first, *one) if isinstance(one, tuple) else (*first, one) for one in last]
