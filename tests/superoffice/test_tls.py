"""The same promises over TLS, with a certificate of our own."""

import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chatops.superoffice.errors import AnswerLost, Unreachable
from chatops.superoffice.transport import Timeouts
from tests.superoffice.conftest import Connect
from tests.superoffice.wires import answer, drip, serving


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a self-signed certificate for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_certificate_nobody_vouches_for_ends_before_sending(
    connect: Connect, tls: ssl.SSLContext
) -> None:
    with serving(answer({}), tls=tls) as wire:
        with pytest.raises(Unreachable):
            connect(wire).send("POST", "x")
        assert wire.asked == []


def test_a_private_ca_of_the_environment_is_trusted(
    connect: Connect, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with serving(answer({"Ok": 1}), tls=tls) as wire:
        transport = connect(wire)
        assert transport.send("GET", "x") == {"Ok": 1}
        assert transport.send("POST", "x") == {"Ok": 1}
        assert wire.connections == 1


def test_a_deadline_holds_over_tls_too(
    connect: Connect, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    slow = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n" + b" " * 400, every=0.02)
    with serving(slow, tls=tls) as wire:
        started = time.monotonic()
        with pytest.raises(AnswerLost):
            connect(wire, timeouts=Timeouts(total_write=0.8)).send("POST", "x")
        assert 0.7 < time.monotonic() - started < 1.5
