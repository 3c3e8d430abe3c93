/**
 * Reads what a request carries, counting as it comes: what a header claims about its length is not
 * trusted.
 */
import { ControlError } from "../config/control_error.ts";

export interface BodyLimits {
  readonly octets: number;
  /** Values in all, those inside of others included. */
  readonly values: number;
}

/** Unless what a body is for needs more. */
const USUAL_LIMITS: BodyLimits = { octets: 1 << 20, values: 20_000 };
/** How long a body may take to come. */
const DEADLINE_MS = 10_000;
/** Values within values. */
const MOST_DEPTH = 8;

/** The JSON value that the request carries. */
export async function readJson(
  request: Request,
  limits: BodyLimits = USUAL_LIMITS,
): Promise<unknown> {
  const [type = ""] = (request.headers.get("content-type") ?? "").toLowerCase().split(/\s*;/);
  if (type !== "application/json") {
    throw new ControlError(
      "usage",
      `the request does not carry JSON but ${type || "something unnamed"}`,
      "send application/json",
    );
  }
  const octets = await readOctets(request, limits.octets);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(octets));
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
    throw new ControlError("usage", "the request is not JSON", error.message, { cause: error });
  }
  if (!isWithin(value, MOST_DEPTH, { left: limits.values })) {
    throw new ControlError("usage", "the request holds too many values, or too deep ones");
  }
  return value;
}

async function readOctets(request: Request, mostOctets: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length")) > mostOctets) throw tooLarge(mostOctets);
  const parts: Uint8Array[] = [];
  let length = 0;
  if (request.body === null) return new Uint8Array(0);
  const reader = request.body.getReader();
  const timer = setTimeout(() => reader.cancel("it takes too long"), DEADLINE_MS);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > mostOctets) throw tooLarge(mostOctets);
      parts.push(value);
    }
  } finally {
    clearTimeout(timer);
    await reader.cancel();
  }
  const octets = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    octets.set(part, at);
    at += part.length;
  }
  return octets;
}

function tooLarge(mostOctets: number): ControlError {
  return new ControlError("usage", `the request has more than ${mostOctets} octets`);
}

function isWithin(value: unknown, depth: number, budget: { left: number }): boolean {
  if (--budget.left < 0) return false;
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0) return false;
  return Object.values(value).every((each) => isWithin(each, depth - 1, budget));
}
