// Writes generated/: the types that graphql-code-generator's client preset makes of schema.graphql and of the documents here.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { preset } from "@graphql-codegen/client-preset";
import { codegen } from "@graphql-codegen/core";
import { parse } from "graphql";

import * as all from "./documents.mjs";

const { UNKNOWN, ...documents } = all; // the one that does not fit the schema
const folder = new URL("generated/", import.meta.url);
const schema = parse(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));

const files = await preset.buildGeneratesSection({
  baseOutputDir: "generated/",
  schema,
  documents: Object.values(documents).map((rawSDL) => ({ rawSDL, document: parse(rawSDL), location: "documents.mjs" })),
  config: {
    enumsAsTypes: true,
    scalars: { Cursor: "string", DateTime: "string", LocalDate: "string", Long: "number", RegionCode: "string", Uri: "string" },
    strictScalars: true,
    useTypeImports: true,
  },
  presetConfig: { fragmentMasking: false },
  plugins: [],
  pluginMap: {},
  pluginContext: {},
});

mkdirSync(folder, { recursive: true });
for (const file of files) {
  const name = file.filename.split("/").at(-1);
  writeFileSync(new URL(name, folder), await codegen(file));
  console.log(name);
}
