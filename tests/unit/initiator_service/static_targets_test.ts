/** Targets that are known by hand, for good or until the service ends. */
import assert from "node:assert/strict";
import { InitiatorHouse } from "../../support/initiator_house.ts";

const PORTAL = { address: "192.0.2.7", port: 3260 };
const OTHER = { address: "192.0.2.8", port: 3260 };
const MAIL = "iqn.2026-01.org.example:mail";
const NEWS = "iqn.2026-01.org.example:news";

async function known(house: InitiatorHouse): Promise<Record<string, string[]>> {
  const targets = await house.control.listTargets();
  return Object.fromEntries(
    targets.map(({ iqn, portals }) => [iqn, portals.map(({ address }) => address)]),
  );
}

Deno.test("A target that is not to persist is known until the service ends, others for good", () =>
  InitiatorHouse.with(async (house) => {
    const secret = { user: "bob", secret: "bob his secret!" };
    await house.control.addTarget({ iqn: MAIL, portals: [PORTAL] });
    await house.control.addTarget({ iqn: NEWS, portals: [PORTAL], chap: secret, persist: false });
    assert.deepEqual(await known(house), { [MAIL]: [PORTAL.address], [NEWS]: [PORTAL.address] });
    await house.restart();
    assert.deepEqual(await known(house), { [MAIL]: [PORTAL.address] });
    await house.restart();
    const { secrets } = await house.service.declared();
    assert.equal(secrets.size, 0, "its secret has gone with it");
  }));

Deno.test("What is added once more persists when either was to", () =>
  InitiatorHouse.with(async (house) => {
    await house.control.addTarget({ iqn: MAIL, portals: [PORTAL] });
    await house.control.addTarget({ iqn: MAIL, portals: [OTHER], merge: true, persist: false });
    await house.control.addTarget({ iqn: NEWS, portals: [PORTAL], persist: false });
    await house.control.addTarget({ iqn: NEWS, portals: [OTHER], merge: true });
    const both = [PORTAL.address, OTHER.address];
    await house.restart();
    assert.deepEqual(await known(house), { [MAIL]: both, [NEWS]: both });
  }));
