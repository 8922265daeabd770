"use strict";
// An operator gets in with the right password only, is told nothing by a wrong one, and gets out again.
const assert = require("node:assert/strict");
const { journey } = require("./journey.js");

journey(async ({ base, open, accessible, given }) => {
  for (const [width, dark] of [[390, false], [390, true], [1280, false], [1280, true]]) {
    const page = await open({ width, dark });
    const look = `${width}-${dark ? "dark" : "light"}`;
    await page.goto(`${base}/console`);
    await accessible(page, `console-sign-in-${look}`);

    await page.getByLabel("Name").fill("ann");
    await page.getByLabel("Password").fill("wrong horse");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByLabel("Password").inputValue(), "", "a password is not sent back");
    await accessible(page, `console-refused-${look}`);

    await page.getByLabel("Name").fill("ann");
    await page.getByLabel("Password").fill(given.password);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    await accessible(page, `console-${look}`);
    const cookies = await page.context().cookies();
    // The session's, and the device's, by which it is known at the next sign-in.
    assert.deepEqual(cookies.map((cookie) => [cookie.httpOnly, cookie.sameSite, cookie.path]).sort(), [
      [true, "Strict", "/console"],
      [true, "Strict", "/console/sign-in"],
    ]);
    assert.equal(await page.evaluate(() => document.cookie), "", "no script can read it");

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Password").waitFor();
    await page.goto(`${base}/console/notices`);
    await page.getByLabel("Password").waitFor();
    await page.context().close();
  }
});
