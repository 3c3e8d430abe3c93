/** The part of the control that is about portals. */
import type {
  Changed,
  Force,
  NewPortal,
  PortalChanges,
  PortalFacts,
  TargetPortalFacts,
} from "./control.ts";
import type { Outcome } from "./operations/outcome.ts";
import { addPortal, findPortal, removePortal, setPortal } from "./operations/portals.ts";
import { portalFactsOf } from "./portal_facts.ts";
import type { DeclaredPortal, DeclaredState } from "./schema.ts";
import type { StateKeeper } from "./state_keeper.ts";

export class PortalControl {
  readonly #keeper: StateKeeper;

  constructor(keeper: StateKeeper) {
    this.#keeper = keeper;
  }

  async list(): Promise<readonly TargetPortalFacts[]> {
    return portalFactsOf(await this.#keeper.state(), this.#keeper.observation);
  }

  async add(portal: NewPortal, options: Force): Promise<Changed<TargetPortalFacts>> {
    const { observation } = this.#keeper;
    return await this.#change(
      (state) => addPortal(state, portal, options, observation),
      ({ portals }) => portals!.at(-1)!,
    );
  }

  async remove(place: PortalFacts, options: Force): Promise<Changed<TargetPortalFacts>> {
    const { observation } = this.#keeper;
    let facts: TargetPortalFacts | undefined;
    const { notices } = await this.#keeper.change((state) => {
      facts = this.#portal(state, findPortal(state, place));
      return removePortal(state, place, options, observation);
    });
    return { facts: facts!, notices };
  }

  async set(
    place: PortalFacts,
    changes: PortalChanges,
    options: Force,
  ): Promise<Changed<TargetPortalFacts>> {
    const { observation } = this.#keeper;
    let at = 0;
    return await this.#change((state) => {
      at = state.portals?.indexOf(findPortal(state, place)) ?? 0;
      return setPortal(state, place, { ...changes, ...options }, observation);
    }, ({ portals }) => portals![at]!);
  }

  /** `chosen` picks the portal that the change was about. */
  async #change(
    operation: (state: DeclaredState) => Outcome,
    chosen: (state: DeclaredState) => DeclaredPortal,
  ): Promise<Changed<TargetPortalFacts>> {
    const { state, notices } = await this.#keeper.change(operation);
    const { given } = this.#keeper.observation.portals();
    const unused = "the service was started with --portal, and listens there until it is restarted";
    return {
      facts: this.#portal(state, chosen(state)),
      notices: given === undefined ? notices : [...notices, unused],
    };
  }

  #portal(state: DeclaredState, { address, port }: DeclaredPortal): TargetPortalFacts {
    return portalFactsOf(state, this.#keeper.observation)
      .find((each) => each.declared && each.address === address && each.port === port)!;
  }
}
