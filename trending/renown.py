"""Keeps search true in turns: how well known something is moves with every follower, creator and play, and words go with the last that had them."""

from db.database import Database

KINDS = ("SOUND", "USER", "ARTIST", "TRACK", "PLAYLIST", "HASHTAG")
PAGE = 500


class Renown:
    """The turn over the documents of search, kind by kind."""

    def __init__(self) -> None:
        self._kind = 0
        self._key = ""

    async def step(self, database: Database) -> bool:
        """Makes the next page of documents anew, and after all of them looks through the words, forgets those that nobody has, and marks the common ones.

        False where the round has come to its end.
        """
        if self._kind == len(KINDS):
            return await self._forget(database)
        kind = KINDS[self._kind]
        keys = [row["key"] for row in await database.documents_in_turn(kind, self._key, PAGE)]
        if keys:
            self._key = keys[-1]
            await database.index_documents(kind, keys)
            return True
        self._kind, self._key = self._kind + 1, ""
        return True

    async def _forget(self, database: Database) -> bool:
        words = await database.words_in_turn(self._key, PAGE)
        if words:
            self._key = words[-1]
            await database.forget_words(words)
            return True
        self._kind, self._key = 0, ""
        await database.refresh_tiers()
        await database.mark_common_words()
        return False
