/** The part of the control that sees to discovery portals, and to targets that are known. */
import { checkIscsiName } from "../config/iscsi_name.ts";
import { checkAccounts, declareAccounts, withMutualSecret } from "./accounts.ts";
import type {
  Changed,
  DiscoveryPortalFacts,
  KnownTargetFacts,
  NewDiscoveryPortal,
  NewStaticTarget,
  PortalFacts,
} from "./control.ts";
import {
  addPortal,
  addTarget,
  findPortal,
  removePortal,
  removeTarget,
} from "./declared_changes.ts";
import { undiscovered } from "./facts_of.ts";
import { checkPortal } from "./host.ts";
import { notRunning } from "./initiator_failure.ts";
import type { InitiatorKeeper } from "./keeper.ts";
import { knownTargets } from "./known_targets.ts";

export class DiscoveryControl {
  readonly #keeper: InitiatorKeeper;

  constructor(keeper: InitiatorKeeper) {
    this.#keeper = keeper;
  }

  async listPortals(): Promise<readonly DiscoveryPortalFacts[]> {
    const { running } = this.#keeper;
    const { portals } = await this.#keeper.state();
    return portals.map((portal) => running?.discovery.facts(portal) ?? undiscovered(portal));
  }

  async addPortal(asked: NewDiscoveryPortal): Promise<Changed<DiscoveryPortalFacts>> {
    const { address, port } = checkPortal(asked);
    const { state, secrets } = await this.#keeper.declared();
    const accounts = declareAccounts(checkAccounts(withMutualSecret(asked, state, secrets)));
    const { headerDigest = false, dataDigest = false } = asked;
    const portal = { address, port, headerDigest, dataDigest, ...accounts.declared };
    await this.#keeper.change(({ state, secrets }) => ({
      state: addPortal(state, portal),
      secrets: new Map([...secrets, ...accounts.secrets]),
    }));
    const { running } = this.#keeper;
    if (running === undefined) {
      const notice = "it is asked for targets when the service runs: sanctl initiator serve";
      return { facts: undiscovered(portal), notices: [notice] };
    }
    const { secrets: all } = await this.#keeper.declared();
    await running.discovery.askAll(running.node, [portal], all);
    const facts = running.discovery.facts(portal);
    return { facts, notices: facts.error === null ? [] : [`it was added, and ${facts.error}`] };
  }

  async removePortal(portal: PortalFacts): Promise<Changed<PortalFacts>> {
    const { address, port } = checkPortal(portal);
    const found = findPortal(await this.#keeper.state(), { address, port });
    await this.#keeper.change((declared) => ({
      ...declared,
      state: removePortal(declared.state, found),
    }));
    this.#keeper.running?.discovery.forget(found);
    return { facts: { address, port }, notices: [] };
  }

  async refreshPortals(portal?: PortalFacts): Promise<readonly DiscoveryPortalFacts[]> {
    const { running } = this.#keeper;
    if (running === undefined) throw notRunning("asking portals for targets");
    const { state, secrets } = await this.#keeper.declared();
    if (portal !== undefined) {
      const found = findPortal(state, checkPortal(portal));
      await running.discovery.ask(running.node, found, secrets);
      return [running.discovery.facts(found)];
    }
    await running.discovery.askAll(running.node, state.portals, secrets);
    return state.portals.map((each) => running.discovery.facts(each));
  }

  async listTargets(): Promise<readonly KnownTargetFacts[]> {
    const { running } = this.#keeper;
    if (running !== undefined) return running.knownTargets();
    const state = await this.#keeper.state();
    return knownTargets({
      ...{ state, loggedIn: [], nameServers: [], targetsOf: () => [], sessionsWith: () => 0 },
    });
  }

  async addTarget(target: NewStaticTarget): Promise<Changed<KnownTargetFacts>> {
    const iqn = checkIscsiName(target.iqn);
    const portals = target.portals.map(checkPortal);
    const { alias, hidden, headerDigest, dataDigest, persist = true, merge = false } = target;
    const { state, secrets } = await this.#keeper.declared();
    const accounts = declareAccounts(checkAccounts(withMutualSecret(target, state, secrets)));
    const added = {
      ...{ iqn, portals },
      ...(alias === undefined ? {} : { alias }),
      ...(hidden ? { hidden } : {}),
      ...(persist ? {} : { untilRestart: true }),
      ...(headerDigest === undefined ? {} : { headerDigest }),
      ...(dataDigest === undefined ? {} : { dataDigest }),
      ...accounts.declared,
    };
    await this.#keeper.change(({ state, secrets }) => ({
      state: addTarget(state, added, merge),
      secrets: new Map([...secrets, ...accounts.secrets]),
    }));
    const known = (await this.listTargets()).find((each) => each.iqn === iqn);
    const shown = { iqn, alias: alias ?? "", state: "known" as const, sessions: 0 };
    const facts = known ??
      { ...shown, portals: portals.map((it) => ({ ...it, portalGroup: null, foundBy: "static" })) };
    return { facts, notices: [] };
  }

  async removeTarget(name: string): Promise<Changed<{ readonly iqn: string }>> {
    const iqn = checkIscsiName(name);
    await this.#keeper.change((declared) => ({
      ...declared,
      state: removeTarget(declared.state, iqn),
    }));
    return { facts: { iqn }, notices: [] };
  }
}
