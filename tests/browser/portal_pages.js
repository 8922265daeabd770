"use strict";
// Every page of the portal, and those of a recipient, each as small and as wide, light and dark: looked at by axe, and never wider than its
// window. What there is to see is made on the way, in the words of any language.
const assert = require("node:assert/strict");
const { journey } = require("./journey.js");
const { send, signIn, people, walk, change } = require("./portal_steps.js");

journey(async ({ base, open, ask, accessible, given: { locale, looks, ann, bob, mail, fresh, name, friends } }) => {
  const page = await open({ width: 390, locale });
  const here = { page, base, ask };
  const bobs = { page: await open({ width: 1280, locale }), base, ask };
  const seen = [];
  const see = async (what, on = page) => {
    seen.push(what);
    const before = on.viewportSize();
    for (const [width, colorScheme] of looks) {
      await on.setViewportSize({ width, height: width < 600 ? 844 : 900 });
      await on.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await accessible(on, `${locale}-${what}-${width}-${colorScheme}`);
    }
    await on.setViewportSize(before);
  };
  const at = async (path, what) => {
    await page.goto(`${base}${path}`);
    await see(what);
  };
  const unfold = (on = page) => on.evaluate(() => document.querySelectorAll("main details").forEach((one) => (one.open = true)));

  // The way in.
  await at("/", "sign-in");
  await page.locator("#to").fill("12");
  await send(page, "form[action='/me/sign-in'] button");
  await see("sign-in-wrong");
  await page.locator("#to").fill(ann);
  await send(page, "form[action='/me/sign-in'] button");
  await unfold();
  await see("code");
  const code = await ask("code", ann);
  await page.locator("#code").fill(code === "000000" ? "111111" : "000000");
  await send(page, "form[action='/me/sign-in/code'] button");
  await see("code-wrong");
  await page.locator("#code").fill(code);
  await send(page, "form[action='/me/sign-in/code'] button");
  await see("newcomer");
  await page.locator("#name").fill(name);
  await send(page, "form[action='/me/sign-in/code'] button");
  await see("home-new");
  for (const [path, what] of [["/me/groups", "groups-none"], ["/me/groups/board", "board-none"], ["/me/people", "people-none"], ["/me/people/blocks", "blocks-none"], ["/me/people/tray", "tray-none"], ["/me/people/updates", "updates-none"], ["/me/people/introductions", "introductions-none"], ["/me/record", "record-none"], ["/me/nowhere", "no-page"]]) await at(path, what);

  // Groups and people. A number that is as old as a contact would be news to them.
  await ask("after", 60);
  await people(here, friends);
  await see("group-saved");
  const group = page.url().split("?")[0];
  await unfold();
  await page.locator("input[name=told][value=digest]").check();
  await page.locator("input[name=quiet]").check();
  await page.locator("input[name=introduce]").check();
  await see("group-open");
  await page.locator("input[name=told][value=at_once]").check();
  await send(page, `form[action='${new URL(group).pathname}'] button`);
  await see("group");
  for (const [path, what] of [["/me/groups", "groups"], ["/me/groups/board", "board"], ["/me/people", "people"]]) await at(path, what);
  await send(page, "main a.who[href^='/me/people/con_']");
  await unfold();
  await see("person");
  await send(page, "form[action$='/block'] button");
  await see("person-blocked");
  await at("/me/people/blocks", "blocks");
  await page.locator("#identity").fill("12");
  await send(page, "form[action='/me/people/blocks'] button");
  await see("blocks-wrong");
  await send(page, "form[action='/me/people/blocks/end'] button");
  await page.goto(`${base}/me/people`);
  await page.locator("#name").fill("x");
  await page.locator("#address").fill("12");
  await send(page, "form[action='/me/people'] button");
  await see("people-wrong");

  // A file, and whom it would introduce.
  await page.goto(`${base}/me/people/import`);
  await unfold();
  await see("import");
  await send(page, "form[action='/me/people/import'] button");
  await see("import-wrong");
  const cards = Array.from({ length: 7 }, (_, n) => `BEGIN:VCARD\r\nVERSION:3.0\r\nFN:${friends[0][0]} ${n}\r\nTEL:+1415555017${n}\r\nEND:VCARD\r\n`).join("");
  await page.locator("#file").setInputFiles({ name: "contacts.vcf", mimeType: "text/vcard", buffer: Buffer.from(`${cards}BEGIN:VCARD\r\n`) });
  await send(page, "form[action='/me/people/import'] button");
  await see("import-look");
  await page.locator("#group").selectOption(new URL(group).pathname.split("/").pop());
  await send(page, "form[action='/me/people/import/add'] button");
  await see("introductions");

  // A card from somebody else, and a change of theirs.
  await signIn(bobs, bob, "Bob Roy");
  await people(bobs, [[name, ann]]);
  await bobs.page.locator("input[name=introduce]").check();
  const friendly = bobs.page.url().split("?")[0];
  await send(bobs.page, "form[action^='/me/groups/grp_'] button.full");
  await bobs.page.goto(`${base}/me/people`);
  await send(bobs.page, "main a.who[href^='/me/people/con_']");
  await unfold(bobs.page);
  await send(bobs.page, "form[action$='/remove'] button");
  await bobs.page.goto(`${base}/me/people`);
  await bobs.page.locator("#name").fill(name);
  await bobs.page.locator("#address").fill(ann);
  await bobs.page.locator("#group").selectOption(new URL(friendly).pathname.split("/").pop());
  await send(bobs.page, "form[action='/me/people'] button");
  await see("person-introduced", bobs.page);
  await ask("after", 11 * 60);
  await page.goto(`${base}/me/people/tray`);
  assert.equal(await page.locator("form[action$='/accept']").count(), 1, "a card lies in the tray");
  await see("tray");
  await at("/me/people", "people-waiting");

  // A change, from its first page to its end.
  await signIn(here, ann);
  await page.goto(`${base}/me/change`);
  await page.locator("[name=usual-new-label-0][value=home]").check();
  await page.locator("#new-value-0").fill(mail);
  await send(page, "main form button.full");
  await walk(here, [mail]);
  await ask("after", 40 * 86400);
  await signIn(here, ann);
  await page.goto(`${base}/me/change`);
  await unfold();
  await see("add");
  await page.locator("#new-value-0").fill("12");
  await send(page, "main form button.full");
  await see("add-wrong");
  await change(here, 0, fresh, (step) => see(`change-${step}`), [ann]);
  await see("held");
  await at("/", "home-held");
  await at("/me/change/history", "history");
  await page.goto(`${base}/`);
  await send(page, "a[href^='/me/change/who/']");
  await see("point");
  const keep = await ask("link", mail);
  const other = await open({ width: 390, locale });
  await other.goto(keep);
  await see("keep", other);
  await page.goto(`${base}/`);
  await send(page, "a[href^='/me/change/req_']");
  await ask("after", 86400);
  await page.reload();
  await see("accepted");
  await ask("after", 900);
  await page.reload();
  await see("told");
  const card = await ask("link", friends.find(([, address]) => address.includes("@"))[1]);
  await other.goto(card);
  await unfold(other);
  await see("card", other);
  await other.goto(keep);
  await see("keep-gone", other);
  await at("/me/record", "record");
  await at("/", "home");

  // Details, ways in, the end.
  await page.goto(`${base}/me/profile`);
  await unfold();
  await see("profile");
  await page.locator("#birthday").fill("x");
  await page.locator("#organisation").fill("Lee & Daughters");
  await send(page, "form#profile button.full");
  await see("profile-wrong");
  await page.locator("#birthday").fill("");
  await page.locator("#zone").selectOption("Europe/Berlin");
  await send(page, "form#profile button[formaction]");
  await see("profile-preview");
  await send(page, "form#profile button.full");
  await at("/me/safety", "safety");
  await at("/me/keys", "keys");
  await page.locator("#password-label").fill("x");
  await send(page, "form[action='/me/keys/passwords'] button");
  await see("keys-secret");
  await page.goto(`${base}/me/safety`);
  await send(page, "form[action='/me/safety/erase'] button");
  await see("erase");
  await page.goto(`${base}/me/safety`);
  await send(page, "form[action='/me/safety/panic'] button");
  await see("panic");
  await send(page, "form[action='/me/safety/panic'] button");
  await see("panicked");
  await at("/", "home-panicked");
  await at("/me/change/history", "history-hidden");
  await other.goto(card);
  await see("card-gone", other);
  assert.equal(new Set(seen).size, seen.length, "each once");
});
