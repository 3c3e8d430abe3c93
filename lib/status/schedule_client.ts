/** Schedules by way of a service's API. */
import type { Changed } from "../config/control.ts";
import type {
  NewSchedule,
  ScheduleChanges,
  ScheduleControl,
  ScheduleFacts,
  ScheduleKind,
} from "../config/schedule_control.ts";
import type { ServiceClient } from "./service_client.ts";

export class ScheduleClient implements ScheduleControl {
  readonly #service: ServiceClient;

  constructor(service: ServiceClient) {
    this.#service = service;
  }

  list(kind?: ScheduleKind): Promise<readonly ScheduleFacts[]> {
    return this.#service.list("/api/schedules", { kind });
  }

  async add(schedule: NewSchedule): Promise<Changed<ScheduleFacts>> {
    return await this.#service.call("POST", "/api/schedules", { body: schedule });
  }

  async set(
    name: string,
    changes: ScheduleChanges,
    kind?: ScheduleKind,
  ): Promise<Changed<ScheduleFacts>> {
    const body = { name, kind, ...changes };
    return await this.#service.call("POST", "/api/schedules/set", { body });
  }

  async remove(name: string, kind?: ScheduleKind): Promise<Changed<ScheduleFacts>> {
    return await this.#service.call("POST", "/api/schedules/remove", { body: { name, kind } });
  }
}
