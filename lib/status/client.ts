/**
 * The control of a running service, over its Unix socket or a TCP address. Kept light, since every
 * thin command loads it: no validation but of what decides its own course.
 */
import type {
  ApplyOptions,
  AssignOptions,
  AuthenticationFacts,
  Changed,
  Control,
  DeletedTarget,
  DisconnectOptions,
  DiskChanges,
  DiskFacts,
  EndedSession,
  EventsPage,
  EventsQuery,
  ExportFacts,
  ExportOptions,
  Extension,
  Force,
  ImportedDisk,
  MoveOptions,
  NewChap,
  NewDisk,
  NewReverseChap,
  NewTarget,
  PlanFacts,
  Progress,
  RemovedDisk,
  RemoveOptions,
  SessionChoice,
  SessionFacts,
  StatusFacts,
  TargetChanges,
  TargetFacts,
  VersionFacts,
  VisitorFacts,
} from "../config/control.ts";
import { ControlError } from "../config/control_error.ts";
import { isName } from "../config/names.ts";
import { noSuchDisk, noSuchTarget } from "../config/operations/find.ts";
import { errorOf, isRecord } from "./error_answer.ts";
import type { Ask, Exchange, Reply } from "./exchange.ts";
import { fetchExchange } from "./fetch_exchange.ts";
import { socketExchange } from "./socket_exchange.ts";

/** How long an ordinary operation may take; ending sessions by force is the slowest. */
const DEADLINE_MS = 60_000;
/** Items asked for at once. */
const PAGE_LENGTH = 500;

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

interface Call {
  readonly query?: Query;
  readonly body?: object;
  /** Calls it off. */
  readonly signal?: AbortSignal | undefined;
}

/** Who follows a long operation, and may call it off. */
interface Watch {
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The control of the service that listens on a Unix socket. */
export function clientAtSocket(path: string): Control {
  return new ControlClient(path, socketExchange(path), { isPrivate: true });
}

/** The control of the service at `http://HOST:PORT`, where it can be looked at and not changed. */
export function clientAtUrl(origin: string): Control {
  return new ControlClient(origin, fetchExchange(origin));
}

export class ControlClient implements Control {
  readonly #name: string;
  readonly #exchange: Exchange;
  readonly #isPrivate: boolean;

  /**
   * `name` is what errors call the service: its socket or its URL. Nobody can listen in on a
   * private exchange, so that secrets may go over it.
   */
  constructor(name: string, exchange: Exchange, { isPrivate = false } = {}) {
    this.#name = name;
    this.#exchange = exchange;
    this.#isPrivate = isPrivate;
  }

  createTarget(target: NewTarget): Promise<Changed<TargetFacts>> {
    return this.#call("POST", "/api/targets", { body: target });
  }

  listTargets(): Promise<readonly TargetFacts[]> {
    return this.#list("/api/targets");
  }

  async showTarget(name: string): Promise<TargetFacts> {
    return await this.#call("GET", targetPath(name));
  }

  async setTarget(
    name: string,
    changes: TargetChanges,
    options: Force = {},
  ): Promise<Changed<TargetFacts>> {
    return await this.#call("PATCH", targetPath(name), { query: { ...options }, body: changes });
  }

  async deleteTarget(name: string, options: Force = {}): Promise<Changed<DeletedTarget>> {
    return await this.#call("DELETE", targetPath(name), { query: { ...options } });
  }

  async allow(name: string, ids: readonly string[]): Promise<Changed<TargetFacts>> {
    return await this.#call("POST", `${targetPath(name)}/allow`, { body: { ids } });
  }

  async deny(name: string, ids: readonly string[]): Promise<Changed<TargetFacts>> {
    return await this.#call("POST", `${targetPath(name)}/deny`, { body: { ids } });
  }

  async setChap(
    target: string | undefined,
    chap: NewChap | undefined,
  ): Promise<Changed<AuthenticationFacts>> {
    return await this.#setSecret(`${authenticationPath(target)}/chap`, chap);
  }

  async setReverseChap(
    target: string | undefined,
    chap: NewReverseChap | undefined,
  ): Promise<Changed<AuthenticationFacts>> {
    return await this.#setSecret(`${authenticationPath(target)}/reverse-chap`, chap);
  }

  initiators(): Promise<readonly VisitorFacts[]> {
    return this.#list("/api/initiators");
  }

  sessions(target?: string): Promise<readonly SessionFacts[]> {
    return this.#list("/api/sessions", { target });
  }

  disconnect(
    choice: SessionChoice,
    options: DisconnectOptions = {},
  ): Promise<Changed<readonly EndedSession[]>> {
    return this.#call("POST", "/api/sessions/disconnect", { body: { ...choice, ...options } });
  }

