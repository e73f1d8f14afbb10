// Writes relay/Every.js: for each connection of the schema a fragment that pages it, so that relay-compiler judges them all.
import { readFileSync, writeFileSync } from "node:fs";
import { buildSchema, getNamedType, isObjectType, isRequiredArgument } from "graphql";

const schema = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));

function fragment(type, field) {
  const names = field.args.map((argument) => argument.name);
  const given = field.args.filter(isRequiredArgument).map((argument) => `${argument.name}: "a"`);
  const backward = names.includes("before") ? ["last: $last", "before: $before"] : [];
  return `graphql\`
  fragment Every_${type.name}_${field.name} on ${type.name}
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 3 }, after: { type: "Cursor" }${backward.length ? ', last: { type: "Int" }, before: { type: "Cursor" }' : ""}
  )
  @refetchable(queryName: "Every${type.name}_${field.name}Query") {
    ${field.name}(${[...given, "first: $first", "after: $after", ...backward].join(", ")}) @connection(key: "Every_${field.name}") {
      edges { node { __typename } }
    }
  }
\`;
`;
}

const fragments = Object.values(schema.getTypeMap())
  .filter(isObjectType)
  .flatMap((type) => Object.values(type.getFields()).map((field) => [type, field]))
  .filter(([, field]) => getNamedType(field.type).name.endsWith("Connection"))
  .map(([type, field]) => fragment(type, field));

writeFileSync(new URL("relay/Every.js", import.meta.url), `const { graphql } = require("relay-runtime");\n\n${fragments.join("\n")}`);
console.log(fragments.length);
