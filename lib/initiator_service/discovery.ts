/** What discovery portals offer: asked for, and remembered for as long as the service runs. */
import { ControlError } from "../config/control_error.ts";
import type { SecretBook } from "../config/secret_book.ts";
import type { EventSink } from "../events/event_sink.ts";
import { discover, type DiscoveredTarget } from "../initiator/discover.ts";
import { LoginRefused } from "../initiator/login_error.ts";
import type { InitiatorNode } from "../initiator/node.ts";
import { accountsOf } from "./accounts.ts";
import { authenticationOf } from "./authentication_of.ts";
import type { DiscoveryPortalFacts } from "./facts.ts";
import { undiscovered } from "./facts_of.ts";
import { portalText } from "./host.ts";
import { controlErrorOf, messageOf } from "./initiator_failure.ts";
import type { DeclaredPortal } from "./schema.ts";

/** What a portal said when it was asked last. */
interface Answer {
  readonly at: string;
  readonly targets: readonly DiscoveredTarget[] | undefined;
  readonly error: string | undefined;
}

/** What administrators of Windows know: the connection failed, or the login. */
const CONNECTION_FAILED = "0xefff0003";
const LOGIN_FAILED = "0xefff0002";

export class Discovery {
  readonly #events: EventSink;
  readonly #answers = new Map<string, Answer>();

  constructor(events: EventSink) {
    this.#events = events;
  }

  /** Asks a portal; fails where it does not answer. */
  async ask(node: InitiatorNode, portal: DeclaredPortal, secrets: SecretBook): Promise<void> {
    const { address: host, port, headerDigest, dataDigest } = portal;
    const key = portalText(portal);
    const at = node.clock.now().toISOString();
    try {
      const targets = await discover(node, {
        portal: { host, port },
        authentication: authenticationOf(node, accountsOf(portal, secrets)),
        ...{ headerDigest, dataDigest },
      });
      this.#answers.set(key, { at, targets, error: undefined });
    } catch (error) {
      const reason = messageOf(error);
      const targets = this.#answers.get(key)?.targets;
      this.#answers.set(key, { at, targets, error: reason });
      const status = error instanceof LoginRefused ? LOGIN_FAILED : CONNECTION_FAILED;
      this.#events.note("discovery-failed", { portal: key, status, reason });
      throw controlErrorOf(error);
    }
  }

  /** Asks several, and answers with how it went; none fails. */
  async askAll(
    node: InitiatorNode,
    portals: readonly DeclaredPortal[],
    secrets: SecretBook,
  ): Promise<void> {
    await Promise.all(portals.map(async (portal) => {
      try {
        await this.ask(node, portal, secrets);
      } catch (error) {
        // It is kept with the portal. What nobody foresaw ends no session of others.
        if (error instanceof ControlError) return;
        const facts = { portal: portalText(portal), reason: messageOf(error) };
        node.logger.error("discovery failed", facts);
      }
    }));
  }

  forget(portal: DeclaredPortal): void {
    this.#answers.delete(portalText(portal));
  }

  /** What a portal offered when it answered last. */
  targetsOf(portal: DeclaredPortal): readonly DiscoveredTarget[] {
    return this.#answers.get(portalText(portal))?.targets ?? [];
  }

  facts(portal: DeclaredPortal): DiscoveryPortalFacts {
    const answer = this.#answers.get(portalText(portal));
    return {
      ...undiscovered(portal),
      targets: answer?.targets?.length ?? null,
      askedAt: answer?.at ?? null,
      error: answer?.error ?? null,
    };
  }
}
