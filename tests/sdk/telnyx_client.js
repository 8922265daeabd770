// Drives the official Telnyx SDK for Node; see README.md.
"use strict";

const { Telnyx } = require("telnyx");
const { carryOut } = require("./commands.js");

const message = ({ data }) => ({
  id: data.id,
  to: data.to[0].phone_number,
  carrier: data.to[0].carrier,
  cost: data.cost?.amount ?? null,
  from: data.from?.phone_number ?? null,
  text: data.text,
  webhook: data.webhook_url ?? null,
});

async function run(client, command) {
  switch (command.do) {
    case "send":
      return message(
        await client.messages.send({
          to: command.to,
          from: command.from,
          text: command.text,
          media_urls: command.media,
          webhook_url: command.callback,
        }),
      );
    case "fetch":
      return message(await client.messages.retrieve(command.id));
    case "call": {
      const { data } = await client.calls.dial({
        connection_id: "1",
        to: command.to,
        from: command.from,
        webhook_url: command.callback,
      });
      return { id: data.call_control_id, session: data.call_session_id };
    }
    case "texml": {
      const found = await client.texml.accounts.calls.calls(command.account, {
        body: {
          To: command.to,
          From: command.from,
          Url: command.url,
          ApplicationSid: "1",
          StatusCallback: command.callback,
        },
      });
      return { id: found.call_sid, to: found.to, from: found.from };
    }
    case "validate":
      await client.webhooks.unwrap(command.body, { headers: command.headers });
      return true;
    default:
      throw new Error(`unknown command ${command.do}`);
  }
}

const connect = (given) =>
  new Telnyx({
    apiKey: given.secret,
    publicKey: given.public_key,
    baseURL: `${given.base}/v2`,
    maxRetries: 0,
    timeout: 20000,
  });

const told = (error) => (error.status ? { status: error.status, body: error.error } : { kind: error.name });

carryOut(connect, run, told);
