// graphql-ws alone: everything over one socket, and what it is told of a token that is no good.
import { authorization, first, handle, socket, tell } from "./chorus.mjs";
import { CHART, PROFILE, RISING, UNKNOWN } from "./documents.mjs";

const client = socket();
const ask = (query, variables) => first(1, (observer) => client.subscribe({ query, variables }, observer)).catch((reason) => reason);

const [profile] = await ask(PROFILE, { input: { handle, displayName: "Socket" } });
const [chart] = await ask(CHART, { window: "DAY" });
const stream = await first(2, (observer) => client.subscribe({ query: RISING }, observer));
const invalid = await ask(UNKNOWN);

const stranger = socket({ authorization: `${authorization}x` });
const { code, reason } = await first(1, (observer) => stranger.subscribe({ query: RISING }, observer)).catch((closed) => closed);

tell({
  profile: profile.data.createProfile,
  chart: chart.data.trendingSounds.edges.map(({ node }) => node.id),
  stream: stream.map(({ data }) => data.trendingSounds),
  invalid: invalid.map(({ extensions }) => extensions.code),
  closed: { code, reason },
});
