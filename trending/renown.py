"""Keeps the order of search true: how well known something is moves with every follower, creator and play, and is written in turns."""

from db.database import Database

KINDS = ("SOUND", "USER", "ARTIST", "TRACK", "PLAYLIST", "HASHTAG")
PAGE = 500


class Renown:
    """The turn over the documents of search, kind by kind."""

    def __init__(self) -> None:
        self._kind = 0
        self._key = ""

    async def step(self, database: Database) -> bool:
        """Makes the next page of documents anew, and at the end of a round the tiers and the common words; False where the round has come to its end."""
        kind = KINDS[self._kind]
        keys = [row["key"] for row in await database.documents_in_turn(kind, self._key, PAGE)]
        if keys:
            self._key = keys[-1]
            await database.index_documents(kind, keys)
            return True
        self._kind, self._key = (self._kind + 1) % len(KINDS), ""
        if self._kind == 0:
            await database.refresh_tiers()
            await database.mark_common_words()
        return self._kind > 0
