"""A center behind TLS is believed only if its certificate is; a center that cannot be reached holds nobody up."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr
from tests.ops.sync.fleet import BASE
from tests.server.conftest import until

from recollect.api.app import create_app
from recollect.api.guard.guards import Door
from recollect.errors import ConfigError, ProviderFailed
from recollect.library import AsyncMemory
from recollect.ops.sync.courier import Courier
from recollect.ops.sync.enrol import enrol
from recollect.ops.sync.exchange import Exchange
from recollect.settings import NodeSettings, load


class Authority:
    """Signs certificates, and is one that nobody knows."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.pem"
        basic = x509.BasicConstraints(ca=True, path_length=0)
        made = self._begun(self._name, self._key.public_key()).add_extension(basic, critical=True)
        self.file.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _begun(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        made = made.not_valid_after(now + timedelta(days=1))
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        made = made.add_extension(usage, critical=True)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return made.add_extension(authority, critical=False)

    def certificate(self, *names: x509.GeneralName) -> Path:
        """Return a file with a key and a certificate for these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._begun(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "center")]), key.public_key())
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        plain = serialization.NoEncryption()
        pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        file = self._folder / "center.pem"
        signed = made.sign(self._key, hashes.SHA256()).public_bytes(pem)
        file.write_bytes(key.private_bytes(pem, pkcs8, plain) + signed)
        return file


class Telling(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, tell: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = tell

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell()


@contextmanager
def secure_center(home: Path, certificate: Path) -> Iterator[tuple[int, str]]:
    """Serve a center over TLS on a thread of its own; yield its port, and the token of a node."""
    taken = socket.create_server(("127.0.0.1", 0))
    port, secrets = taken.getsockname()[1], list[str]()
    stop = threading.Event()

    async def serve() -> None:
        settings = load(home, {**BASE, "node": {"role": "center"}}).settings
        async with AsyncMemory(settings=settings, worker=False) as memory:
            secret = (await enrol(memory.app, "a"))[1]
            app = create_app(memory, settings, door=Door("127.0.0.1", auth=True))
            config = uvicorn.Config(app, ssl_keyfile=certificate, ssl_certfile=certificate, log_config=None)
            server = Telling(config, lambda: secrets.append(secret))
            running = asyncio.create_task(server.serve(sockets=[taken]))
            await asyncio.to_thread(stop.wait)
            server.should_exit = True
            await running

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        until(lambda: secrets, "the center serves", 60)
        yield port, secrets[0]
    finally:
        stop.set()
        thread.join(60)
        taken.close()


def node(home: Path, port: int, secret: str, ca_file: Path | None, host: str = "127.0.0.1") -> AsyncMemory:
    given = {"role": "agent", "center": f"https://{host}:{port}", "token": secret, "timeout": 20}
    settings = load(home, {**BASE, "node": given | ({"ca_file": str(ca_file)} if ca_file else {})}).settings
    return AsyncMemory(settings=settings, worker=False)


def exchanged(memory: AsyncMemory) -> int:
    """Write a memory, exchange once, and return how many were sent."""

    async def work() -> int:
        async with memory:
            await memory.add("over a wire that nobody reads 线", user_id="alice")
            exchange = Exchange(memory.app)
            try:
                return (await exchange.once()).sent
            finally:
                exchange.close()

    return asyncio.run(work())


def test_a_center_is_believed_by_the_certificate_of_an_authority_that_is_named(tmp_path: Path) -> None:
    known, other = Authority(tmp_path, "known"), Authority(tmp_path, "other")
    certificate = known.certificate(x509.IPAddress(ip_address("127.0.0.1")))
    with secure_center(tmp_path / "center", certificate) as (port, secret):
        assert exchanged(node(tmp_path / "a", port, secret, known.file)) == 1
        for trusted in (other.file, None):
            with pytest.raises(ProviderFailed, match="certificate") as refused:
                exchanged(node(tmp_path / "b", port, secret, trusted))
            assert "ca_file" in refused.value.hint
            assert secret not in str(refused.value)
        with pytest.raises(ProviderFailed, match=r"(?i)hostname mismatch"):
            exchanged(node(tmp_path / "c", port, secret, known.file, host="localhost"))
        (tmp_path / "broken.pem").write_text("no certificate", encoding="utf-8")
        with pytest.raises(ConfigError, match="cannot be read"):
            exchanged(node(tmp_path / "d", port, secret, tmp_path / "broken.pem"))


def test_nothing_is_sent_before_the_certificate_was_checked(tmp_path: Path) -> None:
    heard: list[bytes] = []
    known, other = Authority(tmp_path, "known"), Authority(tmp_path, "other")
    trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trust.load_cert_chain(known.certificate(x509.IPAddress(ip_address("127.0.0.1"))))
    listener = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        one, _ = listener.accept()
        try:
            with trust.wrap_socket(one, server_side=True) as secured:
                heard.append(secured.recv(100))
        except OSError:
            one.close()

    thread = threading.Thread(target=listen)
    thread.start()
    with pytest.raises(ProviderFailed):
        exchanged(node(tmp_path / "a", listener.getsockname()[1], "node_secret", other.file))
    thread.join(60)
    listener.close()
    assert b"".join(heard) == b""


def test_a_center_that_cannot_be_reached_does_not_delay_the_end_of_the_process() -> None:
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    waiting = [socket.socket() for _ in range(8)]  # so many that the next connection is not even answered
    for one in waiting:
        one.setblocking(False)
        one.connect_ex(full.getsockname())
    url = f"http://127.0.0.1:{full.getsockname()[1]}"
    given = {"role": "agent", "token": SecretStr("t"), "center": url, "timeout": 60}
    courier = Courier(NodeSettings.model_validate(given), "s")

    async def broken_off() -> None:
        task = asyncio.create_task(courier.changes({}))
        await asyncio.sleep(0.2)
        assert not task.done(), "the connection is being made"
        task.cancel()
        courier.close()
        await asyncio.wait({task})

    begun = time.monotonic()
    asyncio.run(broken_off())
    assert time.monotonic() - begun < 5
    for one in (full, *waiting):
        one.close()
