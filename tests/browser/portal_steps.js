"use strict";
// The ways through the portal that several journeys take. They go by what stands in the pages' forms and not by their words, so
// that they are the same in every language, and by what a page offers next, so that the order of the steps is the pages' own.

/// Clicks, and waits for the page that follows.
async function send(page, selector) {
  const button = page.locator(selector).first();
  await button.waitFor();
  await Promise.all([page.waitForEvent("load"), button.click()]);
}

/// Signs in with a code; somebody new says a name.
async function signIn({ page, base, ask }, to, name = null) {
  await page.context().clearCookies();
  await page.goto(`${base}/`);
  await page.locator("#to").fill(to);
  await send(page, "form[action='/me/sign-in'] button");
  await page.locator("#code").fill(await ask("code", to));
  await send(page, "form[action='/me/sign-in/code'] button");
  if (name !== null) {
    await page.locator("#name").fill(name);
    await send(page, "form[action='/me/sign-in/code'] button");
  }
  await page.locator("form[action='/me/sign-out']").first().waitFor();
}

/// Makes the usual groups, and puts these people among the friends.
async function people({ page, base }, all) {
  await page.goto(`${base}/`);
  const friends = await page.locator("form[action='/me/groups/start'] input[name=start_friends]").inputValue();
  await send(page, "form[action='/me/groups/start'] button");
  for (const [name, address] of all) {
    await page.goto(`${base}/me/people`);
    await page.locator("#name").fill(name);
    await page.locator("#address").fill(address);
    await send(page, "form[action='/me/people'] button");
  }
  await page.goto(`${base}/me/groups`);
  await Promise.all([page.waitForEvent("load"), page.locator("main a[href^='/me/groups/']", { hasText: friends }).first().click()]);
  const ticks = page.locator("input[name=member]");
  for (let at = 0; at < (await ticks.count()); at++) await ticks.nth(at).check();
  await send(page, "form[action^='/me/groups/grp_'] button.full");
}

/// Walks a change from its first page, filled in by `fill`, until it waits; `look` sees each page on the way. Codes are asked
/// for at these addresses, in this order.
async function walk({ page, ask }, to, look = async () => {}) {
  const left = [...to];
  const is = (selector) => page.locator(selector).first().isVisible();
  for (let step = 0; step < 24; step++) {
    if (await is(".clock")) return;
    const code = left.length > 0 && `form[action$='/code']:has(input[name=to][value='${left[0]}'])`;
    if (await is("form[action$='/answer']")) {
      await look("code");
      await page.locator("#code").fill(await ask("code", left.shift()));
      await send(page, "form[action$='/answer'] button");
    } else if (code && (await is(code))) {
      await look("prove");
      await send(page, `${code} button`);
    } else if (await is("form[action$='/who']")) {
      await look("who");
      await send(page, "form[action$='/who'] button.full");
    } else if (await is("form[action$='/go']")) {
      await look("preview");
      await send(page, "form[action$='/go'] button");
    } else if (await is("a[href$='/who']")) {
      await send(page, "a[href$='/who']");
    } else if (await is("form[action='/me/change']:not(:has(input:not([type=hidden])))")) {
      await look("preview");
      await send(page, "form[action='/me/change'] button");
    } else {
      throw new Error(`no way on from ${page.url()}: ${await page.locator("main").innerText()}`);
    }
  }
  throw new Error("a change has no end");
}

const VALUE = "#value, input[id^='value-']";

/// Gives the point at this place on the first page another value, and walks on until it waits.
async function change(journey, at, fresh, look = async () => {}, more = []) {
  const { page, base } = journey;
  await page.goto(`${base}/`);
  await Promise.all([page.waitForEvent("load"), page.locator("ul.points > li").nth(at).locator("a[href^='/me/change?point=']:not([href*='prove'])").first().click()]);
  await page.locator(VALUE).first().fill(fresh);
  await look("change");
  await send(page, "main form button.full");
  await walk(journey, [fresh, ...more], look);
}

/// Adds a point, and walks on until it waits.
async function add(journey, label, value) {
  const { page, base } = journey;
  await page.goto(`${base}/me/change`);
  await page.locator(`[name=usual-new-label-0][value=${label}]`).check();
  await page.locator("#new-value-0").fill(value);
  await send(page, "main form button.full");
  await walk(journey, [value]);
}

module.exports = { send, signIn, people, walk, change, add };
