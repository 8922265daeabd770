"""Drives the official Twilio SDK for Python; see README.md."""

from commands import carry_out, optional
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client


class Rebased(TwilioHttpClient):
    """The documented way to another host: an HTTP client of one's own."""

    def __init__(self, base):
        super().__init__(timeout=20)
        self.base = base

    def request(self, method, url, *args, **kwargs):
        return super().request(method, url.replace("https://api.twilio.com", self.base, 1), *args, **kwargs)


def message(found):
    return {
        "id": found.sid,
        "to": found.to,
        "from": found.from_,
        "status": found.status,
        "price": found.price,
        "uri": found.uri,
        "body": found.body,
    }


def call(found):
    return {"id": found.sid, "to": found.to, "to_formatted": found.to_formatted, "from": found._from}


def run(client, command):
    secret = client.password
    match command["do"]:
        case "send":
            return message(
                client.messages.create(
                    to=command["to"],
                    from_=command["from"],
                    **optional(command, body="text", status_callback="callback", media_url="media"),
                )
            )
        case "call":
            return call(
                client.calls.create(
                    to=command["to"],
                    from_=command["from"],
                    **optional(command, url="url", twiml="twiml", status_callback="callback"),
                )
            )
        case "fetch":
            return message(client.messages(command["id"]).fetch())
        case "fetch_call":
            return call(client.calls(command["id"]).fetch())
        case "list":
            return [message(found) for found in client.messages.list(limit=20, **optional(command, to="to"))]
        case "list_calls":
            return [call(found) for found in client.calls.list(limit=20)]
        case "validate":
            return RequestValidator(secret).validate(command["url"], command["params"], command["signature"])
        case "sign":
            return RequestValidator(secret).compute_signature(command["url"], command["params"])


def connect(given):
    return Client(given["user"], given["secret"], http_client=Rebased(given["base"]))


def told(error):
    if isinstance(error, TwilioRestException):
        return {"status": error.status, "code": error.code, "text": error.msg}
    return {"kind": type(error).__name__}


carry_out(connect, run, told)
