/**
 * An API over HTTP, from a table of its operations: who may have what, what comes in, and how
 * failures are told.
 */
import { OpenAPIHono, type z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { ControlError } from "../config/control.ts";
import { HTTP_STATUSES } from "../config/control_error.ts";
import { VERSION } from "../config/version.ts";
import type { Logger } from "../runtime/logger.ts";
import { readJson } from "./body_reader.ts";
import { errorBody } from "./error_answer.ts";
import { ErrorAnswer } from "./fact_schemas.ts";
import { HostGuard } from "./host_guard.ts";
import { progressStream } from "./progress_stream.ts";
import type { Route } from "./route.ts";
import { SECURITY_HEADERS } from "./security_headers.ts";

export interface ApiOptions<C> {
  readonly control: C;
  readonly routes: readonly Route<C>[];
  /** `full` admits changes; whoever reaches the application is taken for the operator. */
  readonly access: "full" | "read-only";
  /** Host names that are ours, besides the loopback's. */
  readonly hosts?: readonly string[];
  readonly logger: Logger;
  /** What it is about, for its document. */
  readonly description: string;
}

const PROGRESS_TYPE = "application/x-ndjson";

export function createApi<C>(options: ApiOptions<C>): OpenAPIHono {
  const app = new OpenAPIHono();
  const guard = new HostGuard(options.hosts);
  app.use(async (context, next) => {
    const refusal = refusalOf(context.req.raw, guard);
    if (refusal === undefined) await next();
    else context.res = refusal;
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      context.res.headers.set(name, value);
    }
  });
  for (const row of options.routes) addRoute(app, row, options);
  addDocument(app, options.description);
  app.get("/healthz", (context) => context.text("ok\n"));
  app.notFound((context) => {
    const error = new ControlError(
      "not-found",
      "there is nothing at this address",
      "see /api/openapi.json",
    );
    return answerError(context, error);
  });
  app.onError((error, context) => answerError(context, controlErrorOf(error, options.logger)));
  return app;
}

/** Why a request is not for us, or cannot be told from what it hides. */
function refusalOf(request: Request, guard: HostGuard): Response | undefined {
  const { headers } = request;
  // RFC 9112 6.1: a request with both is a sign of smuggling.
  if (headers.has("transfer-encoding") && headers.has("content-length")) {
    return new Response("both Transfer-Encoding and Content-Length\n", { status: 400 });
  }
  const authority = new URL(request.url).host;
  if (guard.admits(headers.get("host") ?? authority) && guard.admits(authority)) return undefined;
  return new Response("this host name is not served here\n", { status: 421 });
}

function addRoute<C>(app: OpenAPIHono, row: Route<C>, options: ApiOptions<C>): void {
  const { path, query, body } = row.input;
  app.openAPIRegistry.registerPath({
    method: row.method,
    path: row.path,
    summary: row.summary,
    request: {
      ...(path === undefined ? {} : { params: path }),
      ...(query === undefined ? {} : { query }),
      ...(body === undefined
        ? {}
        : { body: { required: true, content: { "application/json": { schema: body } } } }),
    },
    responses: {
      200: {
        description: "Done",
        content: {
          "application/json": { schema: row.answer },
          ...(row.long ? { [PROGRESS_TYPE]: { schema: row.answer } } : {}),
        },
      },
      default: {
        description: "Refused or failed",
        content: { "application/json": { schema: ErrorAnswer } },
      },
    },
  });
  const pattern = row.path.replace(/\{(\w+)\}/g, ":$1");
  app.on(row.method.toUpperCase(), pattern, (context) => answer(context, row, options));
}

/**
 * One row's answer. Who may have it is decided here, from the row, and not by what the path begins
 * with.
 */
async function answer<C>(
  context: Context,
  row: Route<C>,
  options: ApiOptions<C>,
): Promise<Response> {
  if (row.access !== "read") requireChangeable(context.req.raw, options.access);
  const { input } = row;
  const values = {
    path: parse(input.path, context.req.param()),
    query: parse(input.query, context.req.query()),
    body: input.body === undefined
      ? {}
      : parse(input.body, await readJson(context.req.raw, row.bodyLimits)),
  };
  const { control, logger } = options;
  if (row.long && context.req.header("accept") === PROGRESS_TYPE) {
    const stream = progressStream(
      (course) => row.run(control, values as never, course),
      (error) => controlErrorOf(error, logger),
    );
    return context.body(stream, 200, { "content-type": PROGRESS_TYPE });
  }
  return context.json(await row.run(control, values as never, {}) as object);
}

/** A change is for those with full control, and never for a page of another site. */
function requireChangeable(request: Request, access: ApiOptions<unknown>["access"]): void {
  if (access !== "full") {
    throw new ControlError(
      "permission",
      "this address shows the service and does not change it",
      "use the sanctl command on the server",
    );
  }
  const site = request.headers.get("sec-fetch-site");
  if (request.headers.has("origin") || (site !== null && site !== "none")) {
    throw new ControlError("permission", "changes are not taken from web pages");
  }
}

function parse(schema: z.ZodObject | undefined, value: unknown): unknown {
  if (schema === undefined) return {};
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const where = issue.path.length === 0 ? "the request" : issue.path.join(".");
  throw new ControlError("usage", `${where}: ${issue.message.slice(0, 200)}`);
}

function controlErrorOf(error: unknown, logger: Logger): ControlError {
  if (error instanceof ControlError) return error;
  const reason = error instanceof Error ? error.stack ?? error.message : String(error);
  logger.error("a request failed for a reason that is ours", { reason });
  return new ControlError("failed", "the service failed inside", "its log tells more");
}

function answerError(context: Context, error: ControlError): Response {
  return context.json(errorBody(error), HTTP_STATUSES[error.kind]);
}

function addDocument(app: OpenAPIHono, description: string): void {
  app.doc31("/api/openapi.json", {
    openapi: "3.1.0",
    info: { title: "sanctl", version: VERSION, description },
  });
}
