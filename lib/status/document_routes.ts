/** The API's rows for the server as a document. */
import * as facts from "./fact_schemas.ts";
import * as inputs from "./inputs.ts";
import { type Route, route } from "./route.ts";

/** As much as the declared state may have. */
const DOCUMENT_LIMITS = { octets: 8 << 20, values: 500_000 };

export const DOCUMENT_ROUTES: readonly Route[] = [
  route({
    method: "get",
    path: "/api/export",
    summary: "The server, or some of its targets, as a document; secrets by reference",
    access: "read",
    input: { query: inputs.ExportQuery },
    answer: facts.Export,
    run: (control, { query }) => control.export(query),
  }),
  route({
    method: "post",
    path: "/api/export/secrets",
    summary: "The server as a document, with its secrets",
    access: "change",
    input: { body: inputs.SecretExportBody },
    answer: facts.Export,
    run: (control, { body }) => control.export({ ...body, secrets: true }),
  }),
  route({
    method: "post",
    path: "/api/apply",
    summary: "Make the server what a document says, wholly or not at all",
    access: "change",
    long: true,
    bodyLimits: DOCUMENT_LIMITS,
    input: { body: inputs.ApplyBody },
    answer: facts.changed(facts.Plan),
    run(control, { body: { document, ...options } }, { onProgress, signal }) {
      return control.apply(document, options, onProgress, signal);
    },
  }),
];
