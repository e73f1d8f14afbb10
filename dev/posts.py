"""The rows of videos: captions with their hashtags, views, answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dev.catalogue import MEDIA
from dev.tables import Table, rows
from dev.videos import Videos, weigh
from dev.words import Voice, plain, sections
from dev.world import DAY, HOUR, NICHES, REGIONS, TRUSTED_AGE, Floats, Integers, People

RESPONSE_KINDS = ("DUET", "STITCH")


@dataclass(frozen=True)
class Reception:
    """How each video was received. Views and shares are counts without rows; likes and comments have theirs."""

    views: Integers
    likes: Integers
    comments: Integers
    shares: Integers


def video_table(
    videos: Videos, people: People, titles: list[str], reception: Reception, random: np.random.Generator, voice: Voice
) -> Table:
    """Rows of videos but for their top_score."""
    count = len(videos.time)
    age = videos.time - people.joined[videos.creator]
    weight, new = weigh(videos.time, videos.sound, videos.creator, age / DAY)
    duration = random.integers(5_000, 60_000, count)
    seconds = random.random(count)
    own = _own_tags(titles)
    answered = videos.response

    def make(*parts: Any) -> Iterator[Sequence[Any]]:
        for row in zip(*parts, strict=True):
            (number, time, sound, creator, place, niches, answer, answer_sound, heavy, settled, first,
             seen, liked, said, shared, lasts, chance, hidden) = row  # fmt: skip
            tags = _tags(niches, own[sound], place, voice)
            kinds = [niche for niche in niches if niche]
            language = voice.pick(REGIONS[place].languages)
            caption = voice.caption(language, NICHES[niches[0] - 1] if niches[0] else None, tags)
            yield (
                number + 1, sound + 1, creator + 1, caption, [tag.lower() for tag in tags], kinds, REGIONS[place].code,
                lasts, f"{MEDIA}/videos/{number + 1}.webp" if chance < 0.9 else None, time,
                answer_sound + 1 if answer >= 0 else None, answer + 1 if answer >= 0 else None,
                RESPONSE_KINDS[chance < 0.4] if answer >= 0 else None, seen, liked, said, shared,
                hidden, heavy, settled, first,
            )  # fmt: skip

    columns = (
        np.arange(count), videos.time, videos.sound, videos.creator, videos.region, videos.niches, answered,
        videos.sound[answered], weight, age >= TRUSTED_AGE, new, reception.views, reception.likes, reception.comments,
        reception.shares, duration, seconds, people.suspended[videos.creator],
    )  # fmt: skip
    return Table(
        "sample_videos",
        "id sound_id creator_id caption hashtags niche_ids region duration_ms thumbnail_url created_at"
        " response_to_sound_id response_to_id response_kind view_count like_count comment_count share_count"
        " hidden weight trusted new_creator",
        rows(*columns, make=make),
    )


def _own_tags(titles: list[str]) -> list[str]:
    """A hashtag of each sound's own, "" where its title has no plain letters."""
    return [plain(title.split(" (", maxsplit=1)[0])[:28] for title in titles]


def _tags(niches: list[int], own: str, place: int, voice: Voice) -> list[str]:
    chance = voice.chance()
    if chance < 0.3:
        return []
    tags = []
    if niches[0]:
        tags.append(voice.pick(sections()[f"niche {NICHES[niches[0] - 1]}"]["tag"]))
    if niches[1]:
        tags.append(voice.pick(sections()[f"niche {NICHES[niches[1] - 1]}"]["tag"]))
    if own and chance > 0.82:
        tags.append(own)
    if chance > 0.62:
        tags.append(voice.pick(sections()[REGIONS[place].languages[0]]["tag"]))
    if chance > 0.93:
        tags.append(voice.pick(sections()["catalogue"]["tag"]))
    return list(dict.fromkeys(tags))


def draw_appeal(videos: Videos, people: People, now: int, random: np.random.Generator) -> Floats:
    """How much each video draws people: by chance, by its creator, and less for what is new."""
    seen = 1 - np.exp(-(now - videos.time) / (18 * HOUR))
    by_creator = people.activity[videos.creator] ** 0.3
    return np.asarray(random.lognormal(0, 1.5, len(seen)) * by_creator * (0.02 + seen))


def receive(appeal: Floats, likes: Integers, comments: Integers, random: np.random.Generator) -> Reception:
    """Views and shares that go with the appeal: whoever liked a video has seen it."""
    views = (appeal * 180).astype(np.int64) + 4 * likes + 2 * comments
    return Reception(views, likes, comments, (views * random.random(len(views)) ** 4 / 60).astype(np.int64))
