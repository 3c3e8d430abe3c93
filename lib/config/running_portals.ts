/**
 * The portals of the running service, brought to what is declared: a socket for each, but for one
 * that another takes too. A change is prepared, and then made or undone; neither can fail.
 */
import { endSessions } from "../target/end_sessions.ts";
import type { TargetNode } from "../target/node.ts";
import { covers, DEFAULT_PORTAL_GROUP_TAG, type Portal } from "../target/portal.ts";
import { ControlError } from "./control_error.ts";
import type { PortalFacts } from "./facts.ts";
import { listenFailure } from "./listen_failure.ts";
import { declaredPortals, portalName, portalOf } from "./portals.ts";
import type { DeclaredPortal } from "./schema.ts";

/** A socket that takes whoever comes. */
export interface Listening {
  readonly hostname: string;
  /** The one that was taken, where any would do. */
  readonly port: number;
  /** Resolves when the address is free. */
  close(): Promise<void>;
}

/** What listens. */
export interface Sockets {
  listen(address: { readonly hostname: string; readonly port: number }): Listening;
}

/** A change that is ready to be made. */
export interface PreparedPortals {
  commit(): Promise<void>;
  undo(): Promise<void>;
}

/** How often an address that this machine did not have is tried again. */
const RETRY_MS = 10_000;
/** What initiators whose portal goes have to log out. */
const LOGOUT_MS = 5_000;

const UNCHANGED: PreparedPortals = {
  commit: () => Promise.resolve(),
  undo: () => Promise.resolve(),
};

const DECLARED = { what: "a portal", another: "with sanctl target portal set" };
const GIVEN = { what: "a portal", another: "with --portal" };

export class RunningPortals {
  readonly #node: TargetNode;
  readonly #onChange: (name: string, failure: string | undefined) => void;
  #sockets: Sockets | undefined;
  /** By the name of their portal. */
  readonly #open = new Map<string, Listening>();
  /** Declared ones whose address this machine does not have now. */
  readonly #absent = new Map<string, Portal>();
  #declared: readonly Portal[] = [];
  /** What the command line named instead of what is declared. */
  #given: readonly Portal[] | undefined;
  #stopRetrying = () => {};

  /** `onChange` is told of a declared portal that cannot listen, and why, or that can again. */
  constructor(node: TargetNode, onChange: (name: string, failure: string | undefined) => void) {
    this.#node = node;
    this.#onChange = onChange;
  }

