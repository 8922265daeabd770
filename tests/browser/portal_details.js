"use strict";
// The owner's other details, picture and language; and groups: when they hear, who is in them by keyboard and by dragging, and what their
// people see.
const assert = require("node:assert/strict");
const { journey } = require("./journey.js");

journey(async ({ base, open, ask, accessible, given: { own, people } }) => {
  const page = await open({ width: 1280 });
  const small = await open({ width: 390, dark: true });
  const button = (name) => page.getByRole("button", { name, exact: true }).first();
  const said = () => page.getByRole("status").waitFor();
  const looks = async (name) => {
    await accessible(page, `details-${name}-1280-light`);
    await small.goto(page.url());
    await accessible(small, `details-${name}-390-dark`);
  };
  await page.goto(`${base}/`);
  await page.getByLabel("Your phone number or e-mail address").fill(own);
  await button("Send a code").click();
  await page.getByLabel("Code", { exact: true }).fill(await ask("code", own));
  await button("Go on").click();
  await page.getByLabel("Your name").fill("Ann Lee");
  await button("Go on").click();
  await button("Make these groups").click();
  for (const [name, address] of people) {
    await page.goto(`${base}/me/people`);
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Phone number or e-mail address").fill(address);
    await button("Add").click();
    await said();
  }
  await small.context().addCookies(await page.context().cookies());

  // Everybody at a glance: by keyboard, and by dragging.
  await page.goto(`${base}/me/groups`);
  await page.getByRole("link", { name: "Everybody at a glance" }).click();
  const row = (name) => page.getByRole("group", { name });
  const friends = row(people[0][0]).getByRole("checkbox", { name: "Friends" });
  await friends.focus();
  assert.ok(await friends.evaluate((box) => box.matches(":focus-visible") && getComputedStyle(box).outlineStyle !== "none"), "it is seen where one is");
  await page.keyboard.press("Space");
  await row(people[1][0]).dragTo(page.locator("[data-group]").filter({ hasText: "Family" }));
  assert.ok(await row(people[1][0]).getByRole("checkbox", { name: "Family" }).isChecked());
  await looks("board");
  await button("Save").click();
  await said();
  assert.ok(await row(people[0][0]).getByRole("checkbox", { name: "Friends" }).isChecked());
  assert.ok(await row(people[1][0]).getByRole("checkbox", { name: "Family" }).isChecked());
  assert.ok(!(await row(people[1][0]).getByRole("checkbox", { name: "Friends" }).isChecked()));

  // When a group hears, and what it sees.
  await page.goto(`${base}/me/groups`);
  await page.getByRole("link", { name: "Friends" }).click();
  await page.getByRole("radio", { name: /in a digest/ }).check();
  await page.getByLabel("How often").selectOption({ label: "Every week" });
  await page.getByLabel("On", { exact: true }).selectOption({ label: "Friday" });
  await page.getByLabel("At", { exact: true }).selectOption({ label: "18:00" });
  await page.locator("summary").filter({ hasText: "Other details" }).click();
  await page.getByRole("checkbox", { name: "company" }).check();
  await page.locator("form[action^='/me/groups/grp'] button.full").click();
  await said();
  const value = (label) => page.getByLabel(label, { exact: true }).inputValue();
  assert.deepEqual([await value("How often"), await value("On"), await value("At")], ["week", "5", "18"]);
  await looks("group");
  const group = page.url();

  // A wrong birthday is marked; what is right is told to whom it may be.
  await page.goto(`${base}/`);
  await page.getByRole("link", { name: "Edit details" }).click();
  await page.getByLabel("birthday").fill("24 May");
  await page.getByLabel("company").fill("Lee & Daughters");
  await button("Save").click();
  await page.locator("#birthday[aria-invalid=true]").waitFor();
  await looks("profile-wrong");
  await page.getByLabel("birthday").fill("--05-24");
  await page.getByLabel("Given name").fill("Ann");
  await page.getByLabel("web address").fill("https://ann.example\nhttps://lee.example");
  const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==", "base64");
  await page.getByLabel("Choose a picture").setInputFiles({ name: "me.png", mimeType: "image/png", buffer: png });
  await page.locator("img[data-picture]").waitFor();
  await button("First see who is told").click();
  await page.getByRole("heading", { name: "One person is told" }).waitFor();
  await page.locator(".bubble").getByText("Lee").first().waitFor();
  await looks("profile-preview");
  await button("Save").click();
  await said();
  assert.equal(await page.getByLabel("company").inputValue(), "Lee & Daughters");
  assert.match(await page.locator("img[data-picture]").getAttribute("src"), /^data:image\/jpeg;base64,/);
  await looks("profile");
  await page.goto(`${base}/`);
  await page.locator("img.face").waitFor();
  await looks("home");
  await page.goto(group);
  await page.locator(".card-of").getByText("Lee & Daughters").waitFor();
  await page.getByRole("link", { name: new RegExp(`^As ${people[0][0]} does`) }).click();
  await page.locator(".card-of").getByText("Lee & Daughters").waitFor();
  await looks("person");

  // Their own language is that of the pages at once.
  await page.goto(`${base}/me/profile`);
  await page.locator("#language").selectOption("ar");
  await page.locator("form#profile button.full").first().click();
  await page.locator("html[lang=ar][dir=rtl]").waitFor();
  for (const [way, name] of [["/", "home"], ["/me/change", "change"], ["/me/groups", "groups"], ["/me/groups/board", "board"], ["/me/people", "people"], ["/me/record", "record"], ["/me/safety", "safety"], ["/me/keys", "keys"], ["/me/profile", "profile"]]) {
    await page.goto(`${base}${way}`);
    await looks(`ar-${name}`);
  }
  await page.goto(group);
  await looks("ar-group");
});
