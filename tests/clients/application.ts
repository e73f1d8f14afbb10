// An application in TypeScript over the generated types: tsc accepts what Chorus promises, and refuses what it does not.
import { Client, fetchExchange } from "@urql/core";

import { ChartDocument, NodeDocument, PersonDocument, PostDocument, RisingDocument, SearchDocument } from "./generated/graphql";

const client = new Client({ url: "/graphql", preferGetMethod: false, exchanges: [fetchExchange] });

export async function titles(): Promise<(string | undefined)[]> {
  const { data } = await client.query(ChartDocument, { window: "DAY" }).toPromise();
  // @ts-expect-error  a sound of a chart may be gone since
  data?.trendingSounds.edges.map(({ node }) => node.title);
  // @ts-expect-error  there is no such window
  client.query(ChartDocument, { window: "YEAR" });
  return (data?.trendingSounds.edges ?? []).map(({ node }) => node?.title);
}

export async function handle(): Promise<string | undefined> {
  const { data } = await client.query(PersonDocument, { by: { handle: "ann" } }).toPromise();
  // @ts-expect-error  a person is found by one key
  client.query(PersonDocument, { by: { handle: "ann", id: "user_1" } });
  return data?.user?.handle;
}

export async function posted(): Promise<string> {
  const { data } = await client.mutation(PostDocument, { input: { soundId: "sound_1", caption: "", durationMs: 15000 } }).toPromise();
  if (!data) return "no answer";
  const answer = data.postVideo;
  switch (answer.__typename) {
    case "PostVideoPayload":
      return answer.community.id;
    case "NotFound":
    case "SoundUnavailable":
    case "SoundNotCleared":
    case "InvalidInput":
    case "IdempotencyRefused":
      return `${answer.path.join(".")}: ${answer.message}`;
    default:
      return answer satisfies never; // all members of the union were named
  }
}

export async function found(): Promise<string[]> {
  const { data } = await client.query(SearchDocument, { query: "dance" }).toPromise();
  return (data?.search.edges ?? []).map(({ node }) => {
    if (node?.__typename === "User") return node.handle;
    if (node?.__typename === "Sound") return node.title;
    return node?.id ?? "";
  });
}

export async function title(): Promise<string | undefined> {
  const { data } = await client.query(NodeDocument, { id: "sound_1" }).toPromise();
  return data?.node?.__typename === "Sound" ? data.node.title : undefined;
}

export function rising(show: (rank: number, title?: string) => void): void {
  client.subscription(RisingDocument, {}).subscribe(({ data }) => {
    if (data?.trendingSounds.__typename !== "TrendingSnapshot") return;
    for (const { rank, node } of data.trendingSounds.entries) show(rank, node?.title);
  });
}
