/** The file in which visitors outlive the service. What in it is not understood is passed over. */
import { replaceFile } from "../../block/durable_file.ts";
import type { Visitor } from "./visitor.ts";

/** A longer file is not ours. */
const MOST_OCTETS = 4 << 20;

/** Those in the file; none where there is no such file. */
export async function readVisitors(path: string): Promise<Visitor[]> {
  let text: string;
  try {
    if ((await Deno.stat(path)).size > MOST_OCTETS) return [];
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  try {
    const data: unknown = JSON.parse(text);
    return Array.isArray(data) ? data.filter(isVisitor) : [];
  } catch (error) {
    // Nothing depends on who came by; the next writing puts it right.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

export async function writeVisitors(path: string, visitors: readonly Visitor[]): Promise<void> {
  const lines = visitors.map((visitor) => JSON.stringify(visitor));
  await replaceFile(path, new TextEncoder().encode(`[\n${lines.join(",\n")}\n]\n`));
}

const TYPES = {
  initiator: "string",
  address: "string",
  firstSeen: "number",
  lastSeen: "number",
  visits: "number",
} as const satisfies Partial<Record<keyof Visitor, string>>;

function isVisitor(value: unknown): value is Visitor {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Partial<Record<keyof Visitor, unknown>>;
  return Object.entries(TYPES).every(([name, type]) =>
    typeof fields[name as keyof Visitor] === type
  ) && /^(string|undefined)$/.test(typeof fields.target) &&
    /^(string|undefined)$/.test(typeof fields.refusal);
}
