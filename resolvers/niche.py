"""Niches: what videos are about."""

from resolvers import ids
from resolvers.context import Context, Rows
from resolvers.errors import InvalidId
from resolvers.ids import Id, shown


async def niches(_: Rows, ctx: Context) -> Rows:
    return [await ctx.db.niches()]


async def named(ctx: Context, niche: Id) -> int:
    """The key of the niche that an argument names; raises InvalidId where there is none, so that a mistake is not taken for an empty list."""
    key: int = ids.NICHE.read(niche)
    if await ctx.db.niche_by_id([key]) == [None]:
        raise InvalidId(f"There is no niche {shown(niche)}; the field `niches` lists them.")
    return key
