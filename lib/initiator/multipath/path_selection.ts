/**
 * Which of a device's paths are in use: those that lead there best, and of these what the policy
 * says. Tells of every path that is lost or comes back.
 */
import type { EventSink } from "../../events/event_sink.ts";
import type { Path } from "./path.ts";
import { POLICIES, type PolicyName } from "./policies.ts";
import type { Policy, PolicyOptions } from "./policy.ts";

export interface PathSelectionOptions extends PolicyOptions {
  /** What events call the device. */
  readonly device: string;
  readonly policy: PolicyName;
  readonly events: EventSink;
  /** A path has come, and is relied upon after so long. */
  readonly onCome: (path: Path, settleMs: number) => void;
}

export class PathSelection {
  /** The preferred one first, then in the order in which they were added. */
  readonly paths: Path[] = [];
  readonly #added: Path[] = [];
  #preferred: string | undefined;
  readonly #options: PathSelectionOptions;
  /** Paths that lead there, though one may be looked at just now. */
  readonly #present = new Set<Path>();
  /** Paths that were lost and are not back. */
  readonly #missed = new Set<Path>();
  #policyName: PolicyName;
  #policy: Policy;
  #selected: readonly Path[] = [];

  constructor(options: PathSelectionOptions) {
    this.#options = options;
    this.#policyName = options.policy;
    this.#policy = POLICIES[options.policy](options);
  }

  get policy(): PolicyName {
    return this.#policyName;
  }

  set policy(name: PolicyName) {
    this.#policyName = name;
    this.#policy = POLICIES[name](this.#options);
    this.arrange();
  }

  add(path: Path): void {
    this.#added.push(path);
    this.#order();
  }

  /** False if it is none of them. */
  remove(path: Path): boolean {
    const at = this.#added.indexOf(path);
    if (at < 0) return false;
    this.#added.splice(at, 1);
    this.#order();
    return true;
  }

  /** The path of this name goes before the others. */
  prefer(name: string | undefined): void {
    this.#preferred = name;
    this.#order();
  }

  #order(): void {
    const isFirst = ({ name }: Path): boolean => name === this.#preferred;
    const others = this.#added.filter((path) => !isFirst(path));
    this.paths.splice(0, this.paths.length, ...this.#added.filter(isFirst), ...others);
    this.arrange();
  }

  /** No path can be used. */
  get isEmpty(): boolean {
    return this.#selected.length === 0;
  }

  /** The path for the next command, if there is one. */
  choose(): Path | undefined {
    return this.#selected.length === 0 ? undefined : this.#policy.choose(this.#selected);
  }

  /** Something about a path has changed, or the paths have. */
  arrange(): void {
    for (const path of this.paths) {
      if (path.rank === undefined || this.#present.has(path)) continue;
      this.#present.add(path);
      this.#options.onCome(path, path.came());
    }
    const before = this.#selected;
    this.#selected = this.#select();
    for (const path of before) path.isSelected = false;
    for (const path of this.#selected) path.isSelected = true;
    for (const path of [...this.#present]) {
      if (!this.paths.includes(path)) this.#present.delete(path);
      else if (path.isGone) this.#lose(path, before);
      else if (this.#missed.delete(path)) this.#tellRestored(path);
    }
  }

  #select(): readonly Path[] {
    const best = Math.min(...this.paths.map(({ rank }) => rank ?? Infinity));
    const usable = this.paths.filter(({ rank }) => rank === best);
    return usable.length === 0 ? [] : this.#policy.select(usable);
  }

  #lose(path: Path, before: readonly Path[]): void {
    const { device, events } = this.#options;
    const { reason } = path;
    this.#present.delete(path);
    this.#missed.add(path);
    path.lost();
    if (this.#present.size === 0) {
      events.note("fail-over-attempted", { device });
      events.note("no-path", { device });
      return;
    }
    const next = this.#selected[0];
    if (before.includes(path) && next !== undefined) {
      events.note("failed-over", { device, from: path.name, to: next.name, reason });
    } else events.note("standby-path-failed", { device, path: path.name, reason });
    const paths = `${this.#present.size} of ${this.paths.length}`;
    events.note("device-degraded", { device, paths });
  }

  #tellRestored(path: Path): void {
    const { device, events } = this.#options;
    events.note("path-restored", { device, path: path.name });
    if (this.#present.size < this.paths.length) return;
    events.note("device-restored", { device, paths: this.paths.length });
  }
}
