/** An iSCSI target: a name under which an initiator finds logical units. RFC 7143 4.2.7. */
import type { AccessList } from "./access_list.ts";
import { type AuthenticationPolicy, NO_AUTHENTICATION } from "./authentication.ts";
import type { LunMap } from "./lun_map.ts";
import type { Session } from "./session.ts";

export interface TargetOptions {
  /** The iSCSI name, normalised. */
  readonly name: string;
  readonly alias?: string;
  readonly access: AccessList;
  /** What an initiator must prove, once the access list admits it. */
  readonly authentication?: AuthenticationPolicy;
  readonly luns: LunMap;
}

export class Target {
  readonly name: string;
  /** TargetAlias, what a person calls it. RFC 7143 13.6. */
  alias: string;
  access: AccessList;
  authentication: AuthenticationPolicy;
  /** Why nobody may log in just now; undefined: whoever is admitted may. */
  unavailable: string | undefined;
  readonly luns: LunMap;
  /** Normal sessions that are logged in. */
  readonly sessions = new Set<Session>();

  constructor(options: TargetOptions) {
    this.name = options.name;
    this.alias = options.alias ?? "";
    this.access = options.access;
    this.authentication = options.authentication ?? NO_AUTHENTICATION;
    this.luns = options.luns;
  }

  /** Sessions that are not about to end. */
  get openSessions(): Session[] {
    return [...this.sessions].filter(({ isEnding }) => !isEnding);
  }
}
