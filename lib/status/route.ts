/** What a row of the API's table says. */
import type { z } from "@hono/zod-openapi";
import type { Control, Progress } from "../config/control.ts";
import type { BodyLimits } from "./body_reader.ts";

/** `read` is answered to whoever reaches the API, `change` only where it has full control. */
export type Access = "read" | "change";

/** Told how far a long operation is, and when it is called off. */
export interface Course {
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** What came with the request, each part as its schema gave it; an absent part is empty. */
export interface Input<P, Q, B> {
  readonly path: P;
  readonly query: Q;
  readonly body: B;
}

/** A row of the API of a control. */
export interface Route<C = Control> {
  readonly method: "get" | "post" | "patch" | "delete";
  /** Parameters stand in braces. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly input: {
    readonly path?: z.ZodObject;
    readonly query?: z.ZodObject;
    readonly body?: z.ZodObject;
  };
  readonly answer: z.ZodType;
  /**
   * It may take minutes: its progress is told, a JSON value a line, to a client that accepts that.
   */
  readonly long?: boolean;
  /** What its body may have at most, where that is more than others need. */
  readonly bodyLimits?: BodyLimits;
  run(control: C, input: Input<never, never, never>, course: Course): Promise<unknown>;
}

interface Schemas<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject> {
  readonly path?: P;
  readonly query?: Q;
  readonly body?: B;
}

/** A row whose `run` sees the types that its schemas give. */
export interface TypedRoute<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodObject,
  C,
> extends Omit<Route<C>, "input" | "run"> {
  readonly input: Schemas<P, Q, B>;
  run(
    control: C,
    input: Input<z.infer<P>, z.infer<Q>, z.infer<B>>,
    course: Course,
  ): Promise<unknown>;
}

/** The control is that of the table in which the row stands. */
export function route<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject, C>(
  row: TypedRoute<P, Q, B, C>,
): Route<C> {
  return row;
}
