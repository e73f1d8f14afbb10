"""The rows of people: what they are called, who is an artist, what they say about themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from dev.catalogue import MEDIA, Catalogue
from dev.tables import Table, rows
from dev.words import Voice, plain, unique
from dev.world import GUEST, HOUSE, REGIONS, People


@dataclass(frozen=True)
class Named:
    """What people are called: one entry a user."""

    handles: list[str]
    display: list[str]


def name_people(people: People, catalogue: Catalogue, acts: list[str], voice: Voice) -> Named:
    """Handles, all different, and names; an artist's account has the artist's name."""
    artist_of = {account: number for number, account in enumerate(catalogue.account.tolist()) if account >= 0}
    taken = {"chorus", "maya"}
    handles, display = [], []
    for number, place in enumerate(people.region.tolist()):
        if number == HOUSE:
            handle, name = "chorus", "Chorus Editors"
        elif number == GUEST:
            handle, name = "maya", "Maya Okafor"
        elif number in artist_of:
            name = acts[artist_of[number]][:80]
            simple = plain(name) or plain(voice.person(REGIONS[place].names)[1])
            handle = unique(partial(voice.pick, (simple, f"{simple}.music", f"{simple}_")), taken)
        else:
            name, simple = voice.person(REGIONS[place].names)
            handle = unique(partial(voice.handle, simple), taken)
            name = name if voice.chance() < 0.8 else voice.decorated(name.lower())
        handles.append(handle)
        display.append(name)
    return Named(handles, display)


def people_table(people: People, catalogue: Catalogue, named: Named, voice: Voice) -> Table:
    """Rows of users."""
    artist_of = {account: number for number, account in enumerate(catalogue.account.tolist()) if account >= 0}

    def make() -> Iterator[Sequence[Any]]:
        columns = (people.region, people.commercial, people.suspended, people.joined, named.handles, named.display)
        for number, (place, commercial, suspended, joined, handle, name) in enumerate(rows(*columns)):
            artist = artist_of.get(number)
            language = voice.pick(REGIONS[place].languages)
            bio = voice.decorated(voice.say(language, "bio")) if voice.chance() < 0.6 else ""
            yield (
                number + 1, handle, name, bio, f"{MEDIA}/avatars/{number + 1}.webp" if voice.chance() < 0.7 else None,
                artist is not None or number == HOUSE, "COMMERCIAL" if commercial else "PERSONAL", REGIONS[place].code,
                "SUSPENDED" if suspended else "ACTIVE", artist + 1 if artist is not None else None, joined,
            )  # fmt: skip

    return Table(
        "users",
        "id handle display_name bio avatar_url verified kind region status artist_id joined_at",
        make(),
    )