  /** Where initiators can come to. */
  get listening(): PortalFacts[] {
    return [...this.#node.portals].map(({ address, port }) => ({ address, port }));
  }

  /** Named by the command line, whatever is declared. */
  get given(): readonly Portal[] | undefined {
    return this.#given;
  }

  /** Names of declared portals whose address this machine does not have. */
  get absent(): readonly string[] {
    return [...this.#absent.keys()];
  }

  /** Begins to listen: at those that are given, if any are, else at the declared ones. */
  open(
    sockets: Sockets,
    declared: readonly DeclaredPortal[] | undefined,
    given: readonly PortalFacts[] | undefined,
  ): void {
    this.#sockets = sockets;
    if (given !== undefined) return this.#openGiven(given);
    this.#declared = declaredPortals(declared).map(portalOf);
    for (const portal of socketsFor(this.#declared)) this.#openOrMiss(portal, isAbsent);
    this.#tell();
    this.#retry();
  }

  close(): void {
    this.#stopRetrying();
  }

  /** Listens where it is new, if it can; what is only to go goes with `commit`. */
  async prepare(declared: readonly DeclaredPortal[] | undefined): Promise<PreparedPortals> {
    if (this.#sockets === undefined || this.#given !== undefined) return UNCHANGED;
    const next = declaredPortals(declared).map(portalOf);
    const needed = new Map(socketsFor(next).map((portal) => [portalName(portal), portal]));
    const fresh = [...needed].filter(([name]) => !this.#open.has(name) && !this.#absent.has(name));
    const stale = [...this.#open].filter(([name]) => !needed.has(name));
    const inTheWay = stale.filter(([, socket]) =>
      fresh.some(([, portal]) => standsInTheWay(socket, portal))
    );
    const opened = new Map<string, Listening>();
    const undo = async (): Promise<void> => {
      await closeAll(opened.values());
      for (const [name] of inTheWay) this.#reopen(name);
    };
    await closeAll(inTheWay.map(([, socket]) => socket));
    try {
      for (const [name, portal] of fresh) opened.set(name, this.#listen(portal));
    } catch (error) {
      await undo();
      throw error;
    }
    const commit = async (): Promise<void> => {
      for (const [name] of stale) this.#open.delete(name);
      for (const [name, socket] of opened) this.#open.set(name, socket);
      for (const name of this.#absent.keys()) if (!needed.has(name)) this.#absent.delete(name);
      this.#declared = next;
      this.#tell();
      await closeAll(stale.map(([, socket]) => socket));
    };
    return { commit, undo };
  }

  /** Ends the sessions whose portal is gone, or is in another group; resolves when they have. */
  async endStrayed(): Promise<void> {
    const strayed = [...this.#node.sessions.values()].filter(({ connections }) =>
      [...connections.values()].some(({ endpoint }) => this.#node.hasStrayed(endpoint))
    );
    const reason = "its portal is gone, or in another portal group";
    await endSessions(this.#node, strayed, { waitMs: LOGOUT_MS, reason });
  }

  #openGiven(given: readonly PortalFacts[]): void {
    const sockets = this.#sockets!;
    const portals = given.map((place): Portal => ({
      ...place,
      portalGroupTag: DEFAULT_PORTAL_GROUP_TAG,
    }));
    this.#given = socketsFor(portals).map((portal) => {
      const { address: hostname, port } = portal;
      try {
        const socket = sockets.listen({ hostname, port });
        return { ...portal, address: socket.hostname, port: socket.port };
      } catch (error) {
        throw listenFailure(GIVEN, portal, error);
      }
    });
    for (const portal of this.#given) this.#node.portals.add(portal);
  }

  /** A portal that cannot listen, for a reason that is tolerated, is tried again and again. */
  #openOrMiss(portal: Portal, isTolerated: (error: unknown) => boolean): void {
    const name = portalName(portal);
    try {
      this.#open.set(name, this.#listen(portal));
      if (this.#absent.delete(name)) this.#onChange(name, undefined);
    } catch (error) {
      if (!(error instanceof ControlError && isTolerated(error))) throw error;
      if (!this.#absent.has(name)) this.#onChange(name, error.message);
      this.#absent.set(name, portal);
    }
  }

  /** What was closed for another listens again. */
  #reopen(name: string): void {
    this.#open.delete(name);
    this.#openOrMiss(this.#declared.find((each) => portalName(each) === name)!, () => true);
  }

  /** Where a machine has no IPv6, what is for every address is for those of IPv4. */
  #listen(portal: Portal): Listening {
    const { address: hostname, port } = portal;
    try {
      return this.#sockets!.listen({ hostname, port });
    } catch (error) {
      if (hostname !== "::" || error instanceof Deno.errors.AddrInUse) {
        throw listenFailure(DECLARED, portal, error);
      }
    }
    try {
      return this.#sockets!.listen({ hostname: "0.0.0.0", port });
    } catch (error) {
      throw listenFailure(DECLARED, { address: "0.0.0.0", port }, error);
    }
  }

  #retry(): void {
    this.#stopRetrying = this.#node.clock.after(RETRY_MS, () => {
      for (const portal of [...this.#absent.values()]) this.#openOrMiss(portal, () => true);
      this.#tell();
      this.#retry();
    });
  }

  /** Initiators are told of what listens. */
  #tell(): void {
    const { portals } = this.#node;
    portals.clear();
    for (const portal of this.#declared) {
      const name = portalName(portal);
      if (this.#absent.has(name)) continue;
      const address = this.#open.get(name)?.hostname ?? portal.address;
      portals.add({ ...portal, address });
    }
  }
}

/** Those that need a socket of their own. */
function socketsFor(portals: readonly Portal[]): Portal[] {
  return portals.filter((portal) => portals.every((other) => !covers(other, portal)));
}

/** Both cannot listen at a time. */
function standsInTheWay({ hostname, port }: Listening, portal: Portal): boolean {
  const open = { address: hostname, port };
  return covers(open, portal) || covers(portal, open);
}

async function closeAll(sockets: Iterable<Listening>): Promise<void> {
  await Promise.all([...sockets].map((socket) => socket.close()));
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Deno.errors.AddrNotAvailable;
}
