/** Finds out which targets a server shows, in the way that it understands. */
import { nextNode, queryNextNode, queryNode, queryTargets } from "./registered_targets.ts";
import { type RegisteredTarget, TargetsReader } from "./registered_targets.ts";
import type { IsnsLimits } from "./limits.ts";
import type { ServerSession } from "./server_session.ts";
import { Status } from "./status.ts";

/** What a server says that cannot be asked by the type of nodes. */
const NOT_UNDERSTOOD: readonly number[] = [
  Status.MESSAGE_FORMAT_ERROR,
  Status.INVALID_QUERY,
  Status.ATTRIBUTE_NOT_IMPLEMENTED,
];

export interface ShownTargets {
  readonly targets: readonly RegisteredTarget[];
  /** There are more of them than are remembered. */
  readonly isCut: boolean;
}

/** Fails with ServerUnusable. `source` is the name of the initiator that asks. */
export async function searchTargets(
  session: ServerSession,
  source: string,
  limits: IsnsLimits,
): Promise<ShownTargets> {
  const reader = new TargetsReader(limits);
  const question = queryTargets(source);
  const answer = await session.tryAsking(question);
  const { status, attributes } = answer;
  if (status === Status.SUCCESSFUL) reader.read(attributes);
  else if (NOT_UNDERSTOOD.includes(status!)) await searchOneByOne(session, source, reader, limits);
  // There is nothing, or nothing that we may see.
  else if (status !== Status.NO_SUCH_ENTRY) throw session.refusal(question, status!);
  return { targets: reader.targets(), isCut: reader.isCut };
}

/** From one node to the next. */
async function searchOneByOne(
  session: ServerSession,
  source: string,
  reader: TargetsReader,
  limits: IsnsLimits,
): Promise<void> {
  const seen = new Set<string>();
  let previous: string | undefined;
  while (seen.size < limits.targets) {
    const question = queryNextNode(source, previous);
    const { status, attributes } = await session.tryAsking(question);
    if (status === Status.NO_SUCH_ENTRY) return;
    if (status !== Status.SUCCESSFUL) throw session.refusal(question, status!);
    const { name, isTarget } = nextNode(attributes);
    // A server that leads us in a circle has told all it knows.
    if (name === undefined || seen.has(name)) return;
    seen.add(name);
    previous = name;
    if (isTarget) reader.read((await session.ask(queryNode(source, name))).attributes);
  }
}
