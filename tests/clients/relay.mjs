// Relay's compiler and store in front of Chorus, without React: what an application would see, told to the test.
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";

import relay from "relay-runtime";

import { authorization, fetching, first, handle, requests, socket, tell, until, url } from "./chorus.mjs";

const { Environment, Network, Observable, RecordSource, Store } = relay;
const require = createRequire(import.meta.url);
const compiled = (name) => require(`./relay/__generated__/${name}.graphql.js`);

const errors = [];

async function send({ text, name }, variables) {
  const response = await fetching(url, {
    method: "POST",
    headers: { accept: "application/graphql-response+json", "content-type": "application/json", authorization },
    body: JSON.stringify({ query: text, operationName: name, variables }),
  });
  const answer = await response.json();
  errors.push(...(answer.errors ?? []).map(({ extensions, path }) => ({ code: extensions.code, path })));
  return answer;
}

const stream = socket();
const environment = new Environment({
  network: Network.create(send, ({ text, name }, variables) =>
    Observable.create((sink) => stream.subscribe({ query: text, operationName: name, variables }, sink)),
  ),
  store: new Store(new RecordSource()),
});

const ask = (query, variables) => relay.fetchQuery(environment, query, variables).toPromise();

function change(name, input) {
  return new Promise((resolve, reject) =>
    relay.commitMutation(environment, {
      mutation: compiled(name),
      variables: { input },
      onCompleted: (data) => resolve(Object.values(data)[0]),
      onError: reject,
    }),
  );
}

/** What a component shows, kept up to date by the store. */
async function shown(name, variables, field) {
  const operation = relay.createOperationDescriptor(compiled(name), variables);
  environment.retain(operation);
  await ask(compiled(name), variables);
  const snapshot = environment.lookup(operation.fragment);
  const seen = { ...snapshot.data[field] };
  environment.subscribe(snapshot, ({ data }) => Object.assign(seen, data[field]));
  return seen;
}

const newest = ({ community }) => community.videos.edges[0]?.node.caption;

const profile = await change("ChorusProfileMutation", { handle, displayName: "Relay" });
const { sound } = await change("ChorusRecordMutation", { title: "Recorded with relay", kind: "ORIGINAL", durationMs: 9000 });
const byField = await shown("ChorusSoundQuery", { id: sound.id }, "sound");
const byNode = await shown("ChorusNodeQuery", { id: sound.id }, "node");

const { length } = requests;
const posted = await change("ChorusPostMutation", { soundId: sound.id, caption: "Posted with relay", durationMs: 15000 });
await until("both queries show the new video", () => newest(byField) && newest(byNode));
const updating = requests.slice(length);

const chart = (await shown("ChorusChartQuery", { window: "DAY" }, "trendingSounds")).edges.map(({ node }) => node);

// What usePaginationFragment does: the fragment's own query, found by the id that node(id:) takes, merged by the connection's handler.
const fragment = compiled("Chorus_videos");
const { paginationRequest, paginationMetadata } = relay.getPaginationMetadata(fragment, "the test");
const connection = () => environment.lookup(relay.getSelector(fragment, chart[0].community)).data.videos;
for (let page = 1; page < 3; page++) {
  const variables = relay.getPaginationVariables("forward", 4, connection().pageInfo.endCursor, {}, {}, paginationMetadata);
  await ask(paginationRequest, { ...variables, id: chart[0].community.id });
}

const every = readdirSync(new URL("relay/__generated__", import.meta.url)).filter((name) => /^Every.*Query\.graphql\.js$/.test(name));
await Promise.all(every.map((name) => send(compiled(name.replace(".graphql.js", "")).params, { id: chart[0].id })));
const errorsOfEvery = errors.splice(0);

const stored = environment.getStore().getSource();

tell({
  profile,
  posted: posted.__typename,
  newest: [newest(byField), newest(byNode)],
  updating,
  stored: [profile.viewer.id, profile.viewer.user.id, sound.id].map((id) => stored.get(id).__typename),
  chart: chart.map(({ id }) => id),
  pages: connection().edges.map(({ node }) => node.id),
  person: (await ask(compiled("ChorusPersonQuery"), { by: { handle } })).user,
  refused: await change("ChorusPostMutation", { soundId: "sound_999999", caption: "", durationMs: 15000 }),
  found: (await ask(compiled("ChorusSearchQuery"), { query: "dance" })).search.edges.map(({ node }) => node),
  partial: { data: await ask(compiled("ChorusNodesQuery"), { ids: [sound.id, "nonsense"] }), errors, answered: requests.at(-1) },
  stream: await first(2, ({ next, error }) => {
    const config = { subscription: compiled("ChorusRisingSubscription"), variables: {}, onNext: (data) => next(data.trendingSounds), onError: error };
    const subscription = relay.requestSubscription(environment, config);
    return () => subscription.dispose();
  }),
  every: [every.length, errorsOfEvery],
});
