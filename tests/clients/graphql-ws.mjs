// graphql-ws alone: everything over one socket, and what it is told of a token that is no good.
import { authorization, first, handle, socket, tell, until } from "./chorus.mjs";
import { ACTIVITY, CHART, POST, PROFILE, RECORD, RISING, UNKNOWN } from "./documents.mjs";

const client = socket();
const ask = (query, variables) => first(1, (observer) => client.subscribe({ query, variables }, observer)).catch((reason) => reason);

const [profile] = await ask(PROFILE, { input: { handle, displayName: "Socket" } });
const [chart] = await ask(CHART, { window: "DAY" });
const stream = await first(2, (observer) => client.subscribe({ query: RISING }, observer));
const invalid = await ask(UNKNOWN);

const stranger = socket({ connectionParams: { authorization: `${authorization}x` } });
const { code, reason } = await first(1, (observer) => stranger.subscribe({ query: RISING }, observer)).catch((closed) => closed);

/** What a listener is told of a community when its connection is cut after the first video, and two are posted before it is back. */
async function resumed() {
  const [recorded] = await ask(RECORD, { input: { title: "Resumed", kind: "ORIGINAL", durationMs: 9000 } });
  const { id } = recorded.data.createSound.sound;
  const post = (caption) => ask(POST, { input: { soundId: id, caption, durationMs: 15000 } });
  const connections = [];
  let missed;
  const watching = socket({ retryAttempts: 1, shouldRetry: () => true, retryWait: () => missed, on: { opened: (connection) => connections.push(connection) } });

  // graphql-ws asks again with the same variables: so the last cursor is kept in them.
  const variables = { sound: id };
  const told = [];
  const failed = [];
  const leave = watching.subscribe(
    { query: ACTIVITY, variables },
    {
      next({ data: { communityActivity: update } }) {
        variables.after = update.cursor;
        told.push(update.video?.caption ?? update.__typename);
      },
      error: (error) => failed.push(error),
      complete() {},
    },
  );
  await until("the stream has begun", () => told.length === 1);
  await post("first");
  await until("the first video is told", () => told.length === 2);
  let back;
  missed = new Promise((resolve) => (back = resolve));
  connections[0].terminate();
  await post("second");
  await post("third");
  back();
  await until("what was missed is told", () => told.length === 5 || failed.length > 0);
  await post("fourth");
  await until("the stream goes on", () => told.length === 6 || failed.length > 0);
  leave();
  return { told, connections: connections.length };
}

tell({
  resumed: await resumed(),
  profile: profile.data.createProfile,
  chart: chart.data.trendingSounds.edges.map(({ node }) => node.id),
  stream: stream.map(({ data }) => data.trendingSounds),
  invalid: invalid.map(({ extensions }) => extensions.code),
  closed: { code, reason },
});
