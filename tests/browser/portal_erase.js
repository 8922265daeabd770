"use strict";
// An owner goes for good: takes everything along first, says so twice, proves it, waits; then nobody of theirs is known here, and what
// somebody else has in their own book is still there.
const assert = require("node:assert/strict");
const { journey } = require("./journey.js");
const { send, signIn, people, walk, add } = require("./portal_steps.js");

journey(async ({ base, open, ask, accessible, given: { own, mail, friend, width, dark } }) => {
  const page = await open({ width, dark });
  const ann = { page, base, ask };
  const bob = { page: await open({ width }), base, ask };
  const look = (what) => accessible(page, `erase-${what}-${width}`);
  const taken = async (what) => {
    const [file] = await Promise.all([page.waitForEvent("download"), page.locator(`a[href='/me/safety/${what}']`).click()]);
    return require("node:fs").readFileSync(await file.path(), "utf8");
  };

  await signIn(bob, friend, "Bob Roy");
  await people(bob, [["Ann Lee", own]]);
  await signIn(ann, own, "Ann Lee");
  await people(ann, [["Bob Roy", friend]]);
  await add(ann, "home", mail);
  await ask("after", 86400);
  await signIn(ann, own);

  await page.goto(`${base}/me/safety`);
  await send(page, "form[action='/me/safety/erase'] button");
  await look("sure");
  // First everything that there is.
  assert.ok((await taken("card.vcf")).includes(own));
  assert.ok((await taken("contacts.vcf")).includes(friend));
  const data = JSON.parse(await taken("data.json"));
  const kinds = new Set(data.map((line) => line.kind));
  for (const kind of ["owner", "book", "group", "contact", "member", "request", "change", "session", "audit"]) assert.ok(kinds.has(kind), `${kind} is in it`);
  await page.getByText("What remains:").waitFor();
  await page.getByRole("link", { name: "Not now" }).click();
  await page.locator("form[action='/me/safety/erase'] button").waitFor();
  await send(page, "form[action='/me/safety/erase'] button");
  await send(page, "form[action='/me/safety/erase'] button");
  await page.getByText("Your account and everything in it is erased").first().waitFor();
  await look("proof");
  assert.equal(await page.locator(".clock").count(), 0, "the sign-in before it is no proof");
  await walk(ann, [own]);
  await look("held");
  // It can be stopped until then, and wanted again.
  await send(page, "form[action$='/stop'] button");
  await page.getByRole("heading", { name: "Stopped" }).waitFor();
  await page.goto(`${base}/me/safety`);
  await send(page, "form[action='/me/safety/erase'] button");
  await send(page, "form[action='/me/safety/erase'] button");
  await walk(ann, [own]);
  await ask("after", 86400 + 3600);

  await page.goto(`${base}/me/record`);
  await page.locator("#to").waitFor();
  for (const [gone, name] of [[own, "Ann Roy"], [mail, null]]) {
    await page.goto(`${base}/`);
    await page.locator("#to").fill(gone);
    await send(page, "form[action='/me/sign-in'] button");
    await page.locator("#code").fill(await ask("code", gone));
    await send(page, "form[action='/me/sign-in/code'] button");
    await page.locator("#name").waitFor();
    if (name === null) continue;
    await page.locator("#name").fill(name);
    await send(page, "form[action='/me/sign-in/code'] button");
    await page.goto(`${base}/me/people`);
    assert.equal(await page.getByText("Bob Roy").count(), 0, "nothing came back");
    await send(page, "form[action='/me/sign-out'] button");
  }
  // What somebody else has written in their own book stays theirs.
  await signIn(bob, friend);
  await bob.page.goto(`${base}/me/people`);
  await bob.page.getByText("Ann Lee").waitFor();
});
