"""What each fact adds to which counts: the one list that the worker counts by, and by which a payload shows what was just done."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

Body = Mapping[str, Any]
Key = tuple[Any, ...]
Tally = Counter[tuple[str, Key, str]]  # by table, key and column
DAY = timedelta(days=1)


class Rule(NamedTuple):
    """Adds to a column of the row that these parts of a body name; where a part is a list, of a row for each of it."""

    table: str
    key: tuple[str, ...]
    column: str
    amount: str | None = None  # the part that says how much; None is 1


Rules = tuple[Rule, ...]


class Part(NamedTuple):
    """What a fact adds (`sign` 1), or takes away (-1)."""

    rules: Rules
    sign: int
    body: Body


SOUND, VIDEO = ("sound_id",), ("sound_id", "video_id")
CREATOR: Rules = (
    Rule("sounds", SOUND, "creator_count", "new_creator"),
    Rule("community_regions", ("sound_id", "region"), "creator_count", "new_creator"),
    Rule("community_growth", ("sound_id", "intervals"), "new_creator_count", "new_creator"),
)
POSTED: Rules = (
    Rule("sounds", SOUND, "video_count"),
    Rule("sounds", SOUND, "view_count", "view_count"),
    Rule("users", ("creator_id",), "video_count"),
    Rule("hashtags", ("hashtags",), "video_count"),
    Rule("community_niches", ("sound_id", "niche_ids"), "video_count"),
    Rule("community_regions", ("sound_id", "region"), "video_count"),
    Rule("community_growth", ("sound_id", "intervals"), "video_count"),
    *CREATOR,
)
RULES: dict[str, Rules] = {
    "VIDEO_POSTED": POSTED,
    "VIDEO_LIKED": (Rule("videos", VIDEO, "like_count"),),
    "VIDEO_COMMENT_LIKED": (Rule("video_comments", ("sound_id", "comment_id"), "like_count"),),
    "TRACK_COMMENT_LIKED": (Rule("track_comments", ("track_id", "comment_id"), "like_count"),),
    "VIDEO_COMMENTED": (Rule("videos", VIDEO, "comment_count"),),
    "VIDEO_SHARED": (Rule("videos", VIDEO, "share_count"),),
    "SOUND_SHARED": (Rule("sounds", SOUND, "share_count"),),
    "SOUND_SAVED": (Rule("sounds", SOUND, "save_count"),),
    "TRACK_SAVED": (Rule("tracks", ("track_id",), "save_count"),),
    "MEMBER_JOINED": (Rule("sounds", SOUND, "member_count"),),
    "USER_FOLLOWED": (
        Rule("users", ("followed_id",), "follower_count"),
        Rule("users", ("user_id",), "following_count"),
    ),
    "ARTIST_FOLLOWED": (Rule("artists", ("artist_id",), "follower_count"),),
    "PLAYLIST_FOLLOWED": (Rule("playlists", ("playlist_id",), "follower_count"),),
}
UNDONE = {
    "VIDEO_UNLIKED": "VIDEO_LIKED",
    "VIDEO_COMMENT_UNLIKED": "VIDEO_COMMENT_LIKED",
    "TRACK_COMMENT_UNLIKED": "TRACK_COMMENT_LIKED",
    "VIDEO_COMMENT_REMOVED": "VIDEO_COMMENTED",
    "SOUND_UNSAVED": "SOUND_SAVED",
    "TRACK_UNSAVED": "TRACK_SAVED",
    "MEMBER_LEFT": "MEMBER_JOINED",
    "USER_UNFOLLOWED": "USER_FOLLOWED",
    "ARTIST_UNFOLLOWED": "ARTIST_FOLLOWED",
    "PLAYLIST_UNFOLLOWED": "PLAYLIST_FOLLOWED",
}
CHANGED = ("VIDEO_REMOVED", "VIDEO_CHANGED")
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
    return Part(CREATOR, 1, {**body, "region": heir["region"], "intervals": since, "new_creator": True})


def _at(now: datetime, body: Body) -> datetime:
    # When a video was posted, said as its age in microseconds: a world that is moved in time takes its log with it.
    return now - timedelta(microseconds=body["age"])


def intervals(at: datetime) -> list[tuple[str, datetime]]:
    """The hour, the day and the week that a moment lies in: UTC, weeks begin on Monday."""
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    return [("HOUR", hour), ("DAY", day), ("WEEK", day - day.weekday() * DAY)]


def tally(parts: Iterable[Part]) -> Tally:
    """The sums, also of what was touched and comes to 0: the first of what is left may be another."""
    sums: Tally = Counter()
    for rules, sign, body in parts:
        for rule in rules:
            amount = sign * (1 if rule.amount is None else int(body.get(rule.amount, 0)))
            for key in _keys([body[name] for name in rule.key]):
                sums[rule.table, key, rule.column] += amount
    return sums


def _keys(values: Sequence[Any]) -> list[Key]:
    keys: list[Key] = [()]
    for value in values:
        each = value if isinstance(value, list) else [value]
        keys = [(*key, *one) if isinstance(one, tuple) else (*key, one) for key in keys for one in each]
    return keys
