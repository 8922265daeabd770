"use strict";
// Somebody who reads Arabic and runs no script registers by e-mail and adds a number; the link that the e-mail has stops it. Opening
// the link stops nothing, and who follows it again is told that nothing waits any more.
const assert = require("node:assert/strict");
const { journey } = require("./journey.js");

journey(async ({ base, open, ask, accessible, given: { own, fresh } }) => {
  const page = await open({ width: 390, script: false, locale: "ar" });
  const seen = await open({ locale: "ar" });
  const looks = async (name) => {
    for (const [width, height, colorScheme] of [[390, 844, "light"], [390, 844, "dark"], [1280, 900, "light"], [1280, 900, "dark"]]) {
      await seen.setViewportSize({ width, height });
      await seen.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await accessible(seen, `${name}-${width}-${colorScheme}`);
    }
  };

  await seen.goto(`${base}/`);
  await looks("portal-ar-sign-in");
  await seen.locator("#to").fill("+14155550199");
  await seen.locator("main form button").click();
  await seen.locator("#code").waitFor();
  await looks("portal-ar-code");

  await page.goto(`${base}/`);
  await page.locator("html[lang=ar][dir=rtl]").waitFor();
  await page.locator("#to").fill("12");
  await page.locator("main form button").first().click();
  await page.getByRole("alert").waitFor();
  await page.locator("#to").fill(own);
  await page.locator("main form button").first().click();
  await page.locator("#code").fill(await ask("code", own));
  await page.locator("main form button").first().click();
  await page.locator("#name").fill("آن لي");
  await page.locator("main form button").first().click();
  await page.getByRole("heading", { name: "آن لي" }).waitFor();
  await seen.context().addCookies(await page.context().cookies());
  await seen.goto(`${base}/`);
  await looks("portal-ar-home");

  await page.locator("a[href='/me/change']").click();
  await page.locator("[name=usual-new-label-0][value=mobile]").check();
  await page.locator("#new-value-0").fill(fresh);
  await page.locator("form[action='/me/change'] button").click();
  await page.locator("#code").fill(await ask("code", fresh));
  await page.locator("form[action$='/answer'] button").click();
  await seen.goto(page.url());
  await looks("portal-ar-codes");
  await page.locator("form[action$='/who'] button").click();
  await page.locator("form[action$='/go'] button").click();
  await page.locator(".clock").waitFor();
  // A proof gives the session another token.
  await seen.context().addCookies(await page.context().cookies());
  await seen.goto(page.url());
  await looks("portal-ar-held");

  const boxes = await seen.locator(".clock").evaluate((clock) => [".ring", "time"].map((part) => clock.querySelector(part).getBoundingClientRect().toJSON()));
  const [ring, digits] = boxes;
  assert.ok(digits.left > ring.left && digits.right < ring.right && Math.abs(digits.top + digits.bottom - ring.top - ring.bottom) < 4, `the time stands in its ring: ${JSON.stringify(boxes)}`);

  const link = await ask("link", own);
  const stranger = await open({ width: 390, script: false, locale: "ar" });
  const again = await open({ locale: "de" });
  for (const one of [stranger, again]) {
    await one.request.fetch(link, { method: "HEAD" });
    await one.goto(link);
    await one.locator("main form button").waitFor();
    const text = await one.locator("main").innerText();
    assert.ok(!text.includes("0123") && !text.includes("آن"), `it names nothing: ${text}`);
  }
  await page.reload();
  assert.ok(await page.locator(".clock").isVisible(), "a look stops nothing");
  await seen.context().clearCookies();
  await seen.goto(link);
  await looks("keep-ar");
  await stranger.locator("main form button").click();
  await stranger.getByRole("status").waitFor();
  await page.reload();
  assert.equal(await page.locator(".clock").count(), 0, "it is over");
  await again.locator("main form button").click();
  await again.getByRole("heading", { name: "Hier wartet nichts mehr." }).waitFor();
  await accessible(again, "keep-de-gone");
  await seen.goto(link);
  await looks("keep-ar-gone");
});
