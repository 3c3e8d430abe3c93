/** When what is left of a lost session can do no harm any more. */
import assert from "node:assert/strict";
import type { Lifetime } from "../../../../lib/initiator/multipath/lifetime.ts";
import { Succession } from "../../../../lib/initiator/multipath/succession.ts";
import type { Kept } from "../../../../lib/initiator/multipath/way.ts";
import { TestClock } from "../../../support/test_clock.ts";

const NEXUS_LOSS_MS = 150_000;

class TestKept implements Kept {
  session: { readonly targetPortalGroupTag: number | undefined } | undefined;
  readonly observers = new Set<{ stateChanged?(): void }>();
  readonly lastError = undefined;
  beforeLogin: (() => Promise<void>) | undefined;

  constructor(readonly isid: Uint8Array) {}

  retry(): void {}

  begin(targetPortalGroupTag: number): void {
    this.session = { targetPortalGroupTag };
    this.#tell();
  }

  lose(): void {
    this.session = undefined;
    this.#tell();
  }

  #tell(): void {
    for (const observer of this.observers) observer.stateChanged?.();
  }
}

class World {
  readonly clock = new TestClock();
  readonly kept = [new TestKept(Uint8Array.of(1)), new TestKept(Uint8Array.of(2))] as const;
  /** Logins under foreign ISIDs: portal and ISID. */
  readonly logins: [portal: number, isid: number][] = [];
  /** What the second portal answers them. */
  answer: () => Promise<number> = () => Promise.resolve(1);
  readonly successions = this.kept.map((kept, portal) =>
    new Succession({
      kept,
      clock: this.clock,
      nexusLossMs: NEXUS_LOSS_MS,
      logInAs: (isid) => {
        this.logins.push([portal, isid[0]!]);
        return this.answer();
      },
    })
  ) as unknown as readonly [Succession, Succession];

  constructor() {
    const [one, other] = this.successions;
    one.siblings.add(other);
    other.siblings.add(one);
  }

  /** The first session, lost with a write. */
  loseFirst(): Lifetime {
    this.kept[0].begin(1);
    const life = this.successions[0].last!;
    life.doubt();
    this.kept[0].lose();
    return life;
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

Deno.test("A137: a lost session is over when its ISID has been let in again in its group", () => {
  const world = new World();
  const life = world.loseFirst();
  assert.equal(life.isExtinct, false);
  world.kept[0].begin(1);
  assert.equal(life.isExtinct, true);
});

Deno.test("A137: a login in another portal group says nothing about a lost session", () => {
  const world = new World();
  const life = world.loseFirst();
  world.kept[0].begin(2);
  assert.equal(life.isExtinct, false);
});

Deno.test("A137: a lost session is ended through another portal of its group", async () => {
  const world = new World();
  world.kept[1].begin(1);
  const life = world.loseFirst();
  await settled();
  assert.deepEqual(world.logins, [[1, 1]]);
  assert.equal(life.isExtinct, true);
});

Deno.test("A137: another portal group cannot end it, time does", async () => {
  const world = new World();
  world.kept[1].begin(2);
  const life = world.loseFirst();
  await settled();
  assert.deepEqual(world.logins, []);
  world.clock.advance(NEXUS_LOSS_MS - 1);
  assert.equal(life.isExtinct, false);
  world.clock.advance(1);
  assert.equal(life.isExtinct, true);
});

Deno.test("A137: ending a lost session through another portal is tried again", async () => {
  const world = new World();
  world.kept[1].begin(1);
  world.answer = () => Promise.reject(new Error("no answer"));
  const life = world.loseFirst();
  await settled();
  assert.equal(life.isExtinct, false);
  world.answer = () => Promise.resolve(1);
  world.clock.advance(1000);
  await settled();
  assert.equal(life.isExtinct, true);
});

Deno.test("a session that was lost without a write is left alone", async () => {
  const world = new World();
  world.kept[1].begin(1);
  world.kept[0].begin(1);
  world.kept[0].lose();
  await settled();
  assert.deepEqual(world.logins, []);
});

Deno.test("a lost session is ended through another portal only when its own login takes long", async () => {
  const world = new World();
  const life = world.loseFirst();
  const mayLogIn = world.kept[0].beforeLogin!();
  world.clock.advance(20);
  await mayLogIn;
  world.kept[1].begin(1);
  await settled();
  assert.deepEqual(world.logins, []);
  world.clock.advance(1000);
  await settled();
  assert.deepEqual(world.logins, [[1, 1]]);
  assert.equal(life.isExtinct, true);
});

Deno.test("a login of its own waits for one that ends the last session elsewhere", async () => {
  const world = new World();
  world.kept[1].begin(1);
  const answer = Promise.withResolvers<number>();
  world.answer = () => answer.promise;
  world.loseFirst();
  let mayLogIn = false;
  world.kept[0].beforeLogin!().then(() => mayLogIn = true);
  world.clock.advance(20);
  await settled();
  assert.equal(mayLogIn, false);
  answer.resolve(1);
  await settled();
  assert.equal(mayLogIn, true);
});
