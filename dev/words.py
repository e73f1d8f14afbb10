"""What people of the sample world say: phrases of words.txt and names.txt, and the grammar that joins them into titles, names, captions and lyrics."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

SLOT = re.compile(r"\{(\w+)\}")
NOT_IN_A_HANDLE = re.compile(r"[^a-z0-9]+")
BEFORE_A_VOWEL = re.compile(r"\b([Aa]) (?=[aeiou]|hon)")
POOL = 65_536  # random numbers that are drawn at once: one at a time costs more than the phrase
EMOJI_EVERY = 2.2  # captions and comments that end in an emoji are about one in so many
CURLY = {"“": "”", "„": "”", "«": "»", "「": "」", "”": "”"}

Section = dict[str, tuple[str, ...]]


@cache
def sections() -> dict[str, Section]:
    """All sections of the two files by their heading, each a dict of kind to phrases."""
    folder = Path(__file__).parent
    read: dict[str, dict[str, list[str]]] = {}
    phrases: dict[str, list[str]] = {}
    for line in (folder / "words.txt").read_text("utf-8").splitlines() + (folder / "names.txt").read_text(
        "utf-8"
    ).splitlines():
        if line.startswith("["):
            phrases = read.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            kind, _, rest = line.partition(": ")
            phrases.setdefault(kind, []).extend(rest.split(" | "))
    return {heading: {kind: tuple(values) for kind, values in section.items()} for heading, section in read.items()}


class Voice:
    """One speaker: draws phrases with a random generator of its own, so that what others say changes nothing here."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._drawn: list[float] = []

    def chance(self) -> float:
        """A number from 0 to below 1."""
        if not self._drawn:
            self._drawn = self._random.random(POOL).tolist()
        return self._drawn.pop()

    def below(self, limit: int) -> int:
        """A whole number from 0 to below `limit`."""
        return int(self.chance() * limit)

    def pick(self, phrases: Sequence[str]) -> str:
        """One of the phrases."""
        return phrases[int(self.chance() * len(phrases))]

    def say(self, section: str, kind: str, **words: str) -> str:
        """A phrase of this kind with its slots filled from the same section, or from `words`."""
        return self.fill(self.pick(sections()[section][kind]), section, **words)

    def fill(self, phrase: str, section: str, **words: str) -> str:
        """The phrase with its slots filled."""
        if "{" not in phrase:
            return phrase
        filled = self._fill(phrase, section, words)
        return BEFORE_A_VOWEL.sub(r"\1n ", filled) if section == "en" else filled

    def _fill(self, phrase: str, section: str, words: dict[str, str]) -> str:
        spoken = sections()[section]

        said: list[str] = []

        def word(slot: re.Match[str]) -> str:
            name = slot[1]
            if name in words:
                return words[name]
            if name == "number":
                return str(2 + self.below(48))
            chosen = self.pick(spoken[name])
            chosen = self.pick(spoken[name]) if chosen in said else chosen
            said.append(chosen)
            return self._fill(chosen, section, words)

        return SLOT.sub(word, phrase)

    def title(self, language: str, kind: str = "title") -> str:
        """The title of a song, an album, a sound or a playlist, with its capitals as the language has them."""
        said = self.say(language, kind)
        style = self.below(10)
        if language == "en" and kind in ("title", "album") and style > 2:
            return _headline(said)
        return said if style == 0 or said[0] in CURLY else said[0].upper() + said[1:]

    def person(self, names: str) -> tuple[str, str]:
        """A name as its owner writes it, and in the letters of a handle: `("山田 花", "hana.yamada")`."""
        section = sections()[f"names {names}"]
        first, plain_first = _both(self.pick(section["first"]))
        last, plain_last = _both(self.pick(section["last"]))
        name = f"{last} {first}" if names in ("ja", "ko") else f"{first} {last}"
        return name, f"{plain_first}.{plain_last}"

    def handle(self, plain: str) -> str:
        """A handle for a person whose name in plain letters is `first.last`; not unique."""
        first, last = plain.split(".")
        word = self.pick(sections()["catalogue"]["word"])
        return (
            plain, first + last, f"{first}_{last}", f"{word}.{first}", f"{first}.{word}", f"{first[0]}.{last}",
            f"{first}{last[0]}{self.below(99)}", f"{word}{first}", f"{first}__{word}", f"its.{first}.{last[:3]}",
        )[self.below(10)]  # fmt: skip

    def act(self, names: str) -> str:
        """The name of a band or a singer."""
        catalogue, english, people = sections()["catalogue"], sections()["en"], sections()[f"names {names}"]
        first, last = (_both(self.pick(people[kind]))[self.below(2)] for kind in ("first", "last"))
        words = {"first": first, "last": last}
        phrase = self.pick(catalogue["act"])
        words |= {kind: self.pick(english[kind]) for kind in ("adj", "noun")}
        return _headline(self.fill(phrase, "en", **words))

    def caption(self, language: str, niche: str | None, tags: Sequence[str]) -> str:
        """What stands under a video, its hashtags last."""
        if niche is not None and (language == "en" or self.chance() < 0.25):
            said = self.say(f"niche {niche}", "caption")
        else:
            said = self.say(language, "caption")
        if self.chance() < 0.12:
            said = said.upper() if self.chance() < 0.2 else f"{said}… {self.say(language, 'caption')}"
        return f"{self.decorated(said)} {' '.join('#' + tag for tag in tags)}" if tags else self.decorated(said)

    def decorated(self, said: str) -> str:
        """The same, now and then with one to three emoji."""
        if self.chance() * EMOJI_EVERY > 1:
            return said
        emoji = self.pick(sections()["catalogue"]["emoji"])
        return f"{said} {emoji * (1 + self.below(3) // 2)}"

    def lyrics(self, language: str, duration_ms: int, *, synced: bool) -> list[dict[str, Any]]:
        """Lines of a song, verse and hook in turns: `{"start_ms": …, "text": …}`, where `start_ms` is None unless synced."""
        hook = [self.say(language, "hook"), self.say(language, "hook")]
        lines: list[str] = []
        for _ in range(2 + self.below(2)):
            lines += [self.say(language, "verse") for _ in range(4)]
            lines += [*hook, hook[0]]
        step = duration_ms * 9 // 10 // len(lines)
        starts = [duration_ms // 20 + step * number + self.below(step // 4 + 1) for number in range(len(lines))]
        return [
            {"start_ms": start if synced else None, "text": line} for start, line in zip(starts, lines, strict=True)
        ]


def unique(make: Callable[[], str], taken: set[str]) -> str:
    """What `make` says, with the least number behind it that nobody has taken yet, in at most 30 characters."""
    said = make()[:30]
    number = 1
    while said in taken or len(said) < 2:
        number += 1
        base = make()[: 30 - len(str(number))]
        said = base if base not in taken and len(base) > 1 else f"{base}{number}"
    taken.add(said)
    return said


def plain(text: str) -> str:
    """Latin letters without their accents, and digits: what a hashtag or a handle may be made of; "" for other scripts."""
    folded = unicodedata.normalize("NFKD", text.replace("ı", "i").replace("ł", "l").replace("đ", "d").replace("Đ", "d"))
    return NOT_IN_A_HANDLE.sub("", folded.lower())


def _both(name: str) -> tuple[str, str]:
    native, _, romanised = name.partition("=")
    return native, romanised or plain(native)


def _headline(said: str) -> str:
    words = [word[0].upper() + word[1:] if word[0].isalpha() else word for word in said.split(" ")]
    return " ".join(words)
