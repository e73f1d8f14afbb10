"""Niches: what videos are about."""

from resolvers.context import Context, Rows


async def niches(_: Rows, ctx: Context) -> Rows:
    return [await ctx.db.niches()]
