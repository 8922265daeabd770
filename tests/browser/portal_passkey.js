"use strict";
// A passkey from its making to a sign-in, the proof of a change, and the end of a panic, with the browser's own virtual device. Where
// the device does not give it, codes go on working. And an app password, which is shown once.
const assert = require("node:assert/strict");
const { journey } = require("./journey.js");

journey(async ({ base, open, ask, accessible, given: { old, fresh } }) => {
  const page = await open({ width: 390 });
  const device = await page.context().newCDPSession(page);
  await device.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
  const { authenticatorId } = await device.send("WebAuthn.addVirtualAuthenticator", { options: { ...options, automaticPresenceSimulation: true } });
  const agrees = (isUserVerified) => device.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
  const button = (name) => page.getByRole("button", { name, exact: true }).first();
  const field = (name) => page.getByLabel(name, { exact: true });
  const heading = (name) => page.getByRole("heading", { name, exact: true }).waitFor();
  const signIn = async () => {
    await page.goto(`${base}/`);
    await field("Your phone number or e-mail address").fill(old);
    await button("Send a code").click();
    await field("Code").fill(await ask("code", old));
    await button("Go on").click();
  };

  // Nobody's passkey signs nobody in.
  await page.goto(`${base}/`);
  await button("Use a passkey").click();
  await page.getByRole("alert").waitFor();
  await accessible(page, "passkey-sign-in-wrong");
  await signIn();
  await field("Your name").fill("Ann Lee");
  await button("Go on").click();
  await page.goto(`${base}/me/safety`);
  await page.getByRole("link", { name: "See them and add more" }).click();
  await accessible(page, "passkey-none");
  await field("Your word for it").fill("my phone");
  await agrees(false);
  await button("Add a passkey").click();
  await page.getByRole("alert").waitFor();
  await agrees(true);
  await button("Add a passkey").click();
  await heading("On hold");
  await page.getByText("New passkey: my phone").waitFor();
  await accessible(page, "passkey-held");
  const { credentials } = await device.send("WebAuthn.getCredentials", { authenticatorId });
  assert.equal(credentials.length, 1);
  await ask("after", 86400);
  await page.goto(`${base}/me/keys`);
  await page.getByText("never used").waitFor();
  await button("Add a passkey").click();
  await page.getByRole("alert").waitFor();

  // It signs in.
  await button("Sign out").click();
  await button("Use a passkey").click();
  await heading("Ann Lee");
  await page.goto(`${base}/me/keys`);
  await page.getByText("last used").waitFor();
  await accessible(page, "passkey-one");

  // It makes the wait of a change short.
  await ask("after", 7200);
  await button("Sign out").click();
  await signIn();
  await page.goto(`${base}/me/change`);
  await page.locator("[name=usual-new-label-0][value=work]").check();
  await page.locator("#new-value-0").fill(fresh);
  await button("Go on").click();
  await page.getByLabel("Code sent to").fill(await ask("code", fresh));
  await button("Go on").click();
  await page.getByRole("link", { name: "Choose who may know" }).click();
  await button("Go on to the preview").click();
  await button("Make this change").click();
  await heading("On hold");
  const rest = async () => Number(await page.locator("[data-rest]").getAttribute("data-rest"));
  assert.ok((await rest()) > 3600, "one number alone waits long");
  await accessible(page, "passkey-shortens");
  await agrees(false);
  await button("Use a passkey").click();
  await page.getByRole("alert").waitFor();
  await agrees(true);
  await button("Use a passkey").click();
  await page.getByText("You used a passkey").waitFor();
  assert.ok((await rest()) <= 600, "ten minutes at most");

  // It ends a panic.
  await ask("after", 700);
  await page.goto(`${base}/me/safety`);
  await button("Stop everything now").click();
  await button("Stop everything now").click();
  await heading("Everything is stopped");
  await button("Begin again").click();
  await page.getByText("Forwarding and messages begin again").waitFor();
  await button("Use a passkey").click();
  await heading("On hold");
  assert.ok((await rest()) <= 600);
  await ask("after", 700);
  await page.goto(`${base}/me/safety`);
  await heading("Stop everything");

  // An app password is shown once.
  await page.goto(`${base}/me/keys`);
  await field("For which program?").fill(" ");
  await button("Make a password").click();
  await page.locator("#password-wrong").waitFor();
  await field("For which program?").fill("my script");
  await button("Make a password").click();
  const secret = await page.locator(".secret").innerText();
  assert.match(secret, /^rdl_[0-9a-z]{39}$/);
  await accessible(page, "app-password");
  await page.goto(`${base}/me/keys`);
  assert.ok(!(await page.content()).includes(secret), "never again");
  await page.getByRole("button", { name: /^End it ?: my script$/ }).click();
  await page.getByRole("status").waitFor();
  assert.equal(await page.getByText("my script").count(), 0);

  // Removing the passkey is a change too.
  await page.getByRole("button", { name: /^Remove ?: my phone$/ }).click();
  await page.getByText("A passkey is removed").waitFor();
});
