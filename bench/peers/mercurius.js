// Mercurius with JIT at first use, loaders and named statements over a pool of 10: the types of the four queries, in Chorus's own words.

import Fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";

const TIMESTAMPTZ = 1184;
// A Date has no microseconds, and takes longer than to keep the text.
pg.types.setTypeParser(TIMESTAMPTZ, (text) => `${text.slice(0, 10)}T${text.slice(11)}:00`);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10, options: "-c timezone=UTC" });

const schema = `
  type Query {
    sound(id: ID!): Sound
    trendingSounds(window: TrendWindow!, kind: ChartKind!, first: Int!): ChartConnection!
    playlist(by: PlaylistBy!): Playlist
    nodes(ids: [ID!]!): [Node]!
  }
  enum TrendWindow { HOUR DAY WEEK }
  enum ChartKind { BREAKOUT POPULAR }
  enum VideoSort { RECENT }
  input PlaylistBy { id: ID! }
  interface Node { id: ID! }
  type User { id: ID! handle: String! displayName: String! avatarUrl: String verified: Boolean! }
  type Artist { id: ID! name: String! }
  type ArtistCredit { artist: Artist! }
  type Track { id: ID! title: String! durationMs: Int! artists: [ArtistCredit!]! }
  type Sound implements Node {
    id: ID! title: String! kind: String! durationMs: Int! creator: User track: Track community: Community!
  }
  type Community { videoCount: Float! creatorCount: Float! videos(first: Int!, sort: VideoSort!): VideoConnection! }
  type VideoConnection { edges: [VideoEdge!]! pageInfo: PageInfo! }
  type VideoEdge { node: Video! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Video { id: ID! caption: String! createdAt: String! viewCount: Float! likeCount: Float! creator: User }
  type ChartConnection { edges: [ChartEdge!]! }
  type ChartEdge { rank: Int! trend: SoundTrend! node: Sound }
  type SoundTrend { score: Float! }
  type Playlist { id: ID! title: String! owner: User items(first: Int!): PlaylistItemConnection! }
  type PlaylistItemConnection { edges: [PlaylistItemEdge!]! }
  type PlaylistItemEdge { addedAt: String! node: PlaylistEntry }
  union PlaylistEntry = Track | Sound
`;

const SOUND = `id, title, kind, status, duration_ms as "durationMs", creator_id, track_id,
  video_count::float8 as "videoCount", creator_count::float8 as "creatorCount"`;
const SOUNDS = { name: "sounds", text: `select ${SOUND} from sounds where id = any($1::bigint[])` };
const USERS = {
  name: "users",
  text: `select id, handle, display_name as "displayName", avatar_url as "avatarUrl", verified
    from users where id = any($1::bigint[]) and status = 'ACTIVE'`,
};
const TRACKS = { name: "tracks", text: `select id, title, duration_ms as "durationMs" from tracks where id = any($1::bigint[])` };
const ARTISTS = {
  name: "artists",
  text: `select c.track_id, a.id, a.name from track_credits c join artists a on a.id = c.artist_id
    where c.track_id = any($1::bigint[]) order by c.track_id, c.position`,
};
const VIDEOS = {
  name: "videos",
  text: `select v.* from unnest($1::bigint[]) wanted(id) cross join lateral (
      select sound_id, id, caption, creator_id, created_at as "createdAt", view_count::float8 as "viewCount", like_count::float8 as "likeCount"
      from videos where sound_id = wanted.id and not hidden order by created_at desc, id desc limit $2) v`,
};
const CHART = {
  name: "chart",
  text: `select sound_ids[:$3::int] as sound_ids, scores[:$3::int] as scores from chart_versions
    where region = 'GLOBAL' and niche_id = 0 and "window" = $1 and kind = $2 order by version desc limit 1`,
};
const PLAYLIST = {
  name: "playlist",
  text: `select p.id, p.title, p.owner_id from playlists p join users u on u.id = p.owner_id and u.status = 'ACTIVE'
    where p.id = $1 and p.visibility = 'PUBLIC'`,
};
const ENTRIES = {
  name: "entries",
  text: `select i.* from unnest($1::bigint[]) wanted(id) cross join lateral (
      select playlist_id, kind, entry_id, added_at as "addedAt" from playlist_items where playlist_id = wanted.id order by sort_key limit $2) i`,
};

async function rows(statement, ...values) {
  return (await pool.query({ ...statement, values })).rows;
}

