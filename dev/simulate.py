"""Live activity: people post videos, make sounds, answer each other, do what else can be done, and now and then a sound catches on; through the public API alone."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import numpy as np

from db.errors import DomainError
from dev import doings
from dev.client import AT_ONCE, Client, Report, TokenRefused, Unanswered, new_key
from dev.doings import Doings
from dev.scene import SOUND, Account, Scene, Sound, read_tokens, spoken_by
from dev.words import Voice, sections
from dev.world import NICHES

__all__ = ["read_tokens", "simulate"]

LOOK_EVERY = 20.0  # seconds between looks at the charts
BURST_EVERY = 60.0  # seconds, if the rate carries it
BURST_SHARE = 0.8  # of all posts, at most: the rest is everyday life
SMALLEST_BURST, LARGEST_BURST = 8, 70  # people; tests/dev/test_simulate.py shows what the method makes of them
TAIL = 1.5  # most bursts are of a few people and pass within the hour, some stay for a day, a few for a week
MEAN_BURST = SMALLEST_BURST + SMALLEST_BURST / (TAIL - 1) * (1 - (SMALLEST_BURST / LARGEST_BURST) ** (TAIL - 1))
RUSH, RUSH_PAUSE = 16, (1.0, 1.6)  # so many people at most come as fast as that, in seconds
FADES = 1.15  # those who come later wait longer and longer: the last of 70 come after some hours
AT_HOME = 0.8  # of the bursts begin in one region, sooner in a large one
SMALL = 150  # a sound with so many videos can still break out
NEW_SOUNDS = 1 / 40  # of the posts
ANSWERS = 0.06
WATCHED = 75.0  # seconds in which a burst is expected on the chart
KINDS = ("ORIGINAL", "ORIGINAL", "ORIGINAL", "DIALOGUE")

POST = """
mutation Post($input: PostVideoInput!) {
  postVideo(input: $input) { __typename ... on PostVideoPayload { video { id } community { videoCount } } ... on UserError { message } }
}"""
MAKE = f"""
mutation Make($input: CreateSoundInput!) {{
  createSound(input: $input) {{ __typename ... on CreateSoundPayload {{ sound {{ ...Known }} }} ... on UserError {{ message }} }}
}}{SOUND}"""


class SimulatorRefused(DomainError):
    """The simulator cannot begin; the message is one line: why, and what to do."""


async def simulate(
    url: str,
    tokens: Sequence[dict[str, str]],
    *,
    rate: float,
    seed: int | None,
    seconds: float | None = None,
    report: Report,
) -> None:
    """Posts `rate` times a second, bursts included, and does what else people do, until cancelled or for so many seconds; a `seed` makes the same choices again.

    Raises SimulatorRefused where no token is accepted. Chorus judges a burst against the tide: at a multiple of a world's own pace everything rises,
    and no single sound stands out until the past has caught up (dev/world.py: PACE, docs/adr/0010).
    """
    if not url.startswith(("http://", "https://")):
        raise SimulatorRefused(f"{url!r} is no address of an API: it begins with http:// or https://.")
    luck = random.Random(seed)
    client = Client(url, report, luck)
    try:
        scene = Scene(client, luck)
        await scene.enter(list(tokens), datetime.now(UTC))
        if not scene.accounts:
            raise SimulatorRefused(f"No token is accepted at {url}: mint them anew, for the server that is there.")
        report(f"{len(scene.accounts)} people post {rate:g} times a second at {url}.")
        async with asyncio.timeout(seconds):
            await Life(scene, luck, rate, report).go_on()
    except TimeoutError:
        pass
    finally:
        await client.close()


class Life:
    """The activity itself."""

    def __init__(self, scene: Scene, luck: random.Random, rate: float, report: Report) -> None:
        self.scene, self.luck, self.rate, self.report = scene, luck, rate, report
        self.voice = Voice(np.random.default_rng(luck.getrandbits(64)))
        self.pause_between_bursts, self.everyday_rate = shares(rate)
        self._under_way = asyncio.Semaphore(AT_ONCE)
        self._bursting: set[str] = set()
        own = random.Random(luck.getrandbits(64))
        self.doings = Doings(scene, own, Voice(np.random.default_rng(own.getrandbits(64))), self._mutate)

    async def go_on(self) -> None:
        """Everyday life, bursts and looks around, side by side, until cancelled or until no token is accepted any more."""
        refused: list[BaseException] = []
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._every(LOOK_EVERY, self.scene.look))
                group.create_task(self._often(group, self.everyday_rate, self._one_thing))
                group.create_task(self._often(group, min(doings.MOST, doings.A_POST * self.rate), self.doings.one))
                group.create_task(self._bursts(group))
        except* SimulatorRefused as raised:
            refused += raised.exceptions
        for error in refused:
            raise error

    async def _every(self, pause: float, work: Any) -> None:
        while True:
            await asyncio.sleep(pause)
            try:
                await work()
            except Unanswered as error:
                self.report(f"The API answered with an error: {error}")

    async def _often(
        self, group: asyncio.TaskGroup, rate: float, do: Callable[[Account], Coroutine[Any, Any, None]]
    ) -> None:
        while True:
            await asyncio.sleep(self.luck.expovariate(rate))
            # Waiting for a turn slows the activity down instead of piling it up.
            await self._under_way.acquire()
            group.create_task(self._by_somebody(do))

    async def _by_somebody(self, do: Callable[[Account], Coroutine[Any, Any, None]]) -> None:
        async with self._turn(taken=True):
            if self.scene.accounts:
                await do(self.luck.choices(self.scene.accounts, [one.eagerness for one in self.scene.accounts])[0])

    async def _one_thing(self, account: Account) -> None:
        if self.luck.random() < NEW_SOUNDS:
            await self._make(account)
        elif sound := self._attractive(account):
            await self._post(account, sound)

    async def _bursts(self, group: asyncio.TaskGroup) -> None:
        await asyncio.sleep(min(3.0, self.pause_between_bursts))
        while True:
            sound = self._small_sound()
            people = self._crowd()
            if sound and len(people) >= SMALLEST_BURST // 2:
                group.create_task(self._burst(sound, people, group))
            await asyncio.sleep(self.pause_between_bursts * self.luck.uniform(0.85, 1.15))

    async def _burst(self, sound: Sound, people: list[Account], group: asyncio.TaskGroup) -> None:
        pause = self.luck.uniform(*RUSH_PAUSE)
        soon, more = min(len(people), RUSH), len(people) - RUSH
        follow = f", {more} more follow" if more > 0 else ""
        self.report(
            f"Burst: {soon} people take up {sound.title} ({sound.id}) within {soon * pause:.0f} seconds{follow}."
        )
        self._bursting.add(sound.id)
        group.create_task(self._watch(sound))
        for account, after in zip(people, pauses(len(people), pause), strict=True):
            await asyncio.sleep(after * self.luck.uniform(0.4, 1.6))
            group.create_task(self._join(account, sound))

    async def _join(self, account: Account, sound: Sound) -> None:
        async with self._turn():
            await self._post(account, sound)

    async def _watch(self, sound: Sound) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        rank = None
        while rank is None and loop.time() < began + WATCHED:
            await asyncio.sleep(3)
            with suppress(Unanswered):
                rank = await self.scene.rank(sound)
        self._bursting.discard(sound.id)
        if rank is None:
            self.report(f"{sound.title} did not break out.")
        else:
            took = loop.time() - began
            self.report(
                f"{sound.title} is number {rank} of the hour's breakouts, {took:.0f} seconds after its burst began."
            )

    @asynccontextmanager
    async def _turn(self, *, taken: bool = False) -> AsyncIterator[None]:
        if not taken:
            await self._under_way.acquire()
        try:
            yield
        except Unanswered as error:
            self.report(f"The API answered with an error: {error}")
        finally:
            self._under_way.release()

    def _attractive(self, account: Account) -> Sound | None:
        """What somebody uses on an ordinary day: often what is popular now, sometimes what is new, mostly what many use."""
        open_ = [
            sound for sound in self.scene.sounds.values() if sound.open_to(account) and sound.id not in self._bursting
        ]
        ranked = [sound for sound in open_ if sound.rank]
        fresh = [self.scene.sounds[id_] for id_ in self.scene.fresh[-20:] if id_ in self.scene.sounds]
        fresh = [sound for sound in fresh if sound.open_to(account)]
        chance = self.luck.random()
        if ranked and chance < 0.3:
            return self.luck.choices(ranked, [1 / (sound.rank or 1) ** 0.5 for sound in ranked])[0]
        if fresh and chance < 0.4:
            return self.luck.choice(fresh)
        return self.luck.choices(open_, [(1 + sound.videos) ** 0.5 for sound in open_])[0] if open_ else None

    def _small_sound(self) -> Sound | None:
        """One that few use and that is not rising already; now and then one that was made a moment ago."""
        small = [
            sound
            for sound in self.scene.sounds.values()
            if sound.videos <= SMALL and sound.personal and sound.everywhere
            and sound.id not in self.scene.rising and sound.id not in self._bursting
        ]  # fmt: skip
        fresh = [sound for sound in small if sound.id in self.scene.fresh]
        if fresh and self.luck.random() < 0.4:
            return self.luck.choice(fresh)
        return self.luck.choice(small) if small else None

    def _crowd(self) -> list[Account]:
        trusted = [account for account in self.scene.accounts if account.trusted and not account.commercial]
        self.luck.shuffle(trusted)
        sizes = Counter(account.region for account in trusted)
        if sizes and self.luck.random() < AT_HOME:
            home = self.luck.choices(list(sizes), [size**2 for size in sizes.values()])[0]
            trusted.sort(key=lambda account: account.region != home)
        return trusted[: burst_size(self.luck)]

    async def _post(self, account: Account, sound: Sound) -> None:
        niches = self._niches(sound)
        answered = await self.scene.newest_video(sound) if self.luck.random() < ANSWERS else None
        posted = {
            "soundId": sound.id,
            "caption": self._caption(account, niches),
            "durationMs": self.luck.randint(5_000, 60_000),
            "nicheIds": niches,
            "region": account.region,
            "responseToId": answered,
            "responseKind": self.luck.choice(("DUET", "STITCH")) if answered else None,
            "idempotencyKey": new_key(self.luck),
        }
        result = await self._mutate(account, POST, "postVideo", posted)
        if result and result["__typename"] == "PostVideoPayload":
            sound.videos = result["community"]["videoCount"]
        elif result:
            self.scene.sounds.pop(sound.id, None)  # gone, or not for everybody: somebody else's choice next time

    async def _make(self, account: Account) -> None:
        kind, language = self.luck.choice(KINDS), spoken_by(account, self.luck)
        made = {
            "title": self.voice.title(language, kind.lower()),
            "kind": kind,
            "durationMs": self.luck.randint(5_000, 55_000),
            "commercialUse": account.commercial or self.luck.random() < 0.3,
            "idempotencyKey": new_key(self.luck),
        }
        result = await self._mutate(account, MAKE, "createSound", made)
        if result and result["__typename"] == "CreateSoundPayload" and (sound := self.scene.remember(result["sound"])):
            self.scene.fresh.append(sound.id)
            await self._post(account, sound)

    async def _mutate(
        self, account: Account, document: str, field: str, given: dict[str, Any]
    ) -> dict[str, Any] | None:
        try:
            result: dict[str, Any] = (await self.scene.client.ask(document, account.token, input=given))[field]
        except TokenRefused as error:
            self._dismiss(account, error)
            return None
        return result

    def _dismiss(self, account: Account, error: TokenRefused) -> None:
        if account in self.scene.accounts:
            self.scene.accounts.remove(account)
            self.report(f"@{account.handle} posts no more, its token is refused: {error}")
        if not self.scene.accounts:
            raise SimulatorRefused("No token is accepted any more: mint them anew.")

    def _niches(self, sound: Sound) -> list[str]:
        leaning = sound.niches[:2] if self.luck.random() < 0.75 else []
        niches = leaning or [self.luck.choice(list(self.scene.niches))]
        return niches[: self.luck.choice((1, 1, 2))]

    def _caption(self, account: Account, niches: list[str]) -> str:
        language = spoken_by(account, self.luck)
        tags = [self.voice.pick(sections()[language]["tag"])] if self.luck.random() < 0.5 else []
        slug = self.scene.niches.get(niches[0])
        niche = slug if slug in NICHES else None
        if niche and self.luck.random() < 0.6:
            tags.append(self.voice.pick(sections()[f"niche {niche}"]["tag"]))
        return self.voice.caption(language, niche, tags)


def burst_size(luck: random.Random) -> int:
    """How many people: few mostly, many now and then (Pareto)."""
    return min(LARGEST_BURST, int(SMALLEST_BURST * luck.paretovariate(TAIL)))


def pauses(people: int, pause: float) -> Iterator[float]:
    """Seconds before each of them comes: the same in the rush, then longer and longer."""
    for number in range(people):
        yield pause * FADES ** max(0, number - RUSH + 1)


def shares(rate: float) -> tuple[float, float]:
    """Seconds from one burst to the next, and the everyday posts a second, which together make up the rate."""
    pause = max(BURST_EVERY, MEAN_BURST / (BURST_SHARE * rate))
    return pause, rate - MEAN_BURST / pause
