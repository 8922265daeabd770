"use strict";
// From the first visit to 'all told': registers, makes groups, puts people into one, changes the number with codes, waits, and
// sees who was told. On a phone and on a wide screen, in light and dark.
const assert = require("node:assert/strict");
const { journey } = require("./journey.js");

journey(async ({ base, open, ask, accessible, given }) => {
  const page = await open({ width: given.width, dark: given.dark, locale: given.locale });
  const look = (name) => accessible(page, `portal-${given.locale}-${given.width}-${given.dark ? "dark" : "light"}-${name}`);
  const button = (name) => page.getByRole("button", { name, exact: true }).first();
  const signIn = async (to) => {
    await page.goto(`${base}/`);
    await page.getByLabel("Your phone number or e-mail address").fill(to);
    await button("Send a code").click();
    await page.getByLabel("Code", { exact: true }).fill(await ask("code", to));
    await button("Go on").click();
  };

  await page.goto(`${base}/`);
  await look("sign-in");
  await page.getByLabel("Your phone number or e-mail address").fill("12");
  await button("Send a code").click();
  await page.getByRole("alert").waitFor();
  await look("sign-in-wrong");
  await page.getByLabel("Your phone number or e-mail address").fill(given.old);
  await button("Send a code").click();
  await page.getByLabel("Code", { exact: true }).fill("000000");
  await button("Go on").click();
  await page.getByRole("alert").waitFor();
  await look("code-wrong");
  await page.getByLabel("Code", { exact: true }).fill(await ask("code", given.old));
  await button("Go on").click();
  await page.getByLabel("Your name").fill("Ann Lee");
  await look("newcomer");
  await button("Go on").click();
  await page.getByRole("heading", { name: "Ann Lee" }).waitFor();
  await look("home-first");
  assert.equal(await page.evaluate(() => document.cookie), "", "no script can read the session");
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite, cookie.path], ["redial", true, "Lax", "/"]);

  await button("Make these groups").click();
  await page.getByRole("status").waitFor();
  await look("groups");
  for (const [name, address] of given.people) {
    await page.goto(`${base}/me/people`);
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Phone number or e-mail address").fill(address);
    await button("Add").click();
    await page.getByRole("status").waitFor();
    await page.getByText("Nothing.", { exact: true }).waitFor();
  }
  await page.goto(`${base}/me/people`);
  await look("people");
  await page.goto(`${base}/me/groups`);
  await page.getByRole("link", { name: "Friends" }).click();
  for (const [name] of given.people) await page.getByRole("checkbox", { name }).check();
  await look("group");
  await page.locator("form[action$='/members'] button").click();
  await page.getByRole("status").waitFor();
  await page.goto(`${base}/me/people`);
  await page.getByRole("link", { name: given.people[0][0] }).click();
  await page.getByRole("heading", { name: `What ${given.people[0][0]} sees of you` }).waitFor();
  assert.ok(await page.locator(".person").getByText("+1 415-555-0100").isVisible(), "the exact card");
  await look("person");

  // Long after; nobody is signed in any more.
  await ask("after", 40 * 86400);
  await signIn(given.old);
  await page.getByRole("link", { name: /^Change ?: mobile number$/ }).click();
  await look("change");
  await page.getByLabel("New phone number").fill("nonsense");
  await button("Go on").click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("New phone number").fill(given.fresh);
  await button("Go on").click();
  await page.getByRole("heading", { name: `${given.people.length} people are told` }).waitFor();
  assert.ok(await page.locator(".bubble").first().getByText("0123").isVisible(), "the exact text");
  await look("preview");
  await button("Go on to the codes").click();
  await look("prove");
  await page.getByRole("button", { name: new RegExp(`^Send a code ?: \\${given.fresh}$`) }).click();
  await page.getByLabel("Code sent to").fill(await ask("code", given.fresh));
  await look("prove-code");
  await button("Go on").click();
  await page.getByRole("heading", { name: "On hold" }).waitFor();
  assert.match(await page.locator(".clock time").innerText(), /^\d+:\d\d:\d\d$/);
  await look("held");
  assert.deepEqual((await ask("told")).sort(), [given.old], "only the owner's own points hear of it yet");

  await ask("after", 86400);
  await page.reload();
  await page.getByRole("heading", { name: "Changed", exact: true }).waitFor();
  await ask("after", 180);
  // The page brings itself up to date.
  await page.locator("#told").getByText(String(given.people.length), { exact: true }).first().waitFor();
  await look("told");
  assert.deepEqual((await ask("told")).sort(), given.people.map(([, address]) => address).sort());
  await page.goto(`${base}/me/record`);
  for (const [name] of given.people) assert.ok(await page.getByText(name).first().isVisible());
  await look("record");

  await page.goto(`${base}/me/safety`);
  await look("safety");
  await button("Stop everything now").click();
  await look("panic");
  await button("Stop everything now").click();
  await page.getByRole("heading", { name: "Everything is stopped" }).waitFor();
  await look("panicked");
  await button("Sign out").click();
  await page.getByLabel("Your phone number or e-mail address").waitFor();
  await page.goto(`${base}/me/record`);
  await page.getByLabel("Your phone number or e-mail address").waitFor();
});