  createDisk(
    disk: NewDisk,
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<DiskFacts>> {
    return this.#long("/api/disks", disk, { onProgress, signal });
  }

  importDisk(disk: ImportedDisk): Promise<Changed<DiskFacts>> {
    return this.#call("POST", "/api/disks/import", { body: disk });
  }

  listDisks(): Promise<readonly DiskFacts[]> {
    return this.#list("/api/disks");
  }

  async showDisk(name: string): Promise<DiskFacts> {
    return await this.#call("GET", diskPath(name));
  }

  async assignDisk(
    name: string,
    target: string,
    options: AssignOptions = {},
  ): Promise<Changed<DiskFacts>> {
    const body = { target, ...options };
    return await this.#call("POST", `${diskPath(name)}/assign`, { body });
  }

  async unassignDisk(
    name: string,
    target?: string,
    options: Force = {},
  ): Promise<Changed<DiskFacts>> {
    const body = { target, ...options };
    return await this.#call("POST", `${diskPath(name)}/unassign`, { body });
  }

  async extendDisk(
    name: string,
    extension: Extension,
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<DiskFacts>> {
    return await this.#long(`${diskPath(name)}/extend`, extension, { onProgress, signal });
  }

  async moveDisk(
    name: string,
    target: string,
    options: MoveOptions = {},
  ): Promise<Changed<DiskFacts>> {
    return await this.#call("POST", `${diskPath(name)}/move`, { body: { target, ...options } });
  }

  async setDisk(name: string, changes: DiskChanges): Promise<Changed<DiskFacts>> {
    return await this.#call("PATCH", diskPath(name), { body: changes });
  }

  async removeDisk(name: string, options: RemoveOptions = {}): Promise<Changed<RemovedDisk>> {
    return await this.#call("DELETE", diskPath(name), { query: { ...options } });
  }

  events(query: EventsQuery = {}, signal?: AbortSignal): Promise<EventsPage> {
    return this.#call("GET", "/api/events", { query: { ...query }, signal });
  }

  async export({ secrets, ...choice }: ExportOptions = {}): Promise<ExportFacts> {
    if (!secrets) {
      const query = { targets: choice.targets?.join(",") };
      return await this.#call("GET", "/api/export", { query });
    }
    this.#requirePrivate();
    return await this.#call("POST", "/api/export/secrets", { body: choice });
  }

  async apply(
    document: string,
    options: ApplyOptions = {},
    onProgress?: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<Changed<PlanFacts>> {
    // There may be secrets in it.
    this.#requirePrivate();
    return await this.#long("/api/apply", { document, ...options }, { onProgress, signal });
  }

  status(): Promise<StatusFacts> {
    return this.#call("GET", "/api/status");
  }

  version(): Promise<VersionFacts> {
    return this.#call("GET", "/api/version");
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #setSecret<T>(path: string, body: NewReverseChap | undefined): Promise<T> {
    if (body === undefined) return await this.#call("DELETE", path);
    this.#requirePrivate();
    return await this.#call("POST", path, { body });
  }

  /** Refuses before anything is sent where others could read it on the way. */
  #requirePrivate(): void {
    if (this.#isPrivate) return;
    throw new ControlError(
      "permission",
      `secrets are not sent to ${this.#name}, since they could be read on the way`,
      "use the sanctl command on the server",
    );
  }

  /** All parts of a list. */
  async #list<T>(path: string, query: Query = {}): Promise<T[]> {
    const all: T[] = [];
    let offset: number | null = 0;
    while (offset !== null) {
      const page: { items: T[]; next: number | null } = await this.#call("GET", path, {
        query: { ...query, offset, limit: PAGE_LENGTH },
      });
      all.push(...page.items);
      offset = page.next;
    }
    return all;
  }

  async #call<T>(method: string, path: string, call: Call = {}): Promise<T> {
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
  async #long<T>(path: string, body: object, { onProgress, signal }: Watch): Promise<T> {
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
      "see whether it runs: sanctl status",
      { cause },
    );
  }
}

/** A name that could not be one would be taken for a part of the path. */
function targetPath(name: string): string {
  if (!isName(name)) throw noSuchTarget(name);
  return `/api/targets/${name}`;
}

/** Without a target: that of discovery. */
function authenticationPath(target: string | undefined): string {
  return target === undefined ? "/api/discovery" : targetPath(target);
}

function diskPath(name: string): string {
  if (!isName(name)) throw noSuchDisk(name);
  return `/api/disks/${name}`;
}

function queryText(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return "";
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}
