"""What the simulator knows of the world: people it may speak for, and sounds it has seen, all learned through the public API."""

import asyncio
import itertools
import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dev.client import Client, TokenRefused, Unanswered
from dev.words import sections
from dev.world import REGIONS

TRUSTED_AGE = timedelta(days=30)
KNOWN = 600  # sounds that are remembered
LANGUAGES = {region.code: region.languages for region in REGIONS}

SOUND = """
fragment Known on Sound {
  id title status kind usageRights { personal commercial territories }
  community { videoCount niches { share niche { id slug } } }
}"""
ME = "query Me { viewer { user { handle region kind joinedAt } } }"
NICHES = "query Niches { niches { id slug } }"
CHART = f"""
query Chart($window: TrendWindow!, $kind: ChartKind!, $region: RegionCode) {{
  trendingSounds(window: $window, kind: $kind, region: $region, first: 50) {{ edges {{ rank node {{ ...Known }} }} }}
}}{SOUND}"""
SEARCH = f"""
query Search($words: String!) {{
  search(query: $words, kinds: [SOUND], first: 20) {{ edges {{ node {{ ...Known }} }} }}
}}{SOUND}"""
NEWEST = """
query Newest($sound: ID!) {
  sound(id: $sound) { community { videos(sort: RECENT, first: 10) { edges { node { id } } } } }
}"""


@dataclass
class Account:
    """Somebody whom a token speaks for."""

    handle: str
    token: str
    region: str = "ZZ"
    trusted: bool = False  # 30 days or older: only such accounts make a sound rise
    commercial: bool = False
    eagerness: float = 1.0  # how much of the activity is this account's


@dataclass
class Sound:
    """A sound as the API last showed it."""

    id: str
    title: str
    videos: int
    personal: bool
    commercial: bool
    everywhere: bool  # cleared without regard to territories
    niches: list[str] = field(default_factory=list)  # ids, the most used first
    rank: int | None = None  # on the POPULAR chart of the hour

    def open_to(self, account: Account) -> bool:
        """Whether this account may use it, as far as is known."""
        return self.commercial if account.commercial else self.personal or self.commercial


def spoken_by(account: Account, luck: random.Random) -> str:
    """A language that is spoken where the account is at home."""
    return luck.choice(LANGUAGES.get(account.region, ("en",)))


def read_tokens(path: Path) -> list[dict[str, str]]:
    """The lines of a token file, each `{"handle": …, "token": …}`; raises ValueError with the line that is not."""
    tokens = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            tokens.append({"handle": str(row["handle"]), "token": str(row["token"])})
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(
                f'{path}, line {number}: each line is an object like {{"handle": "maya", "token": "…"}}.'
            ) from error
    return tokens


class Scene:
    """The people and sounds in view; renewed while the simulator runs."""

    def __init__(self, client: Client, luck: random.Random) -> None:
        self.client, self.luck = client, luck
        self.accounts: list[Account] = []
        self.sounds: dict[str, Sound] = {}
        self.rising: set[str] = set()  # on the BREAKOUT chart of the hour
        self.niches: dict[str, str] = {}  # slugs by id
        self.fresh: list[str] = []  # sounds that were made in this run, the newest last

    async def enter(self, tokens: list[dict[str, str]], now: datetime) -> None:
        """Learns whom the tokens speak for, and a first few hundred sounds."""
        found = await asyncio.gather(*(self._meet(row, now) for row in tokens))
        self.accounts = [account for account in found if account is not None]
        self.niches = {niche["id"]: niche["slug"] for niche in (await self.client.ask(NICHES))["niches"]}
        await self.look()

    async def look(self) -> None:
        """Sees what is on the charts, and what a few random words find."""
        regions = [None, self.luck.choice(REGIONS).code, self.luck.choice(REGIONS).code]
        charts = [
            self._chart("POPULAR", window, region) for window, region in itertools.product(("HOUR", "DAY"), regions)
        ]
        await asyncio.gather(*charts, self._rise(), *(self._find(self._word()) for _ in range(4)))
        excess = len(self.sounds) - KNOWN
        for sound in list(self.sounds)[: max(0, excess)]:
            del self.sounds[sound]

    async def newest_video(self, sound: Sound) -> str | None:
        """The id of one of the newest videos of a community."""
        answer = (await self.client.ask(NEWEST, sound=sound.id))["sound"]
        edges = answer["community"]["videos"]["edges"] if answer else []
        ids = [edge["node"]["id"] for edge in edges if edge["node"]]
        return self.luck.choice(ids) if ids else None

    async def rank(self, sound: Sound) -> int | None:
        """Its rank on the BREAKOUT chart of the hour, None where it is not on it."""
        for edge in await self._edges("BREAKOUT", "HOUR", None):
            if edge["node"] and edge["node"]["id"] == sound.id:
                return int(edge["rank"])
        return None

    def remember(self, node: dict[str, Any] | None) -> Sound | None:
        """The sound of a node that can be used, as newest known; None for what is hidden or silent."""
        if not node or node.get("status") != "ACTIVE":
            return None
        shares = sorted(node["community"]["niches"], key=lambda share: -share["share"])
        rights = node["usageRights"]
        old = self.sounds.pop(node["id"], None)
        self.sounds[node["id"]] = Sound(
            id=node["id"],
            title=node["title"],
            videos=node["community"]["videoCount"],
            personal=rights["personal"],
            commercial=rights["commercial"],
            everywhere=rights["territories"] is None,
            niches=[share["niche"]["id"] for share in shares[:3]],
            rank=old.rank if old else None,
        )
        return self.sounds[node["id"]]

    async def _meet(self, row: dict[str, str], now: datetime) -> Account | None:
        try:
            viewer = (await self.client.ask(ME, row["token"]))["viewer"]
        except (TokenRefused, Unanswered):
            return None
        if viewer is None:
            return None
        user = viewer["user"]
        joined = datetime.fromisoformat(user["joinedAt"])
        return Account(
            handle=user["handle"],
            token=row["token"],
            region=user["region"],
            trusted=now.astimezone(UTC) - joined >= TRUSTED_AGE,
            commercial=user["kind"] == "COMMERCIAL",
            eagerness=self.luck.lognormvariate(0, 0.8),
        )

    async def _chart(self, kind: str, window: str, region: str | None) -> None:
        for edge in await self._edges(kind, window, region):
            sound = self.remember(edge["node"])
            if sound and window == "HOUR" and region is None:
                sound.rank = edge["rank"]

    async def _rise(self) -> None:
        edges = await self._edges("BREAKOUT", "HOUR", None)
        self.rising = {sound.id for edge in edges if (sound := self.remember(edge["node"]))}

    async def _edges(self, kind: str, window: str, region: str | None) -> list[dict[str, Any]]:
        answer = await self.client.ask(CHART, kind=kind, window=window, region=region)
        return list(answer["trendingSounds"]["edges"])

    async def _find(self, words: str) -> None:
        for edge in (await self.client.ask(SEARCH, words=words))["search"]["edges"]:
            self.remember(edge["node"])

    def _word(self) -> str:
        section = sections()[self.luck.choice(self.luck.choice(list(LANGUAGES.values())))]
        return self.luck.choice(section.get("head") or section["noun"])
