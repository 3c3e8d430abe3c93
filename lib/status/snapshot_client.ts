/** Snapshots by way of a service's API. */
import type { Changed, CheckedDisk, CheckOptions, DiskFacts } from "../config/control.ts";
import { isName } from "../config/names.ts";
import { noSuchSnapshot } from "../config/snapshots/no_such_snapshot.ts";
import type {
  AttachOptions,
  BackupFacts,
  DeleteSnapshotOptions,
  Followed,
  NewBackup,
  NewSnapshot,
  PruneOptions,
  RestoreOverOptions,
  RollBackOptions,
  SnapshotControl,
  SnapshotFacts,
  SnapshotLimitFacts,
} from "../config/snapshot_control.ts";
import type { ServiceClient, Watch } from "./service_client.ts";

export class SnapshotClient implements SnapshotControl {
  readonly #service: ServiceClient;

  constructor(service: ServiceClient) {
    this.#service = service;
  }

  create(snapshot: NewSnapshot): Promise<Changed<readonly SnapshotFacts[]>> {
    return this.#service.long("/api/snapshots", snapshot, watch({}));
  }

  list(disk?: string): Promise<readonly SnapshotFacts[]> {
    return this.#service.list("/api/snapshots", { disk });
  }

  async show(name: string): Promise<SnapshotFacts> {
    return await this.#service.call("GET", snapshotPath(name));
  }

  async delete(
    name: string,
    options: DeleteSnapshotOptions = {},
    followed: Followed = {},
  ): Promise<Changed<SnapshotFacts>> {
    return await this.#service.long(`${snapshotPath(name)}/delete`, options, watch(followed));
  }

  prune(disk: string, options: PruneOptions): Promise<Changed<readonly SnapshotFacts[]>> {
    return this.#service.long("/api/snapshots/prune", { disk, ...options }, watch({}));
  }

  async rollBack(name: string, options: RollBackOptions = {}): Promise<Changed<DiskFacts>> {
    return await this.#service.long(`${snapshotPath(name)}/roll-back`, options, watch({}));
  }

  async export(
    name: string,
    path: string,
    followed: Followed = {},
  ): Promise<Changed<SnapshotFacts>> {
    return await this.#service.long(`${snapshotPath(name)}/export`, { path }, watch(followed));
  }

  async attach(name: string, options: AttachOptions): Promise<Changed<DiskFacts>> {
    return await this.#service.call("POST", `${snapshotPath(name)}/attach`, { body: options });
  }

  async detach(name: string, force?: boolean): Promise<Changed<SnapshotFacts>> {
    return await this.#service.call("POST", `${snapshotPath(name)}/detach`, { body: { force } });
  }

  async check(
    name: string,
    options: CheckOptions = {},
    followed: Followed = {},
  ): Promise<Changed<CheckedDisk>> {
    return await this.#service.long(`${snapshotPath(name)}/check`, options, watch(followed));
  }

  backUp(
    disk: string,
    backup: NewBackup,
    followed: Followed = {},
  ): Promise<Changed<BackupFacts>> {
    return this.#service.long("/api/backups", { disk, ...backup }, watch(followed));
  }

  restoreOver(
    disk: string,
    options: RestoreOverOptions,
    followed: Followed = {},
  ): Promise<Changed<DiskFacts>> {
    return this.#service.long(
      "/api/backups/restore-over",
      { disk, ...options },
      watch(followed),
    );
  }

  async limit(disk: string, limit?: number | null): Promise<Changed<SnapshotLimitFacts>> {
    return await this.#service.call("POST", "/api/snapshots/limit", { body: { disk, limit } });
  }
}

function watch({ onProgress, signal }: Followed): Watch {
  return { onProgress, signal };
}

/** A name that could not be one would be taken for a part of the path. */
function snapshotPath(name: string): string {
  if (!isName(name)) throw noSuchSnapshot(name);
  return `/api/snapshots/${name}`;
}
