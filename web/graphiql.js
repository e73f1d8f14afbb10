// GraphiQL over Chorus: queries and mutations by fetch, subscriptions by graphql-transport-ws, each with the token of the Headers tab.
"use strict";

const ADDRESS = new URL("/graphql", location.href);
const STREAMS = new URL(ADDRESS);
STREAMS.protocol = ADDRESS.protocol === "https:" ? "wss:" : "ws:";
const WORTH_ANOTHER_TRY = [1001, 1006, 1012, 1013];
const PLACE_FOR_A_TOKEN = `{
  "Authorization": "Bearer <the token that \`make dev\` printed, or \`chorus token --handle NAME\`>"
}`;

async function ask(parameters, headers) {
  const response = await fetch(ADDRESS, {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json, application/json;q=0.9",
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify(parameters),
  });
  return response.json();
}

// A client of its own for each subscription, because the next one may have another token.
function listen(parameters, headers) {
  return {
    subscribe(observer) {
      const client = graphqlWs.createClient({
        url: STREAMS.href,
        connectionParams: () => ({ authorization: authorization(headers) }),
        retryAttempts: 10,
        shouldRetry: (problem) => WORTH_ANOTHER_TRY.includes(problem.code),
      });
      const end = () => client.dispose();
      const unsubscribe = client.subscribe(parameters, {
        next: (result) => observer.next(result),
        error(problem) {
          if (Array.isArray(problem)) {
            observer.next({ errors: problem });
            observer.complete();
          } else {
            observer.error({ message: problem.reason || problem.message || "The connection was lost." });
          }
          end();
        },
        complete() {
          observer.complete();
          end();
        },
      });
      return { unsubscribe };
    },
  };
}

function authorization(headers) {
  const name = Object.keys(headers).find((each) => each.toLowerCase() === "authorization");
  return name === undefined ? undefined : headers[name];
}

function isSubscription(document, name) {
  const operations = (document?.definitions ?? []).filter((each) => each.kind === "OperationDefinition");
  const chosen = name ? operations.find((each) => each.name?.value === name) : operations[0];
  return chosen?.operation === "subscription";
}

function fetcher(parameters, options = {}) {
  const headers = options.headers ?? {};
  return isSubscription(options.documentAST, parameters.operationName)
    ? listen(parameters, headers)
    : ask(parameters, headers);
}

// One tab for each operation of the file; where its comment speaks of a token, the Headers tab says where to put it.
function tabs(examples) {
  return examples
    .trim()
    .split(/\n\n+/)
    .map((query) => ({ query: query + "\n", headers: query.includes("token") ? PLACE_FOR_A_TOKEN : undefined }));
}

async function show() {
  const examples = await fetch("/graphiql/examples.graphql");
  const logo = React.createElement("span", { className: "chorus-logo" }, "Chorus");
  const graphiql = React.createElement(
    GraphiQL,
    { fetcher, defaultTabs: tabs(await examples.text()), defaultEditorToolsVisibility: "headers", inputValueDeprecation: true },
    React.createElement(GraphiQL.Logo, null, logo),
  );
  ReactDOM.render(graphiql, document.getElementById("graphiql"));
}

show();
