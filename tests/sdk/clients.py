"""Drives the official SDKs for Python of Plivo, Bandwidth, Vonage and Sinch; see README.md."""

from urllib.parse import urlsplit

from commands import carry_out
from requests.adapters import HTTPAdapter


class Rebased(HTTPAdapter):
    """The documented way of `requests` to another host: an adapter of one's own."""

    def __init__(self, base):
        super().__init__()
        self.base = base

    def send(self, request, **kwargs):
        url = urlsplit(request.url)
        request.url = self.base + url.path + ("?" + url.query if url.query else "")
        return super().send(request, **kwargs)


class Plivo:
    def __init__(self, given):
        import plivo

        self.secret = given["secret"]
        self.client = plivo.RestClient(given["user"], given["secret"], timeout=20)
        self.client.session.mount("https://", Rebased(given["base"]))

    def send(self, command):
        found = self.client.messages.create(
            src=command["from"], dst=command["to"], text=command["text"], url=command.get("callback")
        )
        return {"id": found.message_uuid[0]}

    def fetch(self, command):
        found = self.client.messages.get(command["id"])
        return {"id": found.message_uuid, "to": found.to_number, "price": found.total_rate}

    def list(self, command):
        return [{"id": found.message_uuid, "to": found.to_number} for found in self.client.messages.list()]

    def call(self, command):
        found = self.client.calls.create(from_=command["from"], to_=command["to"], answer_url=command["url"])
        return {"id": found.request_uuid}

    def sign(self, command):
        from plivo.utils.signature_v3 import construct_post_url, get_signature_v3

        url = construct_post_url(command["url"], dict(command["params"])).decode()
        return {
            "x-plivo-signature-v3": get_signature_v3(self.secret, url, "12345").decode(),
            "x-plivo-signature-v3-nonce": "12345",
        }

    def validate(self, command):
        from plivo.utils import validate_v3_signature

        headers = command["headers"]
        return validate_v3_signature(
            "POST",
            command["url"],
            headers["x-plivo-signature-v3-nonce"],
            self.secret,
            headers["x-plivo-signature-v3"],
            dict(command["params"]),
        )


class Bandwidth:
    def __init__(self, given):
        import bandwidth

        self.bandwidth = bandwidth
        self.account = given["account"]
        configuration = bandwidth.Configuration(
            host=given["base"] + "/api/v2",
            username=given["user"],
            password=given["secret"],
            ignore_operation_servers=True,
        )
        self.client = bandwidth.ApiClient(configuration)

    def send(self, command):
        request = self.bandwidth.MessageRequest(
            applicationId="app-1", to=[command["to"]], var_from=command["from"], text=command["text"]
        )
        found = self.bandwidth.MessagesApi(self.client).create_message(self.account, request)
        return {"id": found.id, "to": found.to[0]}

    def list(self, command):
        found = self.bandwidth.MessagesApi(self.client).list_messages(self.account)
        return [
            {"id": one.message_id, "to": one.destination_tn, "network": one.carrier_name} for one in found.messages
        ]

    def call(self, command):
        request = self.bandwidth.CreateCall(
            applicationId="app-2", to=command["to"], var_from=command["from"], answerUrl=command["url"]
        )
        found = self.bandwidth.CallsApi(self.client).create_call(self.account, request)
        return {"id": found.call_id, "to": found.to, "url": found.answer_url}

    def fetch_call(self, command):
        found = self.bandwidth.CallsApi(self.client).get_call_state(self.account, command["id"])
        return {"id": found.call_id, "to": found.to}


