"""A URL that somebody gave leads nowhere but to the open internet, and to nowhere else later."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fks.contexts.data.adapters.fetching.destinations import destination
from fks.contracts.data.providers import PageRequest
from fks.kernel.errors import FksError, Invalid, Unavailable

from .asking import BODY, GOOD, QUICK, REQUEST, made_for
from .fault_server import fault_server

PRIVATE = (
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::a00:1]",
    "[64:ff9b:1::808:808]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:5db8:d822:0:0:f5ff:fffe]",
    "[fe80::1]",
    "[fec0::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[2606:2800:220:1:0:5efe:7f00:1]",
    "[100::1]",
)
ODD = (
    "https://2130706433",
    "https://0x7f000001",
    "https://0x7f.1",
    "https://127.1",
    "https://0177.0.0.1",
    "https://017700000001",
    "https://127.0.0.1.",
    "https://\uff11\uff12\uff17.0.0.1",
    "https://data\u3002example",
    "https://[fe80::1%25eth0]",
    "https://%31%32%37.0.0.1",
    "https://user:hunter2@93.184.216.34",
    "https://hunter2@93.184.216.34",
    "https://93.184.216.34:22",
    "https://93.184.216.34:0",
    "https://93.184.216.34:65536",
    "https://93.184.216.34:80",
    "http://93.184.216.34",
    "http://93.184.216.34:443",
    "ftp://93.184.216.34",
    "file:///etc/passwd",
    "gopher://93.184.216.34",
    "//93.184.216.34",
    "93.184.216.34",
    "https://",
    "https:///x",
    "https://93.184.216.34/?a=b",
    "https://93.184.216.34?",
    "https://93.184.216.34/#x",
    "https://93.184.216.34#",
    "https://93.184.216.34\\@127.0.0.1",
    "https://93.184.216.34/\r\nHost: x",
    "https://[::1",
    "https://" + "a" * 3000,
    "https://" + "a" * 80 + ".example",
    "",
)


async def refused(url: str, *, allow_loopback: bool = False) -> FksError:
    """Return why a URL is not asked."""
    with pytest.raises((Invalid, Unavailable)) as found:
        await destination(url, allow_loopback=allow_loopback, now_s=0)
    assert "hunter2" not in found.value.message
    assert "\n" not in found.value.message
    return found.value


@pytest.mark.parametrize("allow_loopback", [False, True])
@pytest.mark.parametrize("host", PRIVATE)
async def test_no_address_of_a_private_network_is_asked(host: str, allow_loopback: bool) -> None:
    """Lost: the credentials of a cloud machine, or a service that listens inside only."""
    loopback = host in ("127.0.0.1", "127.8.9.10", "[::1]")
    if loopback and allow_loopback:
        where = await destination(f"http://{host}:8080/x/", allow_loopback=True, now_s=0)
        assert where.url("/y") == f"http://{host}:8080/x/y"
        return
    assert (await refused(f"https://{host}", allow_loopback=allow_loopback)).code == (
        "data.bad_destination"
    )


@pytest.mark.parametrize("url", ODD)
async def test_a_url_in_disguise_is_refused(url: str) -> None:
    """Lost: the same, by another spelling, port, scheme or user."""
    error = await refused(url)
    assert error.code in ("data.bad_destination", "data.provider_down")
    assert isinstance(error, Invalid) or "a" * 70 in url, url


@pytest.mark.parametrize(
    "host", ["93.184.216.34", "[2606:2800:220:1::1]", "[64:ff9b::5db8:d822]", "[2002:5db8:d822::1]"]
)
async def test_the_open_internet_is_allowed(host: str) -> None:
    """Lost: every provider, by a check that is too strict; NAT64 is all that some networks have."""
    where = await destination(f"https://{host}:8443/api", allow_loopback=False, now_s=0)
    assert where.url("/v1/^GSPC") == f"https://{host}:8443/api/v1/^GSPC"
    assert where.host_header == f"{host}:8443"


async def test_no_packet_leaves_for_a_refused_place() -> None:
    """Lost: a connection that is made first and refused later."""
    with fault_server(GOOD) as server:
        port = server.url.rpartition(":")[2]
        settings = msgspec.structs.replace(QUICK, allow_loopback=False)
        hosts = ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]")
        for scheme in ("http", "https"):
            for host in hosts:
                fetcher = made_for(f"{scheme}://{host}:{port}", settings=settings)
                with pytest.raises(Invalid) as found:
                    await fetcher.get(REQUEST)
                assert found.value.code == "data.bad_destination"
                assert fetcher.state.breaker == "closed"
                assert fetcher.state.failures == 0, "it is no fault of the provider"
                await fetcher.close()
        assert server.connections == 0


@pytest.mark.parametrize("path", ["", "x", "@evil/", "/a?b", "/a#b", "/a\\b", "/../x", "/%2e%2E/x"])
async def test_a_path_stays_below_the_base(path: str) -> None:
    """Lost: another host or another service, by a symbol such as `../../admin`."""
    with fault_server(GOOD) as server:
        fetcher = made_for(f"{server.url}/api")
        with pytest.raises(Invalid, match="no path"):
            await fetcher.get(PageRequest(path=path))
        assert server.requests == []
        await fetcher.get(PageRequest(path="/a/b"))
        assert server.requests[0].startswith(b"GET /api/a/b HTTP/1.1")
        await fetcher.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let names mean what a test says."""

    def mean(*answers: tuple[str, ...] | None) -> None:
        told = iter(answers)

        async def resolved(self: Any, host: str, port: int, **_: Any) -> list[Any]:
            addresses = next(told)
            if addresses is None:
                raise OSError(-3, "Temporary failure in name resolution")
            return [(2, 1, 6, "", (address, port)) for address in addresses]

        loop = asyncio.get_running_loop().__class__
        monkeypatch.setattr(loop, "getaddrinfo", resolved)

    return mean


