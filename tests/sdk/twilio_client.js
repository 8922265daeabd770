// Drives the official Twilio SDK for Node; see README.md.
"use strict";

const twilio = require("twilio");
const { carryOut } = require("./commands.js");

// The documented way to another host: an HTTP client of one's own.
class Rebased extends twilio.RequestClient {
  constructor(base) {
    super({ timeout: 20000 });
    this.base = base;
  }

  request(options) {
    return super.request({ ...options, uri: options.uri.replace("https://api.twilio.com", this.base) });
  }
}

const message = (found) => ({
  id: found.sid,
  to: found.to,
  from: found.from,
  status: found.status,
  price: found.price,
  uri: found.uri,
  body: found.body,
});

const call = (found) => ({ id: found.sid, to: found.to, to_formatted: found.toFormatted, from: found.from });

async function run({ client, secret }, command) {
  switch (command.do) {
    case "send":
      return message(
        await client.messages.create({
          to: command.to,
          from: command.from,
          body: command.text,
          mediaUrl: command.media,
          statusCallback: command.callback,
        }),
      );
    case "call":
      return call(
        await client.calls.create({
          to: command.to,
          from: command.from,
          url: command.url,
          twiml: command.twiml,
          statusCallback: command.callback,
        }),
      );
    case "fetch":
      return message(await client.messages(command.id).fetch());
    case "fetch_call":
      return call(await client.calls(command.id).fetch());
    case "list":
      return (await client.messages.list({ limit: 20, to: command.to })).map(message);
    case "list_calls":
      return (await client.calls.list({ limit: 20 })).map(call);
    case "validate":
      return twilio.validateRequest(secret, command.signature, command.url, command.params);
    case "sign":
      return twilio.getExpectedTwilioSignature(secret, command.url, command.params);
    default:
      throw new Error(`unknown command ${command.do}`);
  }
}

const connect = ({ user, secret, base }) => ({ client: twilio(user, secret, { httpClient: new Rebased(base) }), secret });

const told = ({ status, code, name, message }) => (status ? { status, code, text: message } : { kind: code || name });

carryOut(connect, run, told);