class Vonage:
    """Its hosts can be changed, but not that it asks for TLS."""

    def __init__(self, given):
        import vonage

        names = ("api_key", "api_secret", "application_id", "private_key", "signature_secret", "signature_method")
        self.auth = vonage.Auth(**{name: given[name] for name in names if name in given})
        self.secret = given.get("webhook_secret")
        self.client = vonage.Vonage(self.auth, vonage.HttpClientOptions(timeout=20, max_retries=0))
        self.client.http_client._session.mount("https://", Rebased(given["base"]))

    def send(self, command):
        from vonage_sms import SmsMessage

        found = self.client.sms.send(
            SmsMessage(
                to=command["to"], from_=command["from"], text=command["text"], callback=command.get("callback")
            )
        )
        return {"id": found.messages[0].message_id, "to": found.messages[0].to, "price": found.messages[0].message_price}

    def message(self, command):
        from vonage_messages.models import Sms

        found = self.client.messages.send(
            Sms(to=command["to"], from_=command["from"], text=command["text"], webhook_url=command.get("callback"))
        )
        return {"id": found.message_uuid}

    def call(self, command):
        from vonage_voice import CreateCallRequest, Phone, ToPhone

        found = self.client.voice.create_call(
            CreateCallRequest(
                to=[ToPhone(number=command["to"])], from_=Phone(number=command["from"]), answer_url=[command["url"]]
            )
        )
        return {"id": found.uuid}

    def fetch_call(self, command):
        found = self.client.voice.get_call(command["id"])
        return {"id": found.uuid, "to": found.to.number, "price": found.price}

    def sign(self, command):
        params = dict(command["params"])
        return {"sig": self.auth.sign_params(params), "timestamp": str(params["timestamp"])}

    def check(self, command):
        return {"right": self.auth.check_signature(dict(command["params"]))}

    def token(self, command):
        """What Vonage's webhooks bear; its SDK only reads them."""
        import hashlib
        import time

        import jwt

        claims = {"iss": "Vonage", "iat": int(time.time()), "jti": "1", "api_key": "abcd1234"}
        claims["payload_hash"] = hashlib.sha256(command["body"].encode()).hexdigest()
        return {"authorization": "Bearer " + jwt.encode(claims, self.secret, algorithm="HS256")}

    def validate(self, command):
        import hashlib

        import jwt

        token = command["headers"]["authorization"].removeprefix("Bearer ")
        valid = self.client.voice.verify_signature(token, self.secret)
        claims = jwt.decode(token, options={"verify_signature": False})
        return valid and claims["payload_hash"] == hashlib.sha256(command["body"].encode()).hexdigest()


class Sinch:
    def __init__(self, given):
        from sinch import SinchClient

        self.secret = given.get("webhook_secret")
        self.client = SinchClient(
            service_plan_id=given.get("plan"),
            sms_api_token=given["secret"],
            sms_region="us",
            project_id=given.get("project"),
            key_id="key",
            key_secret="secret",
        )
        self.client.configuration.sms_origin_with_service_plan_id = given["base"]
        self.client.configuration.sms_origin = given["base"]
        self.client.configuration.voice_v2_origin = given["base"]
        self.client.configuration.auth_origin = given.get("tokens", given["base"])

    def send(self, command):
        found = self.client.sms.batches.send_sms(
            to=[command["to"]],
            from_=command["from"],
            body=command["text"],
            event_destination_target=command.get("callback"),
        )
        return {"id": found.id, "to": found.to[0]}

    def fetch(self, command):
        found = self.client.sms.batches.get(command["id"])
        return {"id": found.id, "to": found.to[0]}

    def call(self, command):
        phone = lambda number: {"type": "PHONE", "phone": {"number": number}}
        found = self.client.voice.v2.calls.start(
            commands=[{"command": "dial", "from": phone(command["from"]), "to": phone(command["to"])}]
        )
        return {"id": found.session_id}

    def sign(self, command):
        from sinch.domains.authentication.sinch_events.v1 import authentication_validation as sinch

        import time

        now = str(int(time.time()))
        signed = sinch.compute_signed_data(command["body"], "nonce-1", now)
        return {
            "x-sinch-webhook-signature": sinch.calculate_sinch_event_signature(signed, self.secret),
            "x-sinch-webhook-signature-nonce": "nonce-1",
            "x-sinch-webhook-signature-timestamp": now,
            "x-sinch-webhook-signature-algorithm": "HmacSHA256",
        }

    def validate(self, command):
        return self.client.sms.sinch_events(self.secret).validate_authentication_header(
            command["headers"], command["body"]
        )


def connect(given):
    return {"plivo": Plivo, "bandwidth": Bandwidth, "vonage": Vonage, "sinch": Sinch}[given["sdk"]](given)


def run(client, command):
    return getattr(client, command["do"])(command)


def told(error):
    return {"kind": type(error).__name__, "text": str(error)}


carry_out(connect, run, told)
