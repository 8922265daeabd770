"use strict";
// What becomes of a change that somebody speaks against: ended from another device, ended by the word KEEP sent back, delayed twice at
// most by who has shown less; then an earlier state again, and panic and its end.
const assert = require("node:assert/strict");
const { journey } = require("./journey.js");
const { send, signIn, walk, change, add } = require("./portal_steps.js");

journey(async ({ base, open, ask, accessible, given: { old, mail, fresh } }) => {
  const page = await open({ width: 390 });
  const ann = { page, base, ask };
  const looks = async (page, name) => {
    const size = page.viewportSize();
    for (const [width, height] of [[390, 844], [1280, 900]]) {
      await page.setViewportSize({ width, height });
      await accessible(page, `stopped-${name}-${width}`);
    }
    await page.setViewportSize(size);
  };
  const says = (page, text) => page.getByText(text).first().waitFor();
  const state = (page, words) => page.getByRole("heading", { name: words, exact: true }).waitFor();

  await signIn(ann, old, "Ann Lee");
  await add(ann, "home", mail);
  await ask("after", 86400);
  await ask("after", 40 * 86400);

  // Another device that is signed in with what proved the change ends it.
  await signIn(ann, old);
  await change(ann, 0, fresh);
  const held = page.url();
  const tablet = await open({ width: 1280, dark: true });
  await signIn({ page: tablet, base, ask }, old);
  await tablet.goto(`${base}/`);
  await tablet.locator("a[href^='/me/change/req_']").first().click();
  await state(tablet, "On hold");
  await send(tablet, "form[action$='/stop'] button");
  await state(tablet, "Stopped");
  await looks(tablet, "from-another-device");
  await page.goto(held);
  await state(page, "Stopped");
  assert.equal(await page.locator(".clock").count(), 0);

  // The word and the code of the message, sent back from the old number.
  await change(ann, 0, fresh);
  const answer = await ask("keep", old);
  await page.reload();
  await state(page, "Stopped");
  assert.ok(!answer.includes(fresh.slice(-4)), `the answer names nothing new: ${answer}`);
  await looks(page, "by-the-word");

  // Who has shown less only delays it, twice at most, and the page says until when and why.
  await change(ann, 0, fresh);
  const wait = page.url();
  const laptop = await open({ width: 1280 });
  await signIn({ page: laptop, base, ask }, mail);
  const due = () => page.locator(".clock time").getAttribute("datetime");
  let last = await due();
  for (const times of [1, 2]) {
    await ask("after", 3600);
    await signIn({ page: laptop, base, ask }, mail);
    await laptop.goto(wait);
    await send(laptop, "form[action$='/stop'] button");
    await says(laptop, "The change is delayed");
    await page.goto(wait);
    const now = await due();
    assert.ok(now > last, `${now} is later than ${last}`);
    last = now;
    await page.locator(".warned").waitFor();
    await looks(page, `delayed-${times}`);
  }
  await laptop.goto(wait);
  await Promise.all([laptop.waitForEvent("load"), laptop.locator("form[action$='/stop'] button").click()]);
  await looks(laptop, "no-third-time");
  await page.goto(wait);
  assert.equal(await due(), last, "a third word changes nothing");
  await ask("after", 86400);
  await page.goto(wait);
  await signIn(ann, mail);
  await page.goto(wait);
  await state(page, "Changed");

  // An earlier state again is a change like any other.
  await signIn(ann, fresh);
  await page.goto(`${base}/me/change/history`);
  await looks(page, "history");
  await send(page, "li:has-text('0100') form[action='/me/change/restore'] button");
  await walk(ann, [old]);
  await looks(page, "restoring");
  await ask("after", 86400);
  await page.reload();
  await state(page, "Changed");
  await page.goto(`${base}/`);
  assert.ok(await page.locator("ul.points").getByText("0100").isVisible(), "the old number is back");

  // Panic: one button, confirmed once; other devices are out; it ends by a fresh proof and a wait.
  await signIn(ann, old);
  await signIn({ page: laptop, base, ask }, mail);
  await page.goto(`${base}/me/safety`);
  await send(page, "form[action='/me/safety/panic'] button");
  await looks(page, "panic");
  await send(page, "form[action='/me/safety/panic']:has(input[name=sure]) button");
  await page.locator("form[action='/me/safety/end-panic']").waitFor();
  await looks(page, "panicked");
  await laptop.goto(`${base}/me/record`);
  await laptop.locator("#to").waitFor();
  await send(page, "form[action='/me/safety/end-panic'] button");
  await page.locator("form[action$='/code']").first().waitFor();
  assert.equal(await page.locator(".clock").count(), 0, "the sign-in before it is no proof");
  await walk(ann, [old]);
  await looks(page, "ending");
  await ask("after", 86400);
  await page.goto(`${base}/me/safety`);
  if (await page.locator("#to").isVisible()) {
    await signIn(ann, old);
    await page.goto(`${base}/me/safety`);
  }
  await page.locator("form[action='/me/safety/panic']").waitFor();
});
