/** The part of the control that is about iSNS servers. */
import type { Changed, IsnsServerFacts, PortalFacts } from "./control.ts";
import { addIsnsServer, findIsnsServer, removeIsnsServer } from "./declared_changes.ts";
import { unusedServer } from "./facts_of.ts";
import { checkIsnsServer } from "./host.ts";
import { notRunning } from "./initiator_failure.ts";
import type { InitiatorKeeper } from "./keeper.ts";

export class IsnsControl {
  readonly #keeper: InitiatorKeeper;

  constructor(keeper: InitiatorKeeper) {
    this.#keeper = keeper;
  }

  async list(): Promise<readonly IsnsServerFacts[]> {
    const { isnsServers = [] } = await this.#keeper.state();
    return isnsServers.map((server) => this.#facts(server));
  }

  #facts(server: PortalFacts): IsnsServerFacts {
    return this.#keeper.running?.isns.facts(server) ?? unusedServer(server, "stopped");
  }

  async add(asked: PortalFacts): Promise<Changed<IsnsServerFacts>> {
    const server = checkIsnsServer(asked);
    await this.#keeper.change((declared) => ({
      ...declared,
      state: addIsnsServer(declared.state, server),
    }));
    const { running } = this.#keeper;
    if (running === undefined) {
      const notice = "it is asked for targets when the service runs: sanctl initiator serve";
      return { facts: this.#facts(server), notices: [notice] };
    }
    await running.reconcileIsns();
    await running.isns.refresh(server);
    const facts = this.#facts(server);
    const later = `it was added, and is tried again: ${facts.error}`;
    return { facts, notices: facts.error === null ? [] : [later] };
  }

  async remove(asked: PortalFacts): Promise<Changed<PortalFacts>> {
    const server = findIsnsServer(await this.#keeper.state(), checkIsnsServer(asked));
    await this.#keeper.change((declared) => ({
      ...declared,
      state: removeIsnsServer(declared.state, server),
    }));
    await this.#keeper.running?.reconcileIsns();
    return { facts: server, notices: [] };
  }

  async refresh(asked?: PortalFacts): Promise<readonly IsnsServerFacts[]> {
    const { running } = this.#keeper;
    if (running === undefined) throw notRunning("asking iSNS servers for targets");
    const { isns } = running;
    const state = await this.#keeper.state();
    if (asked === undefined) {
      await isns.refresh();
      return (state.isnsServers ?? []).map((server) => isns.facts(server));
    }
    const server = findIsnsServer(state, checkIsnsServer(asked));
    await isns.refresh(server);
    const failure = isns.failureOf(server);
    if (failure !== undefined) throw failure;
    return [isns.facts(server)];
  }
}