async function byId(statement, keys) {
  const wanted = [...new Set(keys)].filter((key) => key !== null && key !== undefined);
  const found = new Map();
  if (wanted.length) for (const row of await rows(statement, wanted)) found.set(row.id, row);
  return keys.map((key) => found.get(key) ?? null);
}

async function lists(statement, column, keys, ...values) {
  const found = new Map(keys.map((key) => [key, []]));
  for (const row of await rows(statement, [...found.keys()], ...values)) found.get(row[column]).push(row);
  return keys.map((key) => found.get(key));
}

// All who ask for one field of one document ask with the same arguments, unless aliases part them: then each group has its statement.
async function listsOf(statement, column, queries, extra) {
  const groups = Map.groupBy(queries, ({ params }) => params.first);
  const answers = new Map();
  await Promise.all([...groups].map(async ([first, group]) => {
    const found = await lists(statement, column, group.map(({ obj }) => obj.id), first + extra);
    group.forEach((query, place) => answers.set(query, found[place]));
  }));
  return queries.map((query) => answers.get(query));
}

const uncached = (loader) => ({ loader, opts: { cache: false } });
const creators = uncached((queries) => byId(USERS, queries.map(({ obj }) => obj.creator_id)));

function videoPage(videos, first) {
  const page = videos.slice(0, first);
  const last = page.at(-1);
  return {
    edges: page.map((node) => ({ node })),
    pageInfo: {
      hasNextPage: videos.length > first,
      endCursor: last ? Buffer.from(`${last.createdAt}|${last.id}`).toString("base64url") : null,
    },
  };
}

const resolvers = {
  Query: {
    sound: async (_, { id }) => (await byId(SOUNDS, [id]))[0],
    nodes: (_, { ids }) => byId(SOUNDS, ids),
    playlist: async (_, { by }) => (await rows(PLAYLIST, by.id))[0] ?? null,
    trendingSounds: async (_, { window, kind, first }) => {
      const [chart] = await rows(CHART, window, kind, first);
      const { sound_ids, scores } = chart ?? { sound_ids: [], scores: [] };
      return { edges: sound_ids.map((sound_id, place) => ({ sound_id, rank: place + 1, trend: { score: scores[place] } })) };
    },
  },
  Sound: { community: (sound) => sound },
  Node: { resolveType: () => "Sound" },
  PlaylistEntry: { resolveType: (entry) => ("kind" in entry ? "Sound" : "Track") },
};

const loaders = {
  Sound: { creator: creators, track: uncached((queries) => byId(TRACKS, queries.map(({ obj }) => obj.track_id))) },
  Video: { creator: creators },
  Playlist: {
    owner: uncached((queries) => byId(USERS, queries.map(({ obj }) => obj.owner_id))),
    items: uncached(async (queries) => (await listsOf(ENTRIES, "playlist_id", queries, 0)).map((edges) => ({ edges }))),
  },
  Community: {
    videos: uncached(async (queries) => {
      const found = await listsOf(VIDEOS, "sound_id", queries, 1);
      return queries.map(({ obj, params }, place) => videoPage(obj.status === "REMOVED" ? [] : found[place], params.first));
    }),
  },
  Track: {
    artists: uncached(async (queries) => {
      const found = await lists(ARTISTS, "track_id", queries.map(({ obj }) => obj.id));
      return found.map((artists) => artists.map((artist) => ({ artist })));
    }),
  },
  ChartEdge: {
    node: uncached(async (queries) => {
      const sounds = await byId(SOUNDS, queries.map(({ obj }) => obj.sound_id));
      return sounds.map((sound) => (sound?.status === "ACTIVE" ? sound : null));
    }),
  },
  PlaylistItemEdge: {
    node: uncached(async (queries) => {
      const [tracks, sounds] = await Promise.all([
        byId(TRACKS, queries.map(({ obj }) => (obj.kind === "TRACK" ? obj.entry_id : null))),
        byId(SOUNDS, queries.map(({ obj }) => (obj.kind === "SOUND" ? obj.entry_id : null))),
      ]);
      return queries.map((_, place) => tracks[place] ?? (sounds[place]?.status === "REMOVED" ? null : sounds[place]));
    }),
  },
};

const app = Fastify({ logger: false });
app.register(mercurius, { schema, resolvers, loaders, jit: 1, graphiql: false });
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
process.on("SIGTERM", () => process.exit(0));
