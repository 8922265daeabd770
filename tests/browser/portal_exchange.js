"use strict";
// Two people exchange cards: Ann adds somebody, who gets her card; loads a file, sees what it would send and confirms it; her card
// comes to Bob, who accepts it; she changes her number, his book follows, and he takes it back.
const assert = require("node:assert/strict");
const { journey } = require("./journey.js");

journey(async ({ base, open, ask, accessible, given }) => {
  const { width, dark, locale, script } = given;
  const ann = await open({ width, dark, locale, script });
  const bob = await open({ width, dark, locale, script });
  // Axe needs a script of its own; the other journeys look at the same pages.
  const look = async (page, name) => script && accessible(page, `exchange-${width}-${dark ? "dark" : "light"}-${name}`);
  const button = (page, name) => page.getByRole("button", { name, exact: true }).first();
  const signIn = async (page, to, name) => {
    await page.goto(`${base}/`);
    await page.getByLabel("Your phone number or e-mail address").fill(to);
    await button(page, "Send a code").click();
    await page.getByLabel("Code", { exact: true }).fill(await ask("code", to));
    await button(page, "Go on").click();
    if (!name) return;
    await page.getByLabel("Your name").fill(name);
    await button(page, "Go on").click();
    await page.getByRole("heading", { name }).waitFor();
    await button(page, "Make these groups").click();
    await page.getByRole("status").waitFor();
  };
  await signIn(ann, given.ann, "Ann Lee");
  await signIn(bob, given.bob, "Bob Roy");

  // A number that is as old as the contact would be news to them.
  await ask("after", 60);
  // Friends get the card of who adds them.
  await ann.getByRole("link", { name: "Friends" }).click();
  await ann.getByLabel("Send my card to whoever I add").check();
  await look(ann, "group");
  await button(ann, "Save").click();
  await ann.getByRole("status").waitFor();

  const add = async (name, address) => {
    await ann.goto(`${base}/me/people`);
    await ann.getByLabel("Name", { exact: true }).fill(name);
    await ann.getByLabel("Phone number or e-mail address").fill(address);
    await ann.getByLabel("Put into the group").selectOption({ label: "Friends – gets your card" });
    await button(ann, "Add").click();
    await ann.getByText(`Your card goes to ${name} within a few minutes.`).waitFor();
  };
  await add("Carl Dee", "+14155550160");
  await look(ann, "added");
  await add("Dan Fox", "+14155550161");
  await button(ann, "Send nothing").click();
  await ann.getByText("Nothing is sent.").waitFor();
  await add("Bob Roy", given.bob);
  await ask("told");
  await ask("after", 11 * 60);
  assert.deepEqual(await ask("told"), ["+14155550160"], "Carl by a text message, Bob in his tray, Dan not at all");

  // Bob's tray.
  await bob.goto(`${base}/me/people`);
  await look(bob, "people");
  await bob.getByRole("link", { name: "One card waits for you" }).click();
  await bob.getByRole("heading", { name: "Ann Lee" }).waitFor();
  await look(bob, "tray");
  await bob.getByLabel("Put into the group").selectOption({ label: "Family" });
  await button(bob, "Accept").click();
  await bob.getByText("Accepted. It is in your book now.").waitFor();
  await look(bob, "accepted");

  // A file of six.
  await ann.goto(`${base}/me/people/import`);
  await look(ann, "import");
  await button(ann, "Look at it").click();
  await ann.getByRole("alert").waitFor();
  const cards = Array.from({ length: 6 }, (_, n) => `BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Person ${n}\r\nTEL:+1415555017${n}\r\nEND:VCARD\r\n`).join("");
  await ann.getByLabel("File (.vcf)").setInputFiles({ name: "contacts.vcf", mimeType: "text/vcard", buffer: Buffer.from(cards) });
  await button(ann, "Look at it").click();
  await ann.getByRole("heading", { name: "6 people are in it" }).waitFor();
  await look(ann, "import-look");
  await ann.getByLabel("Put into the group").selectOption({ label: "Friends – gets your card" });
  await button(ann, "Add them").click();
  await ann.getByRole("heading", { name: "6 people wait to be introduced" }).waitFor();
  assert.ok(await ann.locator(".bubble").first().getByText("who added you as a contact").isVisible(), "the exact text");
  await look(ann, "introductions");
  await ask("after", 3600);
  assert.deepEqual(await ask("told"), [], "nothing is sent by surprise");
  await ann.getByRole("checkbox", { name: "Person 5" }).uncheck();
  await button(ann, "Send them my card").click();
  await ann.getByText("Your card is on its way.").waitFor();
  await button(ann, "Send nothing").click();
  await ann.getByText("Nothing is sent.").waitFor();
  assert.deepEqual((await ask("told")).sort(), [0, 1, 2, 3, 4].map((n) => `+1415555017${n}`));

  // Ann has another number; Bob's book follows.
  await ask("change", given.fresh);
  await ask("after", 5 * 60);
  await bob.goto(`${base}/me/people/updates`);
  await bob.getByText("Updated by Ann Lee").waitFor();
  await look(bob, "updates");
  await bob.getByRole("button", { name: "Undo: Ann Lee" }).click();
  await bob.getByText("Undone. The entry is as it was.").waitFor();
  await bob.getByText("undone", { exact: true }).waitFor();
  await look(bob, "undone");
});
