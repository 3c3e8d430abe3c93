/**
 * A name server that does what RFC 4171 says, and what servers do besides: it forgets what it has
 * not heard of, is started anew without its database, says nothing, answers with errors, hangs up.
 */
import {
  type Attribute,
  attribute,
  DELIMITER,
  operating,
  valueOf,
} from "../../lib/isns/attribute.ts";
import { FunctionId } from "../../lib/isns/function_id.ts";
import type { Message } from "../../lib/isns/message.ts";
import { Status } from "../../lib/isns/status.ts";
import type { Clock } from "../../lib/runtime/clock.ts";
import { FakeIsnsServer } from "../support/fake_isns_server.ts";

interface Kept {
  attributes: readonly Attribute[];
  heardMs: number;
  readonly periodMs: number;
  /** Nodes of it that want to hear of changes. */
  readonly told: Set<string>;
}

const TARGET = 1;

export class SimIsnsServer extends FakeIsnsServer {
  readonly #clock: Clock;
  readonly #entities = new Map<string, Kept>();
  /** Tells whoever listens on a port of a change. */
  readonly #tell: (port: number, node: string) => void;
  /** What it grants, whatever it was asked for. */
  periodSeconds = 300;
  /** It answers with this, or not at all, in the place of what it should. */
  fault: number | "silence" | undefined;

  constructor(clock: Clock, tell: (port: number, node: string) => void) {
    super();
    this.#clock = clock;
    this.#tell = tell;
    this.answer = (asked) => this.#answer(asked);
  }

  #answer(asked: Message): Partial<Message> | undefined {
    this.expire();
    if (this.fault === "silence") return undefined;
    if (this.fault !== undefined) return { status: this.fault };
    const source = valueOf(asked.attributes, "iscsiName")!;
    const own = this.#entityOf(source);
    if (own !== undefined) own.heardMs = this.#clock.nowMs();
    switch (asked.functionId) {
      case FunctionId.DevAttrReg:
        return this.#register(asked, source);
      case FunctionId.DevDereg:
        if (own === undefined) return { status: Status.SOURCE_UNKNOWN };
        this.#entities.delete(valueOf(operating(asked.attributes), "entityIdentifier")!);
        this.#changed();
        return {};
      case FunctionId.SCNReg:
        if (own === undefined) return { status: Status.SOURCE_UNKNOWN };
        own.told.add(source);
        return {};
      case FunctionId.DevAttrQry:
        return this.#query(asked);
    }
    return { status: Status.MESSAGE_NOT_SUPPORTED };
  }

  #entityOf(node: string): Kept | undefined {
    return [...this.#entities.values()].find(({ attributes }) =>
      namesIn(attributes).includes(node)
    );
  }

  /** RFC 4171 5.6.1: whoever registers is known already, or by what it registers. */
  #register({ attributes }: Message, source: string): Partial<Message> {
    const content = operating(attributes);
    const identifier = valueOf(content, "entityIdentifier")!;
    const before = this.#entities.get(identifier);
    const known = [...namesIn(before?.attributes ?? []), ...namesIn(content)];
    if (!known.includes(source)) return { status: Status.SOURCE_UNKNOWN };
    const told = new Set([...before?.told ?? []].filter((node) => namesIn(content).includes(node)));
    this.#entities.set(identifier, {
      ...{ attributes: content, told },
      ...{ heardMs: this.#clock.nowMs(), periodMs: this.periodSeconds * 1000 },
    });
    this.#changed();
    return { attributes: [DELIMITER, attribute("registrationPeriod", this.periodSeconds)] };
  }

  #query({ attributes }: Message): Partial<Message> {
    const asked = attributes.slice(1, attributes.findIndex(({ name }) => name === "delimiter"));
    const identifier = valueOf(asked, "entityIdentifier");
    const all = [...this.#entities.values()].map((kept) => kept.attributes);
    if (identifier === undefined) return { attributes: [DELIMITER, ...all.flatMap(targetsIn)] };
    const own = this.#entities.get(identifier);
    return own === undefined
      ? { status: Status.NO_SUCH_ENTRY }
      : { attributes: [DELIMITER, ...own.attributes] };
  }

  /** What was not heard of in its time is not there any more. */
  expire(): void {
    const nowMs = this.#clock.nowMs();
    const overdue = [...this.#entities].filter(([, { heardMs, periodMs }]) =>
      nowMs - heardMs > periodMs
    );
    for (const [identifier] of overdue) this.#entities.delete(identifier);
    if (overdue.length > 0) this.#changed();
  }

  #changed(): void {
    for (const { attributes, told } of this.#entities.values()) {
      const port = valueOf(attributes, "scnPort");
      if (port !== undefined) { for (const node of told) this.#tell(port, node); }
    }
  }

  /** It is started anew. */
  restart({ forgets }: { readonly forgets: boolean }): void {
    if (forgets) this.#entities.clear();
    this.hangUp();
  }

  /** An administrator takes an entity out. */
  forgetOne(): void {
    const [first] = this.#entities.keys();
    if (first !== undefined) this.#entities.delete(first);
    this.#changed();
  }

  get entityCount(): number {
    return this.#entities.size;
  }

  /** The targets that it shows, ascending. */
  get targets(): string[] {
    this.expire();
    const all = [...this.#entities.values()].flatMap(({ attributes }) => targetsIn(attributes));
    return namesIn(all).sort();
  }
}

function namesIn(attributes: readonly Attribute[]): string[] {
  return attributes.flatMap(({ name, value }) => name === "iscsiName" ? [String(value)] : []);
}

/** Its targets as a query for them shows them, each with the portals of the entity. */
function targetsIn(attributes: readonly Attribute[]): Attribute[] {
  const portals = attributes.filter(({ name }) =>
    name === "portalAddress" || name === "portalPort"
  );
  return attributes.flatMap((each, at) => {
    const type = attributes[at + 1];
    const isTarget = each.name === "iscsiName" && type?.name === "iscsiNodeType" &&
      type.value === TARGET;
    return isTarget ? [each, type, ...portals] : [];
  });
}
