/** Who may use a logical unit: RESERVE/RELEASE (SPC-2) and persistent reservations (SPC-4). */
import { Access } from "./command.ts";
import type { Nexus } from "./nexus.ts";
import type { PersistedReservations, ReservationStore } from "./reservations/store.ts";
import type { Task } from "./task.ts";
import type { UnitAttentions } from "./unit_attention.ts";

export type { PersistedReservations, ReservationStore } from "./reservations/store.ts";

export class Reservations {
  readonly attentions: UnitAttentions;
  readonly persisted: PersistedReservations | undefined;
  /** The nexus that holds the unit by RESERVE. */
  #reserver: Nexus | undefined;

  constructor(attentions: UnitAttentions, store?: ReservationStore) {
    this.attentions = attentions;
    this.persisted = store?.load();
  }

  /** Some reservation is in force: false lets every command pass by. */
  get held(): boolean {
    return this.#reserver !== undefined;
  }

  /** True: the task is to end with RESERVATION CONFLICT. */
  conflicts(task: Task, access: Access): boolean {
    if (access === Access.ALWAYS || access === Access.OWN) return false;
    return this.#reserver !== undefined && this.#reserver !== task.nexus;
  }

  /** What RESERVE gave the nexus is released; registrations stay. */
  nexusLost(nexus: Nexus): void {
    if (this.#reserver === nexus) this.#reserver = undefined;
  }

  /** A logical unit or target reset: releases what RESERVE gave; persistent reservations stay. */
  reset(): void {
    this.#reserver = undefined;
  }
}
