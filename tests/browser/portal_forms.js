"use strict";
// Every form that the pages have is sent without a script, and does what it says. Which forms there are the test reads from the
// templates, so that a new one is missed here until it is walked too.
const assert = require("node:assert/strict");
const { journey } = require("./journey.js");
const { send, signIn, people, walk, change } = require("./portal_steps.js");

journey(async ({ base, open, ask, given: { forms, ann, fresh, mail, senders } }) => {
  const page = await open({ width: 390, script: false });
  const here = { page, base, ask };
  const sent = new Set();
  page.context().on("request", (request) => request.method() === "POST" && sent.add(new URL(request.url()).pathname));
  const at = (path) => page.goto(`${base}${path}`);
  const said = (on = page) => on.getByRole("status").waitFor();
  const unfold = (text, on = page) => on.locator("summary").filter({ hasText: text }).first().click();
  const path = () => new URL(page.url()).pathname;

  await signIn(here, ann, "Ann Lee");
  await people(here, [["Hal Ito", "+14155550190"], ["Cy Dee", "cy@example.org"]]);
  const friends = path();

  // Groups.
  await page.locator("input[name=told][value=digest]").check();
  await page.locator("#digest-every").selectOption("week");
  await unfold("quiet hours");
  await page.locator("input[name=quiet]").check();
  await page.locator("#quiet-from").fill("22:30");
  await page.locator("input[name=introduce]").check();
  await send(page, `form[action='${friends}'] button`);
  await said();
  assert.equal(await page.locator("#quiet-from").inputValue(), "22:30");
  assert.ok(await page.locator("input[name=quiet]").isChecked());
  await at("/me/groups");
  await page.locator("#name").fill("Rowing");
  await send(page, "form[action='/me/groups'] button");
  await unfold("Remove this group");
  await send(page, "form[action$='/remove'] button");
  await said();
  await at("/me/groups/board");
  await page.locator("fieldset.of-one input[type=checkbox]").first().check();
  await send(page, "form[action='/me/groups/board'] button");
  await said();

  // People.
  const added = async (name, address) => {
    await at("/me/people");
    await page.locator("#name").fill(name);
    await page.locator("#address").fill(address);
    await page.locator("#group").selectOption({ label: "Friends – gets your card" });
    await send(page, "form[action='/me/people'] button");
  };
  await added("Al Moe", "+14155550160");
  await send(page, "form[action$='/keep-card'] button");
  await said();
  await page.getByRole("checkbox", { name: "Family" }).check();
  await send(page, "form[action$='/groups'] button");
  await said();
  assert.ok(await page.getByRole("checkbox", { name: "Family" }).isChecked());
  await send(page, "form[action$='/block'] button");
  await said();
  await at("/me/people/blocks");
  await page.getByText("Al Moe").first().waitFor();
  await send(page, "form[action='/me/people/blocks/end'] button");
  await said();
  await page.locator("#identity").fill("cy@example.org");
  await send(page, "form[action='/me/people/blocks'] button");
  await said();
  await page.getByRole("link", { name: "Cy Dee" }).click();
  await send(page, "form[action$='/unblock'] button");
  await said();
  await unfold("Remove from your book");
  await send(page, "form[action$='/remove'] button");
  await said();
  await at("/me/people/import");
  const cards = Array.from({ length: 7 }, (_, n) => `BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Person ${n}\r\nTEL:+1415555017${n}\r\nEND:VCARD\r\n`).join("");
  await page.locator("#file").setInputFiles({ name: "contacts.vcf", mimeType: "text/vcard", buffer: Buffer.from(cards) });
  await send(page, "form[action='/me/people/import'] button");
  await page.locator("#group").selectOption({ label: "Friends – gets your card" });
  await send(page, "form[action='/me/people/import/add'] button");
  await send(page, "form[action='/me/people/introductions'] button[value=drop]");
  await said();

  // Cards from three others: one is taken, one is not wanted, one is not wanted ever.
  for (const [number, name] of [[senders[0], "Bob Roy"], [senders[1], "Di Kay"], [senders[2], "Ed Poe"]]) {
    const other = { page: await open({ script: false }), base, ask };
    await signIn(other, number, name);
    await people(other, [["Nobody", "+14155550199"]]);
    await other.page.locator("input[name=introduce]").check();
    await send(other.page, "form[action^='/me/groups/grp_'] button.full");
    await other.page.goto(`${base}/me/people`);
    await other.page.locator("#name").fill("Ann Lee");
    await other.page.locator("#address").fill(ann);
    await other.page.locator("#group").selectOption({ label: "Friends – gets your card" });
    await send(other.page, "form[action='/me/people'] button");
  }
  // A card whose sender is in the book already does not come into the tray.
  await ask("after", 11 * 60);
  await at("/me/people/tray");
  await send(page, "section:has-text('Di Kay') form[action$='/refuse'] button");
  await said();
  await send(page, "section:has-text('Ed Poe') form[action$='/block'] button");
  await said();
  await send(page, "section:has-text('Bob Roy') form[action$='/accept'] button");
  await said();
  const bob = { page: await open({ script: false }), base, ask };
  await signIn(bob, senders[0]);
  await change(bob, 0, "+14155550159", async () => {}, [senders[0]]);
  await ask("after", 86400);
  await ask("after", 600);
  await signIn(here, ann);
  await at("/me/people/updates");
  await send(page, "form[action$='/undo'] button");
  await said();

  // Details: the picture as the file that it is, and a time zone.
  await at("/me/profile");
  const jpeg = Buffer.from("/9j/4AAQSkZJRgABAQAAAQABAAD/4QAQRXhpZgAAR1BTIGhlcmX/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q==", "base64");
  await page.locator("#photo-file").setInputFiles({ name: "big.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(60_000, jpeg) });
  await send(page, "form#profile button.full");
  await page.locator("#photo-wrong").waitFor();
  await page.locator("#photo-file").setInputFiles({ name: "huge.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(3_000_000, jpeg) });
  await send(page, "form#profile button.full");
  await page.getByText("What was sent is too large.").waitFor();
  await at("/me/profile");
  await page.locator("#photo-file").setInputFiles({ name: "me.jpg", mimeType: "image/jpeg", buffer: jpeg });
  await page.locator("#organisation").fill("Lee & Daughters");
  await send(page, "form#profile button[formaction]");
  await page.locator("#zone").selectOption("Asia/Tokyo");
  await send(page, "form#profile button.full");
  await said();
  const picture = await page.locator("img[data-picture]").getAttribute("src");
  assert.match(picture, /^data:image\/jpeg;base64,/);
  assert.ok(!Buffer.from(picture.split(",")[1], "base64").includes("GPS"), "where it was taken is not kept");
  assert.equal(await page.locator("#zone").inputValue(), "Asia/Tokyo");
  await page.locator("input[name=no-photo]").check();
  await send(page, "form#profile button.full");
  await said();
  assert.equal(await page.locator("input[name=no-photo]").count(), 0);

  // A program of hers.
  await at("/me/keys");
  await page.locator("#password-label").fill("my script");
  await send(page, "form[action='/me/keys/passwords'] button");
  await page.locator(".secret").waitFor();
  await at("/me/keys");
  await send(page, "form[action='/me/keys/revoke'] button");
  await said();

  // Changes: begun, proved, shown, sent off, stopped by a link and by a button; an earlier state again.
  await at("/me/change");
  await page.locator("[name=usual-new-label-0][value=home]").check();
  await page.locator("#new-value-0").fill(mail);
  await send(page, "main form button.full");
  await ask("code", mail);
  await send(page, "form.again button");
  await walk(here, [mail]);
  await ask("after", 40 * 86400);
  await signIn(here, ann);
  await change(here, 0, fresh, async () => {}, [ann]);
  const keep = await ask("link", mail);
  await page.goto(keep);
  await send(page, "main form button");
  await said();
  // One address that has shown nothing only delays it.
  await at("/");
  await send(page, "a[href^='/me/change/req_']");
  await send(page, "form[action$='/stop'] button");
  await said();
  await change(here, 0, fresh, async () => {}, [ann, mail]);
  assert.match(await page.locator(".clock").innerText(), /until .*\d\d:\d\d$/m, "by her own clock");
  await send(page, "form[action$='/stop'] button");
  await said();
  await change(here, 0, fresh, async () => {}, [ann, mail]);
  await ask("after", 86400);
  await at("/");
  await send(page, "a[href^='/me/change/who/']");
  await page.getByLabel("Work").selectOption("none");
  await send(page, "form[action^='/me/change/who/'] button");
  await said();
  await signIn(here, fresh);
  await at("/me/change/history");
  await send(page, "form[action='/me/change/restore'] button");
  await send(page, "form[action$='/stop'] button");

  // What a recipient may say.
  await at("/me/profile");
  await page.locator("#title").fill("Captain");
  await send(page, "form#profile button.full");
  await at("/me/people");
  await page.locator("#name").fill("Fay Orr");
  await page.locator("#address").fill("fay@example.org");
  await page.locator("#group").selectOption({ label: "Family" });
  await send(page, "form[action='/me/people'] button");
  await at("/");
  await send(page, "a[href^='/me/change?point=']");
  await page.locator("input[id^='value-']").first().fill("+14155550144");
  await send(page, "main form button.full");
  await walk(here, ["+14155550144", fresh, mail]);
  await ask("after", 86400);
  await ask("after", 900);
  const link = await ask("link", "fay@example.org");
  const fay = await open({ width: 390, script: false });
  fay.context().on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (request.method() === "POST") sent.add(/^\/c\/[^/]+$/.test(pathname) ? "card" : pathname);
  });
  await fay.goto(link);
  await unfold("How you hear of changes", fay);
  await send(fay, "form:has(input[value=how]) button");
  await said(fay);
  await unfold("Stop messages", fay);
  await send(fay, "button[name=stop][value=owner]");
  await said(fay);
  await send(fay, "button[name=start]");
  await said(fay);
  await fay.goto(`${link}/stop`);
  await send(fay, "main form button");

  // Another device goes, then everything stops, begins again, and goes for good.
  const old = await open({ width: 390, script: false });
  await signIn({ page: old, base, ask }, mail);
  await signIn(here, mail);
  await at("/me/safety");
  await send(page, "form[action='/me/safety/sign-out'] button");
  await said();
  await send(page, "form[action='/me/safety/erase'] button");
  await send(page, "form[action='/me/safety/erase'] button");
  await send(page, "form[action$='/stop'] button");
  await at("/me/safety");
  await send(page, "form[action='/me/safety/panic'] button");
  await send(page, "form[action='/me/safety/panic'] button");
  await said();
  await send(page, "form[action='/me/safety/end-panic'] button");
  await walk(here, [mail]);
  await at("/");
  await send(page, "form[action='/me/sign-out'] button");
  await page.locator("#to").waitFor();

  const missed = forms.filter((form) => ![...sent].some((path) => new RegExp(`^${form}$`).test(path)));
  assert.deepEqual(missed, [], "forms that nobody sent");
});
