/** Keeps who comes by while the service runs, and writes it down now and then and at the end. */
import { isName, normaliseName } from "../../iscsi/name.ts";
import { LoginStatus } from "../../iscsi/pdu/login_response.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import { printable } from "../../runtime/printable.ts";
import type { LoginEvent, SessionEnd, TargetNode } from "../../target/node.ts";
import { plainAddress } from "../../target/portal.ts";
import type { Visitor } from "./visitor.ts";
import { readVisitors, writeVisitors } from "./visitor_file.ts";
import { VisitorList } from "./visitor_list.ts";

/** How long what changed may be unwritten. */
const WRITE_MS = 30_000;

/** Who tells of visitors. */
export interface VisitorSource {
  visitors(): Promise<readonly Visitor[]>;
}

export class VisitorBook implements VisitorSource {
  readonly #path: string;
  readonly #node: TargetNode;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #list = new VisitorList();
  #callOff: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** Notes who comes to the node from now on. */
  constructor(path: string, node: TargetNode) {
    this.#path = path;
    this.#node = node;
    this.#clock = node.clock;
    this.#logger = node.logger;
    const { onLogin, onSessionEnd } = node;
    node.onLogin = (login) => {
      onLogin?.(login);
      this.#noteLogin(login);
    };
    node.onSessionEnd = (end) => {
      onSessionEnd?.(end);
      this.#noteEnd(end);
    };
  }

  /** Takes up what is written in the file, before anybody comes. */
  async load(): Promise<void> {
    try {
      this.#list.load(await readVisitors(this.#path));
    } catch (error) {
      this.#logger.warn("who came by before is not known", { reason: String(error) });
    }
  }

  /** Those of the last seven days, the latest first; who is logged in is seen now. */
  visitors(): Promise<readonly Visitor[]> {
    const now = this.#clock.now();
    for (const session of this.#node.sessions.values()) {
      for (const { endpoint } of session.connections.values()) {
        this.#list.touch({
          initiator: session.initiatorName,
          address: plainAddress(endpoint.remoteAddress),
          target: session.target?.name,
        }, now);
      }
    }
    return Promise.resolve(this.#list.since(now));
  }

  /** Writes what is not written yet. */
  async close(): Promise<void> {
    if (this.#callOff === undefined) return await this.#writing;
    this.#callOff();
    await this.#write();
  }

  /** Whoever does not say who it is, or asks for what has no name, is not remembered. */
  #noteLogin({ initiatorName = "", targetName, remoteAddress, status, reason }: LoginEvent): void {
    if (!isName(initiatorName) || (targetName !== undefined && !isName(targetName))) return;
    this.#list.note({
      initiator: normaliseName(initiatorName),
      address: plainAddress(remoteAddress),
      target: targetName === undefined ? undefined : normaliseName(targetName),
      refusal: status === LoginStatus.SUCCESS ? undefined : printable(reason),
    }, this.#clock.now());
    this.#changed();
  }

  #noteEnd({ session, remoteAddress }: SessionEnd): void {
    this.#list.touch({
      initiator: session.initiatorName,
      address: plainAddress(remoteAddress),
      target: session.target?.name,
    }, this.#clock.now());
    this.#changed();
  }

  #changed(): void {
    this.#callOff ??= this.#clock.after(WRITE_MS, () => void this.#write());
  }

  #write(): Promise<void> {
    this.#callOff = undefined;
    return this.#writing = this.#writing.then(() => this.#tryToWrite());
  }

  async #tryToWrite(): Promise<void> {
    try {
      await writeVisitors(this.#path, await this.visitors());
    } catch (error) {
      this.#logger.warn("who came by cannot be written down", { reason: String(error) });
    }
  }
}
