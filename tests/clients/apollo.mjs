// Apollo Client with its normalised cache in front of Chorus: what an application would see, told to the test.
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";

import { authorization, fetching, first, handle, requests, socket, tell, until, url } from "./chorus.mjs";
import { CHART, NODE, NODES, PAGE, PERSON, POST, PROFILE, RECORD, RISING, SEARCH, SOUND, UNKNOWN } from "./documents.mjs";

const POSSIBLE = gql`{ __schema { types { kind name possibleTypes { name } } } }`;

const http = new HttpLink({ uri: url, fetch: fetching, headers: { authorization } });
const { data } = await new ApolloClient({ link: http, cache: new InMemoryCache() }).query({ query: POSSIBLE });
const possibleTypes = Object.fromEntries(
  data.__schema.types.filter((type) => type.possibleTypes).map(({ name, possibleTypes }) => [name, possibleTypes.map((type) => type.name)]),
);

const cache = new InMemoryCache({ possibleTypes, typePolicies: { Community: { fields: { videos: relayStylePagination(["sort"]) } } } });
const client = new ApolloClient({
  cache,
  link: ApolloLink.split(({ operationType }) => operationType === "subscription", new GraphQLWsLink(socket()), http),
});

async function ask(query, variables) {
  const { data, error } = await client.query({ query: gql(query), variables, errorPolicy: "all" });
  const errors = CombinedGraphQLErrors.is(error) ? error.errors : undefined;
  const codes = errors?.map(({ extensions, path }) => ({ code: extensions.code, path }));
  return { data, message: error?.message, errors: codes, answered: requests.at(-1) };
}

async function change(mutation, input) {
  return Object.values((await client.mutate({ mutation: gql(mutation), variables: { input } })).data)[0];
}

/** What a component shows, kept up to date by the cache. */
function shown(query, variables, field) {
  const seen = {};
  client.watchQuery({ query: gql(query), variables }).subscribe(({ data }) => Object.assign(seen, data?.[field]));
  return seen;
}

const newest = ({ community }) => community.videos.edges[0]?.node.caption;

const profile = await change(PROFILE, { handle, displayName: "Apollo" });
const { sound } = await change(RECORD, { title: "Recorded with apollo", kind: "ORIGINAL", durationMs: 9000 });
const byField = shown(SOUND, { id: sound.id }, "sound");
const byNode = shown(NODE, { id: sound.id }, "node");
await until("both queries show the sound", () => byField.title && byNode.title);

const { length } = requests;
const posted = await change(POST, { soundId: sound.id, caption: "Posted with apollo", durationMs: 15000 });
await until("both queries show the new video", () => newest(byField) && newest(byNode));
const updating = requests.slice(length);

const chart = (await ask(CHART, { window: "DAY" })).data.trendingSounds.edges.map(({ node }) => node);
const paging = client.watchQuery({ query: gql(PAGE), variables: { id: chart[0].community.id } });
let videos;
paging.subscribe(({ data }) => (videos = data?.node?.videos));
for (let page = 1; page <= 3; page++) {
  await until(`${page} pages are shown`, () => videos?.edges.length === 4 * page);
  if (page < 3) await paging.fetchMore({ variables: { after: videos.pageInfo.endCursor } });
}

tell({
  profile,
  posted: posted.__typename,
  newest: [newest(byField), newest(byNode)],
  records: Object.keys(cache.extract()).filter((key) => key.includes(sound.id)),
  updating,
  chart: chart.map(({ id }) => id),
  pages: videos.edges.map(({ node }) => node.id),
  person: (await ask(PERSON, { by: { handle } })).data.user,
  refused: await change(POST, { soundId: "sound_999999", caption: "", durationMs: 15000 }),
  found: (await ask(SEARCH, { query: "dance" })).data.search.edges.map(({ node }) => node),
  partial: await ask(NODES, { ids: [sound.id, "nonsense"] }),
  invalid: await ask(UNKNOWN, {}),
  stream: await first(2, ({ next, error }) => {
    const watching = client.subscribe({ query: gql(RISING) }).subscribe({ next: ({ data }) => next(data.trendingSounds), error });
    return () => watching.unsubscribe();
  }),
});
