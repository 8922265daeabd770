"use strict";
// From the first visit to 'all told', by a provider of text messages and a mail server: codes are read from what they got, and the page
// says 'delivered' once the provider has. In any language, with a script and without one.
const assert = require("node:assert/strict");
const { journey } = require("./journey.js");
const { signIn, people, change } = require("./portal_steps.js");

journey(async ({ base, open, ask, accessible, given }) => {
  const { old, fresh, locale, script, dark, name, friends } = given;
  const page = await open({ width: 390, locale, script, dark });
  const here = { page, base, ask };
  // Axe needs a script of its own: where the visitor runs none, somebody who runs one looks at the same pages.
  const eye = script ? page : await open({ width: 390, locale, dark });
  const look = async (what) => {
    if (!script && what !== "card") {
      await eye.context().clearCookies();
      await eye.context().addCookies(await page.context().cookies());
      // What a form answered cannot be fetched again.
      if (what === "code" || what === "preview") return;
      await eye.goto(page.url());
    }
    const size = eye.viewportSize();
    for (const [width, height] of [[390, 844], [1280, 900]]) {
      await eye.setViewportSize({ width, height });
      await accessible(eye, `told-${locale}-${script ? "script" : "plain"}-${what}-${width}`);
    }
    await eye.setViewportSize(size);
  };

  await page.goto(`${base}/`);
  await page.locator(`html[lang='${given.lang ?? locale}'][dir=${locale === "ar" ? "rtl" : "ltr"}]`).waitFor();
  await look("sign-in");
  await signIn(here, old, name);
  // Who is put into a group learns nothing of what was there before.
  await ask("after", 60);
  await people(here, friends);
  await look("group");
  await ask("after", 180);
  assert.deepEqual(await ask("told"), [], "nobody is written to for being put into a group");
  await ask("after", 40 * 86400);
  await signIn(here, old);
  await look("home");
  await change(here, 0, fresh, look);
  assert.match(await page.locator(".clock time").innerText(), /^\d+:\d\d:\d\d$/);
  await look("held");
  assert.deepEqual(await ask("told"), [old], "only the owner's own points hear of it yet");

  await ask("after", 86400);
  await page.reload();
  await page.locator("#told").waitFor();
  await ask("after", 180);
  if (!script) await page.reload();
  const all = String(friends.length);
  // With a script the page brings itself up to date.
  await page.locator("#told dl > div:first-child dd").filter({ hasText: new RegExp(`^${all}$`) }).waitFor();
  await look("told");
  const told = await ask("told");
  assert.deepEqual(told.sort(), friends.map(([, address]) => address).sort(), "all told, and nobody else");
  assert.ok(!told.includes(old) && !told.includes(fresh));

  // Before the provider's report they are sent, after it the one with a report is delivered.
  const arrived = async () => {
    await page.goto(`${base}/me/record`);
    return page.locator("main .list").first().locator(".state.good").allInnerTexts();
  };
  const before = await arrived();
  assert.equal(new Set(before).size, 1, `all are sent: ${before}`);
  await ask("delivered", friends[0][1]);
  const after = await arrived();
  assert.equal(new Set(after).size, 2, `one is delivered: ${after}`);
  assert.equal(after.length, friends.length);
  await look("record");

  // What the friend with a mailbox has got: a page, and a card that another program reads.
  const mail = await ask("mail", friends[1][1]);
  assert.equal(mail.card.fn, name);
  assert.ok(mail.card.tel.includes(fresh), JSON.stringify(mail));
  assert.ok(mail.link.startsWith(`${base}/c/`));
  const friend = await open({ width: 390, locale, script });
  await friend.goto(mail.link);
  await friend.getByRole("heading", { name }).first().waitFor();
  assert.ok((await friend.locator("main").innerText()).replace(/[^0-9]/g, "").includes(fresh.slice(1)));
});
