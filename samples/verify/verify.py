"""Verifies a webhook request: the raw body on standard input, headers as "name: value" arguments, the endpoint's
secret (several with commas) in KOBBOPAY_WEBHOOK_SECRET. Python 3.9 or later, nothing but the standard library."""
import os
import sys

# <verify>
import base64
import hashlib
import hmac
import re
import time

TOLERANCE_SECONDS = 300


def verify(raw_body, headers, secrets, now=None):
    """Raises ValueError with the cause. raw_body is bytes, headers has lower-case names, and secrets is a list, so
    that a rotation loses nothing."""
    event_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not raw_body.startswith(b"{"):
        raise ValueError("the body does not begin with {, as every signed body does")
    if not event_id or "." in event_id:
        raise ValueError("the header webhook-id is missing or malformed")
    if not re.fullmatch("[0-9]{1,12}", timestamp):
        raise ValueError("the header webhook-timestamp is missing or not a number of unix seconds")
    signed = f"{event_id}.{timestamp}.".encode() + raw_body
    matches = False
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        for signature in headers.get("webhook-signature", "").split(" "):
            matches |= hmac.compare_digest(b"v1," + mac, signature.encode())
    if not matches:
        raise ValueError("the header webhook-signature is missing or matches none of the secrets")
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_SECONDS:
        raise ValueError(f"the header webhook-timestamp is more than {TOLERANCE_SECONDS} s away from this clock")
# </verify>


def main():
    headers = {}
    for argument in sys.argv[1:]:
        name, _, value = argument.partition(":")
        headers[name.strip().lower()] = value.strip()
    secrets = os.environ["KOBBOPAY_WEBHOOK_SECRET"].split(",")
    try:
        verify(sys.stdin.buffer.read(), headers, secrets)
    except ValueError as cause:
        sys.exit(f"refused: {cause}")
    print("verified")


main()
