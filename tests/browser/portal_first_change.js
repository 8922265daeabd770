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
  await button("Save").click();
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
  await page.getByLabel("New phone number").first().fill("nonsense");
  await button("Go on").click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel("New phone number").first().fill(given.fresh);
  // Several things at once are one change.
  const more = page.getByText("Change something else at the same time");
  await more.click();
  await page.locator("#new-value-0").fill(given.mail);
  await look("change-several");
  const called = (word) => page.locator(`[name=usual-new-label-0][value=${word}]`);
  await called("mobile").check();
  await button("Go on").click();
  await page.getByText("You have one of this name already").waitFor();
  await called("home").check();
  await button("Go on").click();
  // The code for what was typed is sent already, and its page can be loaded again.
  await page.getByRole("heading", { name: "Prove it" }).waitFor();
  await page.getByLabel("Code sent to +1 415-555-0123").waitFor();
  await page.reload();
  assert.equal(await page.getByRole("link", { name: "Choose who may know" }).count(), 0, "the codes come first");
  await page.getByLabel("Code sent to").fill("12345");
  await button("Go on").click();
  await page.getByText("A code has six digits").waitFor();
  assert.equal(await page.locator("#code").inputValue(), "12345", "what was typed is there to be mended");
  await page.getByLabel("Code sent to").fill(await ask("code", given.fresh));
  await look("prove-code");
  await button("Go on").click();
  await page.getByLabel(`Code sent to ${given.mail}`).fill(await ask("code", given.mail));
  // The number that it leaves has shown itself by the sign-in: nothing more is asked, for nothing would make the wait shorter.
  await button("Go on").click();
  await page.getByRole("heading", { name: "Who may learn it?" }).waitFor();
  const [first, second] = [page.locator("fieldset").nth(0), page.locator("fieldset").nth(1)];
  assert.ok(await first.getByRole("checkbox", { name: "Friends" }).isChecked(), "who knew the old one");
  assert.ok(!(await first.getByRole("checkbox", { name: "Everyone" }).isChecked()));
  assert.ok(!(await second.getByRole("checkbox", { name: "Friends" }).isChecked()), "nobody knew the new one");
  await first.getByRole("checkbox", { name: "Work" }).uncheck();
  await second.getByRole("checkbox", { name: "Friends" }).check();
  await look("who");
  await button("Go on to the preview").click();
  await page.getByRole("heading", { name: `${given.people.length} people are told` }).waitFor();
  for (const part of ["0123", given.mail]) assert.ok(await page.locator(".bubble").first().getByText(part).isVisible(), "the exact text");
  await page.locator("summary").filter({ hasText: "Friends" }).click();
  await page.locator(".card-of").getByText(given.mail).waitFor();
  await look("preview");
  await page.getByRole("link", { name: "Back to the choice" }).click();
  assert.ok(await second.getByRole("checkbox", { name: "Friends" }).isChecked(), "what was chosen stays");
  assert.ok(!(await first.getByRole("checkbox", { name: "Work" }).isChecked()));
  await button("Go on to the preview").click();
  await button("Make this change").click();
  await page.getByRole("heading", { name: "On hold" }).waitFor();
  assert.match(await page.locator(".clock time").innerText(), /^\d+:\d\d:\d\d$/);
  await look("held");
  assert.deepEqual((await ask("told")).sort(), [given.old], "only the owner's own points hear of it yet");

  await ask("after", 86400);
  await page.reload();
  await page.getByRole("heading", { name: "Changed", exact: true }).waitFor();
  await ask("after", 180);
  // The page brings itself up to date.
  await page.locator("#told dl > div:first-child dd").filter({ hasText: new RegExp(`^${given.people.length}$`) }).waitFor();
  await look("told");
  assert.deepEqual((await ask("told")).sort(), given.people.map(([, address]) => address).sort());
  // Work is connected by the number still, and does not see it.
  await page.goto(`${base}/me/groups`);
  await page.getByRole("link", { name: "Work" }).click();
  assert.equal(await page.getByLabel("mobile number", { exact: false }).first().inputValue(), "forward");
  // Another name for it takes effect at once, and an earlier state can be had again.
  await page.goto(`${base}/`);
  await page.getByRole("link", { name: /^Change ?: mobile number$/ }).click();
  await page.getByText("Rename or remove").first().click();
  await page.getByLabel("Another word").first().check();
  await page.locator("input.own").first().fill("boat");
  await button("Go on").click();
  await page.getByRole("status").waitFor();
  await page.getByText("phone number (boat)").first().waitFor();
  await look("home");
  await page.getByRole("link", { name: /^Who sees it/ }).first().click();
  await look("point");
  await page.getByLabel("Family").selectOption("none");
  await button("Save").click();
  await page.getByRole("status").waitFor();
  await page.getByRole("link", { name: "Earlier numbers" }).click();
  await look("history");
  await page.getByRole("button", { name: /^Restore/ }).last().click();
  await page.getByText("An earlier state is restored").waitFor();
  await button("Stop this change").click();
  await page.getByRole("status").waitFor();
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
