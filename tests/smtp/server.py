"""An SMTP server that behaves as the addresses of senders and recipients ask for.

    server.py CERTIFICATE KEY

The first line on standard output is a JSON object of ports by listener; then there is a line for each mail that was taken, and for
each that was read and not taken. It ends with its standard input.

What comes before the first `-` of a recipient's address says what happens:

    gone     refused for good          full    refused for good, with several lines
    later    refused for now, always   grey    refused for now, the first time
    mute     RCPT has no answer        rude    a refusal with control characters and much text
    spam     refused for good after DATA       busy   refused for now after DATA
    lost     dropped after DATA, not taken, the first time
    kept     dropped after DATA, taken, the first time
    stall    taken after DATA, and no answer, the first time
    slow     taken after DATA, and answered after a second
"""

import asyncio
import email
import email.policy
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

FOREVER = 3600

# What clients do wrong here they do on purpose.
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")


def tell(**facts):
    print(json.dumps(facts), flush=True)


class Handler:
    def __init__(self, listener, seen):
        self.listener = listener
        self.seen = seen

    def first(self, address):
        times = self.seen[address] = self.seen.get(address, 0) + 1
        return times == 1

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.7.1 This sender may not"
        if address.startswith("stranger"):
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        kind = address.split("@")[0].split("-")[0]
        if kind == "gone":
            return "550 5.1.1 No such user here"
        if kind == "full":
            return "552-5.2.2 The mailbox is full\r\n552 5.2.2 and stays so"
        if kind == "later" or (kind == "grey" and self.first(address)):
            return "451 4.7.1 Greylisted, try again later"
        if kind == "rude":
            return "550 5.1.1 \x1b[31mred\x07 " + "no " * 150
        if kind == "mute":
            await asyncio.sleep(FOREVER)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        address = envelope.rcpt_tos[0]
        kind = address.split("@")[0].split("-")[0]
        first = kind in ("lost", "kept", "stall") and self.first(address)
        dropped = first and kind != "stall"
        taken = kind not in ("spam", "busy") and not (kind == "lost" and dropped)
        self.tell(server, session, envelope, taken)
        if kind == "spam":
            return "554 5.7.1 Looks like spam"
        if kind == "busy":
            return "452 4.3.1 Insufficient system storage"
        if dropped:
            server.transport.abort()
        if first:
            await asyncio.sleep(FOREVER)
        if kind == "slow":
            await asyncio.sleep(1)
        return "250 2.0.0 Taken as " + address

    def tell(self, server, session, envelope, taken):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = [
            {
                "type": part.get_content_type(),
                "file": part.get_filename(),
                "begins": part.get_payload(decode=True)[:5].decode("latin-1"),
                "text": part.get_content() if part.get_content_maintype() == "text" else None,
            }
            for part in message.walk()
            if not part.is_multipart()
        ]
        tell(
            listener=self.listener,
            taken=taken,
            mail_from=envelope.mail_from,
            rcpt_to=envelope.rcpt_tos,
            encrypted=server.transport.get_extra_info("ssl_object") is not None,
            login=session.auth_data,
            hello=session.host_name,
            peer=session.peer[1],
            message_id=message["Message-ID"],
            date=message["Date"],
            sender=message["From"],
            to=[str(one) for one in message["To"].addresses],
            subject=message["Subject"],
            parts=parts,
        )


def authenticate(server, session, envelope, mechanism, data):
    user, password = data.login.decode(), data.password.decode()
    if (user, password) == ("quotes", "correct horse"):
        return AuthResult(success=True, auth_data=user)
    # A server that says too much.
    return AuthResult(success=False, handled=False, message="535 5.7.8 Wrong password " + password)


class Silent(asyncio.Protocol):
    """Says nothing."""


async def main(certificate, key):
    loop = asyncio.get_running_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    seen = {}

    async def listen(name, wrapped=None, **options):
        def make():
            return SMTP(Handler(name, seen), hostname="smtp.test", loop=loop, **options)

        return await loop.create_server(make, "127.0.0.1", 0, ssl=wrapped)

    login = {"authenticator": authenticate, "auth_required": True}
    servers = {
        "plain": await listen("plain"),
        "starttls": await listen("starttls", tls_context=context, require_starttls=True),
        "implicit": await listen("implicit", wrapped=context),
        "login": await listen("login", tls_context=context, require_starttls=True, **login),
        "login_only": await listen(
            "login_only", wrapped=context, auth_require_tls=False, auth_exclude_mechanism=["PLAIN"], **login
        ),
        "silent": await loop.create_server(Silent, "127.0.0.1", 0),
    }
    tell(**{name: server.sockets[0].getsockname()[1] for name, server in servers.items()})
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    # Whatever is under way ends with the process.
    try:
        asyncio.run(asyncio.wait_for(main(*sys.argv[1:]), FOREVER))
    finally:
        sys.stdout.flush()
