/**
 * Finds out what a logical unit is, through the unit attentions and the time that it may need to
 * get ready: nothing else is asked of it meanwhile.
 */
import { Backoff } from "../runtime/backoff.ts";
import { SenseKey } from "../scsi/sense.ts";
import type { ReceivedSense } from "../scsi/sense_data.ts";
import { pause } from "../runtime/pause.ts";
import type { CommandRequest, CommandResult } from "./command.ts";
import type { Session } from "./session.ts";
import { judge, meaningOf } from "./status_policy.ts";
import { TEST_UNIT_READY } from "./unit_commands.ts";
import { UnitError } from "./unit_error.ts";
import { askFacts, type UnitFacts } from "./unit_facts.ts";

/** Unit attentions that one command may meet. */
const MOST_ATTENTIONS = 16;
/** Changes that may come while a unit is asked. */
const MOST_ROUNDS = 4;
/** A unit that is getting ready is given so long. */
const READY_MS = 60_000;
const FIRST_PAUSE_MS = 20;
const MOST_PAUSE_MS = 2000;

export class UnitCheck {
  readonly #session: Session;
  readonly #lun: number;
  #hasChanged = false;

  constructor(session: Session, lun: number) {
    this.#session = session;
    this.#lun = lun;
  }

  /** Fails with UnitError where the unit cannot be used. */
  async run(): Promise<UnitFacts> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      await this.#untilReady();
      this.#hasChanged = false;
      const facts = await askFacts((request) => this.ask(request));
      if (!this.#hasChanged) return facts;
    }
    throw new UnitError("refused", "it changes all the time while it is asked what it is");
  }

  /** A unit attention, which may bid to ask anew. */
  heard(sense: ReceivedSense): void {
    if (meaningOf(sense).change !== "nothing") this.#hasChanged = true;
  }

  async #untilReady(): Promise<void> {
    const { clock, random } = this.#session.node;
    const backoff = new Backoff({ firstMs: FIRST_PAUSE_MS, mostMs: MOST_PAUSE_MS }, random);
    const untilMs = clock.nowMs() + READY_MS;
    for (;;) {
      const result = await this.ask({ cdb: TEST_UNIT_READY });
      if (judge(result) !== "later" || clock.nowMs() >= untilMs) return;
      await pause(clock, backoff.next());
    }
  }

  /** The unit's answer, behind the unit attentions that come first. */
  async ask(request: CommandRequest): Promise<CommandResult> {
    let result = await this.#session.execute(this.#lun, request);
    for (let i = 0; i < MOST_ATTENTIONS && isAttention(result); i++) {
      result = await this.#session.execute(this.#lun, request);
    }
    return result;
  }
}

function isAttention({ sense }: CommandResult): boolean {
  return sense?.key === SenseKey.UNIT_ATTENTION || sense?.deferred === true;
}