async def test_one_private_address_among_many_is_enough_to_refuse(
    names: Callable[..., None],
) -> None:
    """Lost: DNS that answers with a public address first and a private one beside it."""
    names(("93.184.216.34", "10.0.0.7"), ("fe80::1%eth0",), ("127.0.0.1", "93.184.216.34"))
    for _ in range(3):
        error = await refused("https://data.example", allow_loopback=True)
        assert "private" in error.message


async def test_a_name_is_asked_once_and_cannot_become_another_machine(
    names: Callable[..., None],
) -> None:
    """Lost: DNS that changes its answer between the check and the connection."""
    now_s = [0.0]
    with fault_server(GOOD) as server:
        port = server.url.rpartition(":")[2]
        names(("127.0.0.1",), ("10.0.0.1",))
        fetcher = made_for(f"http://data.example:{port}", monotonic_s=lambda: now_s[0])
        for _ in range(2):
            await fetcher.get(REQUEST)
        assert f"Host: data.example:{port}".encode() in server.requests[1]
        now_s[0] = 61
        with pytest.raises(Invalid, match="is not asked"):
            await fetcher.get(REQUEST)
        assert len(server.requests) == 2
        await fetcher.close()


async def test_a_name_that_cannot_be_resolved_now_is_asked_again(
    names: Callable[..., None],
) -> None:
    """Lost: a backfill of hours, because a name server was away for a second."""
    with fault_server(GOOD) as server:
        names(None, ("127.0.0.1",))
        fetcher = made_for(f"http://data.example:{server.url.rpartition(':')[2]}")
        assert (await fetcher.get(REQUEST)).body == BODY
        assert fetcher.state.retries == 1
        await fetcher.close()


async def test_the_next_address_is_tried_when_one_is_out_of_reach(
    names: Callable[..., None],
) -> None:
    """Lost: a provider, because its first address is of a network that we are not connected to."""
    with fault_server(GOOD) as server:
        names(("127.0.0.99", "127.0.0.1"))  # the server listens at the second one only
        fetcher = made_for(f"http://data.example:{server.url.rpartition(':')[2]}")
        assert (await fetcher.get(REQUEST)).tries == 2
        assert (await fetcher.get(REQUEST)).tries == 1, "it is remembered"
        await fetcher.close()


class _Secure:
    """A server with a certificate; what names clients asked it for."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.asked: list[str | None] = []
        context.sni_callback = lambda _, name, __: self.asked.append(name)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(context,), daemon=True)
        self._thread.start()
        assert self._ready.wait(5)

    def close(self) -> None:
        """Stop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _run(self, context: ssl.SSLContext) -> None:
        server = self._loop.run_until_complete(
            asyncio.start_server(self._answer, "127.0.0.1", 0, ssl=context)
        )
        self.port: int = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._ended())

    async def _ended(self) -> None:
        """Let connections end: one that is closing when its loop stops is never closed."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.1)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")
        await writer.drain()
        writer.close()


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Secure]:
    """Serve with a certificate for data.example, of an authority that is trusted here."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "data.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("data.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = tmp_path / "key.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    monkeypatch.setattr("certifi.where", lambda: str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    server = _Secure(context)
    yield server
    server.close()


async def test_the_certificate_must_be_of_the_name_though_an_address_is_connected(
    names: Callable[..., None], secure: _Secure
) -> None:
    """Lost: everything that TLS is for, because the connection goes to a number."""
    names(("127.0.0.1",), ("127.0.0.1",))
    fetcher = made_for(f"https://data.example:{secure.port}")
    assert (await fetcher.get(REQUEST)).body == b"[]"
    assert secure.asked == ["data.example"]
    await fetcher.close()
    fetcher = made_for(f"https://other.example:{secure.port}")
    with pytest.raises(Unavailable, match=r"certificate is not accepted.*other\.example"):
        await fetcher.get(REQUEST)
    await fetcher.close()
