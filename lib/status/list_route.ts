/** A row of the API that answers a list, by pages. */
import type { z } from "@hono/zod-openapi";
import { page } from "./fact_schemas.ts";
import { PageQuery } from "./inputs.ts";
import { type Route, route } from "./route.ts";

export interface ListRow<Q extends typeof PageQuery, C> {
  readonly path: string;
  readonly summary: string;
  /** Which page, and what else chooses among the items. */
  readonly query?: Q;
  /** What each item is. */
  readonly of: z.ZodType;
  items(control: C, query: z.infer<Q>): Promise<readonly unknown[]>;
}

export function listRoute<Q extends typeof PageQuery, C>(
  { path, summary, query, of, items }: ListRow<Q, C>,
): Route<C> {
  return route({
    ...{ method: "get", path, summary, access: "read" },
    input: { query: query ?? (PageQuery as Q) },
    answer: page(of),
    run: async (control: C, { query }) => pageOf(await items(control, query), query),
  });
}

/** The part of a list that is asked for. */
function pageOf<T>(items: readonly T[], query: { offset: number; limit: number }) {
  const end = query.offset + query.limit;
  return { items: items.slice(query.offset, end), next: end < items.length ? end : null };
}
