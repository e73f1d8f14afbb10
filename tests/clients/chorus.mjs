// What the clients share: where Chorus is and as whom they ask, a fetch that notes, the socket of subscriptions, and how they tell what they saw.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

export const { CHORUS_URL: url, CHORUS_TOKEN: token, CHORUS_HANDLE: handle } = process.env;

export const authorization = `Bearer ${token}`;

/** Every request that was answered: its method, and the answer's status and type. */
export const requests = [];

export async function fetching(address, options) {
  const response = await fetch(address, options);
  requests.push(`${options.method} ${response.status} ${response.headers.get("content-type").split(";")[0]}`);
  return response;
}

/** A client of graphql-transport-ws, which closes its socket after its last subscription. */
export function socket(options = {}) {
  return createClient({ url: url.replace("http", "ws"), webSocketImpl: WebSocket, connectionParams: { authorization }, retryAttempts: 0, ...options });
}

/** The first results of a stream, which is then left; `subscribe` takes an observer and returns how to leave. */
export function first(count, subscribe) {
  return new Promise((resolve, reject) => {
    const results = [];
    const leave = subscribe({
      next(result) {
        results.push(result);
        if (results.length === count) {
          leave();
          resolve(results);
        }
      },
      error: reject,
      complete: () => reject(new Error(`the stream ended after ${results.length} of ${count} results`)),
    });
  });
}

/** Returns once the answer is true: a cache tells of what changed in a turn of its own. */
export async function until(what, answer) {
  const patience = performance.now() + 60_000;
  while (!answer()) {
    if (performance.now() > patience) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What the test reads. */
export function tell(facts) {
  console.log(JSON.stringify(facts));
}
