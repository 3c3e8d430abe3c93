/** Asks a service over its API: the part of every client that knows nothing of what it asks. */
import type { Progress } from "../config/facts.ts";
import { ControlError } from "../config/control_error.ts";
import { errorOf, isRecord } from "./error_answer.ts";
import type { Ask, Exchange, Reply } from "./exchange.ts";

/** How long an ordinary operation may take; ending sessions by force is the slowest. */
const DEADLINE_MS = 60_000;
/** Items asked for at once. */
const PAGE_LENGTH = 500;

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Call {
  readonly query?: Query;
  readonly body?: object;
  /** Calls it off. */
  readonly signal?: AbortSignal | undefined;
}

/** Who follows a long operation, and may call it off. */
export interface Watch {
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface ServiceClientOptions {
  /** Nobody can listen in on the exchange, so that secrets may go over it. */
  readonly isPrivate?: boolean;
  /** What an operator asks when the service cannot be reached. */
  readonly statusCommand?: string;
}

export class ServiceClient {
  readonly #name: string;
  readonly #exchange: Exchange;
  readonly #isPrivate: boolean;
  readonly #statusCommand: string;

  /** `name` is what errors call the service: its socket or its URL. */
  constructor(name: string, exchange: Exchange, options: ServiceClientOptions = {}) {
    this.#name = name;
    this.#exchange = exchange;
    this.#isPrivate = options.isPrivate ?? false;
    this.#statusCommand = options.statusCommand ?? "sanctl status";
  }

  /** Refuses before anything is sent where others could read it on the way. */
  requirePrivate(): void {
    if (this.#isPrivate) return;
    throw new ControlError(
      "permission",
      `secrets are not sent to ${this.#name}, since they could be read on the way`,
      "use the sanctl command on the server",
    );
  }

  /** All parts of a list. */
  async list<T>(path: string, query: Query = {}): Promise<T[]> {
    const all: T[] = [];
    let offset: number | null = 0;
    while (offset !== null) {
      const page: { items: T[]; next: number | null } = await this.call("GET", path, {
        query: { ...query, offset, limit: PAGE_LENGTH },
      });
      all.push(...page.items);
      offset = page.next;
    }
    return all;
  }

  async call<T>(method: string, path: string, call: Call = {}): Promise<T> {
    const { query = {}, body, signal } = call;
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    const reply = await this.#ask({
      method,
      path: path + queryText(query),
      signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await this.#text(reply);
    if (reply.status !== 200) throw this.#errorIn(reply.status, text);
    return this.#parse(text) as T;
  }

  /** An operation that may take minutes, and tells of its progress. */
  async long<T>(path: string, body: object, { onProgress, signal }: Watch): Promise<T> {
    const reply = await this.#ask({
      method: "POST",
      path,
      body: JSON.stringify(body),
      accept: "application/x-ndjson",
      signal,
    });
    if (reply.status !== 200) throw this.#errorIn(reply.status, await this.#text(reply));
    for await (const value of this.#values(reply, signal)) {
      if (!isRecord(value)) break;
      const error = errorOf(value);
      if (error !== undefined) throw error;
      if ("result" in value) return value["result"] as T;
      onProgress?.(value["progress"] as Progress);
    }
    throw this.#lost("it ended before the work was done");
  }

  async #ask(ask: Ask): Promise<Reply> {
    try {
      return await this.#exchange(ask);
    } catch (error) {
      throw this.#failure(error, ask.signal);
    }
  }

  async #text(reply: Reply): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for await (const chunk of reply.chunks) text += decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw this.#failure(error);
    }
    return text + decoder.decode();
  }

  /** JSON values as they come, a line each. */
  async *#values(reply: Reply, signal?: AbortSignal): AsyncGenerator<unknown> {
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for await (const chunk of reply.chunks) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
        rest = lines.pop()!;
        for (const line of lines) yield this.#parse(line);
      }
    } catch (error) {
      throw this.#failure(error, signal);
    }
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw this.#lost("its answer broke off", error);
    }
  }

  #errorIn(status: number, text: string): ControlError {
    try {
      const error = errorOf(JSON.parse(text));
      if (error !== undefined) return error;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    return this.#lost(`it answered HTTP ${status} ${text.trim().slice(0, 200)}`);
  }

  /** What the failure of an exchange means; one that the caller called off stays what it is. */
  #failure(error: unknown, signal?: AbortSignal): unknown {
    if (error instanceof ControlError) return error;
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return this.#lost(`it did not answer within ${DEADLINE_MS / 1000} seconds`, error);
    }
    if (signal?.aborted) return signal.reason;
    return this.#lost(error instanceof Error ? error.message : String(error), error);
  }

  #lost(why: string, cause?: unknown): ControlError {
    return new ControlError(
      "unreachable",
      `the service at ${this.#name} cannot be reached: ${why}`,
      `see whether it runs: ${this.#statusCommand}`,
      { cause },
    );
  }
}

function queryText(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return "";
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}
