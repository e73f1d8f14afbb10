// urql with its normalised cache in front of Chorus: what an application would see, told to the test.
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { getIntrospectionQuery } from "graphql";

import { authorization, fetching, first, handle, requests, socket, tell, until, url } from "./chorus.mjs";
import { CHART, NODE, NODES, PAGE, PERSON, POST, PROFILE, RECORD, RISING, SEARCH, SOUND, UNKNOWN } from "./documents.mjs";

const schema = await new Client({ url, preferGetMethod: false, exchanges: [fetchExchange] }).query(getIntrospectionQuery(), {}).toPromise();

const stream = socket();
const client = new Client({
  url,
  fetch: fetching,
  preferGetMethod: false,
  fetchOptions: { headers: { authorization } },
  exchanges: [
    cacheExchange({ schema: schema.data, resolvers: { Community: { videos: relayPagination() } } }),
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (observer) => ({ unsubscribe: stream.subscribe({ query, variables }, observer) }),
      }),
    }),
  ],
});

async function ask(query, variables, asker = client) {
  const { data, error } = await asker.query(query, variables).toPromise();
  const errors = error?.graphQLErrors.map(({ extensions, path }) => ({ code: extensions.code, path }));
  return { data, message: error?.message, errors, answered: requests.at(-1) };
}

async function change(mutation, input) {
  const { data, error } = await client.mutation(mutation, { input }).toPromise();
  if (error) throw error;
  return Object.values(data)[0];
}

/** What a component shows, kept up to date by the cache. */
function shown(query, variables, field) {
  const seen = {};
  client.query(query, variables).subscribe(({ data }) => Object.assign(seen, data?.[field]));
  return seen;
}

const newest = ({ community }) => community.videos.edges[0]?.node.caption;

const profile = await change(PROFILE, { handle, displayName: "Urql" });
const { sound } = await change(RECORD, { title: "Recorded with urql", kind: "ORIGINAL", durationMs: 9000 });
const byField = shown(SOUND, { id: sound.id }, "sound");
const byNode = shown(NODE, { id: sound.id }, "node");
await until("both queries show the sound", () => byField.title && byNode.title);

const { length } = requests;
const posted = await change(POST, { soundId: sound.id, caption: "Posted with urql", durationMs: 15000 });
await until("both queries show the new video", () => newest(byField) && newest(byNode));
const updating = requests.slice(length);

const chart = (await ask(CHART, { window: "DAY" })).data.trendingSounds.edges.map(({ node }) => node);
let videos;
for (let page = 0, after; page < 3; page++) {
  ({ videos } = (await ask(PAGE, { id: chart[0].community.id, after })).data.node);
  after = videos.pageInfo.endCursor;
}

const asShipped = new Client({ url, fetch: fetching, exchanges: [fetchExchange] });
const byGet = new Client({ url, fetch: fetching, fetchOptions: { headers: { "GraphQL-Require-Preflight": "1" } }, exchanges: [fetchExchange] });

tell({
  profile,
  posted: posted.__typename,
  newest: [newest(byField), newest(byNode)],
  updating,
  chart: chart.map(({ id }) => id),
  pages: videos.edges.map(({ node }) => node.id),
  person: (await ask(PERSON, { by: { handle } })).data.user,
  refused: await change(POST, { soundId: "sound_999999", caption: "", durationMs: 15000 }),
  found: (await ask(SEARCH, { query: "dance" })).data.search.edges.map(({ node }) => node),
  partial: await ask(NODES, { ids: [sound.id, "nonsense"] }),
  invalid: await ask(UNKNOWN, {}),
  stream: await first(2, ({ next }) => client.subscription(RISING, {}).subscribe(({ data }) => next(data.trendingSounds)).unsubscribe),
  asShipped: await ask(CHART, { window: "DAY" }, asShipped),
  byGet: [(await ask(CHART, { window: "DAY" }, byGet)).data.trendingSounds.edges.length, requests.at(-1)],
});
