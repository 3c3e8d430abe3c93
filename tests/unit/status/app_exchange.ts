/** Carries a client's requests straight into an application. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { type Exchange, headersOf } from "../../../lib/status/exchange.ts";

export function appExchange(app: OpenAPIHono): Exchange {
  return async (ask) => {
    const response = await app.request(`http://localhost${ask.path}`, {
      method: ask.method,
      headers: headersOf(ask),
      ...(ask.body === undefined ? {} : { body: ask.body }),
    });
    return { status: response.status, chunks: response.body! };
  };
}
