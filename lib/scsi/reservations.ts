/**
 * Who may use a logical unit: by RESERVE and RELEASE (SPC-2), or by persistent reservations
 * (SPC-4), which exclude each other. What a service action makes of the persistent ones is worked
 * out by the functions in reservations/; here it is saved where it must be, comes into force, and
 * is told to whom it concerns.
 */
import { DeviceError } from "../block/device.ts";
import type { Access } from "./command.ts";
import { type Nexus, nexusId } from "./nexus.ts";
import {
  type Change,
  CONFLICT,
  isChange,
  type Outcome,
  type ReservationRequest,
  type ServiceAction,
} from "./reservations/outcome.ts";
import {
  ALLOWED_TO_ALL,
  ALLOWED_UNDER_RESERVE,
  type AllowedAccess,
  allowedAccess,
  Standing,
} from "./reservations/reservation_type.ts";
import {
  covers,
  holds,
  NO_RESERVATIONS,
  persistedOf,
  registrationOf,
  type ReservationState,
  stateOf,
} from "./reservations/state.ts";
import type { ReservationStore } from "./reservations/store.ts";
import { INTERNAL_TARGET_FAILURE } from "./sense.ts";
import type { Step, Task } from "./task.ts";
import type { UnitAttentions } from "./unit_attention.ts";

export type {
  PersistedRegistration,
  PersistedReservations,
  ReservationStore,
} from "./reservations/store.ts";

export class Reservations {
  readonly #attentions: UnitAttentions;
  readonly #store: ReservationStore | undefined;
  #state: ReservationState = NO_RESERVATIONS;
  /** What each nexus may do under the reservation in force; found out once for each. */
  #allowed = new WeakMap<Nexus, AllowedAccess>();
  /** The nexus that holds the unit by RESERVE: that very session, as it ends with it. */
  #reserver: Nexus | undefined;
  /** A change that is on its way to the store; resolves when it has been made or given up. */
  #saving: Promise<void> | undefined;
  /** The store may hold something else than what is in force, since a save failed. */
  #unsaved = false;

  /**
   * Takes over what the store kept through a loss of power. Throws where it cannot be understood.
   */
  constructor(attentions: UnitAttentions, store?: ReservationStore) {
    this.#attentions = attentions;
    this.#store = store;
    const persisted = store?.load();
    if (persisted !== undefined) this.#state = stateOf(persisted);
  }

  /** Some reservation is in force: false lets every command pass by. */
  get held(): boolean {
    return this.#reserver !== undefined || this.#state.reservation !== undefined;
  }

  /** The unit is held by RESERVE. */
  get reserved(): boolean {
    return this.#reserver !== undefined;
  }

  /** The persistent reservations now in force. */
  get state(): ReservationState {
    return this.#state;
  }

  /** APTPL can be asked for. */
  get persistable(): boolean {
    return this.#store !== undefined;
  }

  /** True: the task is to end with RESERVATION CONFLICT. */
  conflicts(task: Task, access: Access): boolean {
    const { nexus } = task;
    const allowed = this.#reserver === undefined
      ? this.#allowed.get(nexus) ?? this.#allowedTo(nexus)
      : this.#reserver === nexus
      ? ALLOWED_TO_ALL
      : ALLOWED_UNDER_RESERVE;
    return (allowed & (1 << access)) === 0;
  }

  /** What RESERVE gave the nexus is released; its registration stays. */
  nexusLost(nexus: Nexus): void {
    this.release(nexus);
  }

  /** A logical unit or target reset: releases what RESERVE gave; persistent reservations stay. */
  reset(): void {
    this.#reserver = undefined;
  }

  /** RESERVE. False: somebody else has the unit, or keys are registered. */
  reserve(nexus: Nexus): boolean {
    const free = this.#reserver === undefined || this.#reserver === nexus;
    if (!free || this.#state.registrations.length > 0) return false;
    this.#reserver = nexus;
    return true;
  }

  /** RELEASE, which does nothing for who has not reserved. */
  release(nexus: Nexus): void {
    if (this.#reserver === nexus) this.#reserver = undefined;
  }

  /**
   * Does `work` once no change is on its way to the store any more: such commands come one after
   * the other, and each sees what the one before left.
   */
  inTurn(task: Task, work: () => Step | Promise<Step>): Step {
    if (this.#saving !== undefined) return task.wait(this.#afterSaving(task, work));
    const step = work();
    return typeof step === "number" ? step : task.wait(step);
  }

  /**
   * Carries a service action out; in turn only. What must be saved is in force when it has been.
   */
  apply(action: ServiceAction, request: ReservationRequest): Outcome | Promise<Outcome> {
    const outcome = action(this.#state, request, [...this.#attentions.nexuses()]);
    if (outcome === CONFLICT || !isChange(outcome) || outcome.state === this.#state) {
      return outcome;
    }
    const kept = outcome.state.aptpl || this.#state.aptpl || this.#unsaved;
    if (this.#store !== undefined && kept) return this.#save(this.#store, outcome, request.nexus);
    this.#commit(outcome, request.nexus);
    return outcome;
  }

  async #afterSaving(task: Task, work: () => Step | Promise<Step>): Promise<Step> {
    while (this.#saving !== undefined) await this.#saving;
    return task.aborted ? task.done() : work();
  }

  #save(store: ReservationStore, change: Change, cause: Nexus): Promise<Outcome> {
    const outcome = this.#saveAndCommit(store, change, cause);
    const over = () => {
      this.#saving = undefined;
    };
    this.#saving = outcome.then(over, over);
    return outcome;
  }

  async #saveAndCommit(store: ReservationStore, change: Change, cause: Nexus): Promise<Outcome> {
    this.#unsaved = true;
    try {
      await store.save(persistedOf(change.state));
    } catch (error) {
      if (error instanceof DeviceError) return INTERNAL_TARGET_FAILURE;
      throw error;
    }
    this.#unsaved = false;
    this.#commit(change, cause);
    return change;
  }

  #commit({ state, notices }: Change, cause: Nexus): void {
    this.#state = state;
    this.#allowed = new WeakMap();
    const id = nexusId(cause);
    for (const nexus of this.#attentions.nexuses()) {
      // Who caused an event knows of it, maybe by a newer session of the same nexus.
      if (nexusId(nexus) === id) continue;
      for (const { registration, condition } of notices) {
        if (covers(registration, nexus)) this.#attentions.establish(nexus, condition);
      }
    }
  }

  #allowedTo(nexus: Nexus): AllowedAccess {
    const allowed = this.#allowedBy(nexus);
    this.#allowed.set(nexus, allowed);
    return allowed;
  }

  #allowedBy(nexus: Nexus): AllowedAccess {
    const { reservation } = this.#state;
    if (reservation === undefined) return ALLOWED_TO_ALL;
    const own = registrationOf(this.#state, nexus);
    if (own === undefined) return allowedAccess(reservation.type, Standing.NOT_REGISTERED);
    const standing = holds(this.#state, own) ? Standing.HOLDER : Standing.REGISTERED;
    return allowedAccess(reservation.type, standing);
  }
}
