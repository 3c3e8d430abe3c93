/**
 * The whole service put together: the declared state and its disks, the portals that initiators
 * come to, and the API that commands and browsers come to.
 */
import type { Control, PortalFacts } from "../config/control.ts";
import { localDiskFiles } from "../config/local_disk_files.ts";
import { Service } from "../config/service.ts";
import { socketFile } from "../config/state_directory.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/logger.ts";
import { NetworkWitness } from "../net/network_witness.ts";
import { readNeighbours } from "../net/neighbours.ts";
import { resolveHost } from "../net/resolve_host.ts";
import type { Witness } from "../net/witness.ts";
import { keepMemoryFree } from "../runtime/free_memory.ts";
import { systemRandom } from "../runtime/random.ts";
import { DEFAULT_LIMITS, type Limits } from "../target/limits.ts";
import { TargetNode } from "../target/node.ts";
import { TargetServer } from "../target/server.ts";
import { createApp } from "./app.ts";
import { hostsOf } from "./host_guard.ts";
import { type HttpListener, listenOnPort, listenOnSocket } from "./listeners.ts";
import { tellSupervisor } from "./supervisor.ts";

export interface RunOptions {
  readonly stateDirectory: string;
  /** In the place of those that are declared. */
  readonly portals?: readonly PortalFacts[];
  /** Where browsers may look at the service; nowhere without. */
  readonly http?: PortalFacts;
  /** Host names besides those of its address under which browsers come. */
  readonly httpHosts?: readonly string[];
  readonly logger: Logger;
  readonly limits?: Limits;
  readonly clock?: Clock;
  /** What tells by which host and adapter initiators come; this machine's own without. */
  readonly witness?: Witness;
}

export interface RunningService {
  readonly control: Control;
  /** Where initiators can come to, with the ports that were taken. */
  readonly portals: readonly PortalFacts[];
  readonly http: PortalFacts | null;
  /**
   * Ends: initiators are asked to log out and given `drainMs` for it, then the disks are flushed
   * and closed. Called again meanwhile, with less time, it hurries what is under way.
   */
  stop(options: { readonly drainMs: number }): Promise<void>;
}

/** Starts the service; resolves when every portal listens. What fails leaves nothing behind. */
export async function runService(options: RunOptions): Promise<RunningService> {
  const { stateDirectory, logger, clock = systemClock } = options;
  const node = new TargetNode({
    limits: options.limits ?? DEFAULT_LIMITS,
    clock,
    random: systemRandom,
    logger,
    witness: options.witness ?? new NetworkWitness({ clock, resolve: resolveHost, readNeighbours }),
  });
  const service = await Service.start({ directory: stateDirectory, node, files: localDiskFiles });
  const server = new TargetServer(node);
  const listeners: HttpListener[] = [];
  let letMemoryBe = () => {};

  async function stop(drainMs: number): Promise<void> {
    letMemoryBe();
    service.events.letGo();
    const withdrawn = service.withdraw();
    await server.close({ drainMs });
    await withdrawn;
    await Promise.all(listeners.map((listener) => listener.close()));
    await service.stop();
  }

  try {
    const { control } = service;
    const full = createApp({ control, access: "full", logger });
    const socket = socketFile(stateDirectory);
    listeners.push(await listenOnSocket(socket, (request) => full.fetch(request), logger));
    if (options.http !== undefined) {
      const hosts = [...hostsOf(options.http.address), ...options.httpHosts ?? []];
      const shown = createApp({ control, access: "read-only", hosts, logger });
      const listener = listenOnPort(options.http, (request) => shown.fetch(request), logger);
      listeners.push(listener);
      service.http = listener.address ?? null;
    }
    const portals = service.listen(server, options.portals);
    letMemoryBe = keepMemoryFree(node.clock);
    tellSupervisor("READY=1");
    return { control, portals, http: service.http, stop: stopper(server, stop) };
  } catch (error) {
    await stop(0);
    throw error;
  }
}

/** Stops once, and hurries when it is asked again. */
function stopper(server: TargetServer, stop: (drainMs: number) => Promise<void>) {
  let stopping: Promise<void> | undefined;
  return async ({ drainMs }: { readonly drainMs: number }): Promise<void> => {
    if (stopping === undefined) {
      tellSupervisor("STOPPING=1");
      stopping = stop(drainMs);
    } else {
      await server.close({ drainMs });
    }
    await stopping;
  };
}
