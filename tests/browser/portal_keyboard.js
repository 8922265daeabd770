"use strict";
// A change from the first visit to its wait with nothing but a keyboard: everything is reached by Tab, is seen where one is and not
// under what sticks to an edge.
const assert = require("node:assert/strict");
const { journey } = require("./journey.js");

journey(async ({ base, open, ask, given: { own, fresh, width } }) => {
  const page = await open({ width });
  const where = (selector) =>
    page.evaluate((selector) => {
      const one = document.activeElement;
      if (!one.matches(selector)) return null;
      const style = getComputedStyle(one);
      const box = one.getBoundingClientRect();
      const over = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 20));
      return { ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, free: one.contains(over) || Boolean(one.labels?.[0]?.contains(over)) };
    }, selector);
  const reach = async (selector) => {
    for (let tabs = 0; tabs < 80; tabs++) {
      const found = await where(selector);
      if (found) {
        assert.ok(found.ring, `${selector} is seen`);
        assert.ok(found.free, `${selector} lies under nothing`);
        return;
      }
      await page.keyboard.press("Tab");
    }
    throw new Error(`${selector} cannot be reached on ${page.url()}`);
  };
  const enter = async (selector = null) => {
    if (selector) await reach(selector);
    await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  };
  const type = async (selector, text) => {
    await reach(selector);
    await page.keyboard.type(text);
  };

  await page.goto(`${base}/`);
  await page.keyboard.press("Tab");
  assert.ok((await where(".skip"))?.ring, "the first of all leads to the content");
  await page.keyboard.press("Enter");
  await page.waitForURL(/#main$/);
  await type("#to", own);
  await enter();
  await type("#code", await ask("code", own));
  await enter();
  await type("#name", "Ann Lee");
  await enter();
  await enter("form[action='/me/groups/start'] button");
  await page.goto(`${base}/me/people`);
  await type("#name", "Bob Roy");
  await type("#address", "+14155550150");
  await type("#group", "Fri");
  await enter("form[action='/me/people'] button");

  await page.goto(`${base}/`);
  await enter("a[href='/me/change']");
  await type("#new-value-0", fresh);
  await enter();
  await type("#code", await ask("code", fresh));
  await enter();
  const friends = page.locator("input[name^='learn-']").and(page.getByLabel("Friends"));
  await reach(`input[value='${await friends.inputValue()}']`);
  await page.keyboard.press("Space");
  assert.ok(await friends.isChecked());
  await enter("form[action$='/who'] button");
  await reach("summary");
  await page.keyboard.press("Enter");
  await page.locator(".card-of").first().waitFor();
  await enter("form[action$='/go'] button");
  await page.locator(".clock").waitFor();
  await enter("form[action$='/stop'] button");
  await page.locator(".said").waitFor();
});
