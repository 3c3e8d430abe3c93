/** The initiator's service in memory, with a target in memory that it can reach. */
import { InitiatorService } from "../../lib/initiator_service/initiator_service.ts";
import type { InitiatorSessionFacts } from "../../lib/initiator_service/facts.ts";
import { DEFAULT_SETTINGS } from "../../lib/initiator/multipath/settings.ts";
import { ChallengeIssuer } from "../../lib/iscsi/chap/challenge.ts";
import type { ChapCredentials } from "../../lib/iscsi/chap/secret.ts";
import type { Clock } from "../../lib/runtime/clock.ts";
import { silentLogger } from "../../lib/runtime/logger.ts";
import { systemRandom } from "../../lib/runtime/random.ts";
import { chapAuthentication } from "../../lib/target/chap_authentication.ts";
import { MemoryNetwork, PORTAL_TEXT } from "./initiator_node.ts";
import { LeapingClock } from "./test_clock.ts";
import { TestTarget, type TestTargetOptions } from "./test_target.ts";

export interface HouseOptions extends TestTargetOptions {
  /** One that leaps without: nothing outside may take part then. */
  readonly makeClock?: () => Clock;
}

export class InitiatorHouse {
  readonly network = new MemoryNetwork();
  readonly target: TestTarget;
  readonly #directory: string;
  readonly #makeClock: () => Clock;
  #clock: Clock = new LeapingClock();
  #service: InitiatorService | undefined;

  private constructor(directory: string, options: HouseOptions) {
    this.#directory = directory;
    this.#makeClock = options.makeClock ?? (() => new LeapingClock());
    this.target = new TestTarget({ size: 1 << 20, ...options });
    this.network.portals.set(PORTAL_TEXT, () => this.target.connect().stream);
  }

  /** With a house whose service runs; nothing of it is left. */
  static async with(
    use: (house: InitiatorHouse) => Promise<void>,
    options: HouseOptions = {},
  ): Promise<void> {
    const directory = await Deno.makeTempDir({ prefix: "sanctl-house-" });
    const house = new InitiatorHouse(directory, options);
    try {
      await house.#start();
      await use(house);
    } finally {
      await house.#service?.stop();
      await house.target.close();
      await Deno.remove(directory, { recursive: true });
    }
  }

  async #start(): Promise<void> {
    const clock = this.#clock = this.#makeClock();
    this.#service = await InitiatorService.start({
      directory: this.#directory,
      makeNode: (name) => this.network.node({ name, clock }),
      ...{ settings: DEFAULT_SETTINGS, clock, logger: silentLogger },
    });
  }

  async restart(): Promise<void> {
    await this.service.stop();
    await this.#start();
  }

  get service(): InitiatorService {
    return this.#service!;
  }

  get control() {
    return this.service.control;
  }

  /** The target wants this proof from now on, and where `own` is given proves itself by it. */
  requireChap(initiator: ChapCredentials, own?: ChapCredentials): void {
    const issuer = new ChallengeIssuer(systemRandom);
    this.target.target.authentication = chapAuthentication({
      ...{ initiator, issuer },
      ...(own === undefined ? {} : { target: own }),
    });
  }

  /** Resolves with the one session when it is in that state. */
  async until(state: InitiatorSessionFacts["state"]): Promise<InitiatorSessionFacts> {
    for (;;) {
      const [session] = await this.control.sessions();
      if (session?.state === state) return session;
      await new Promise<void>((then) => this.#clock.after(1000, then));
    }
  }
}
