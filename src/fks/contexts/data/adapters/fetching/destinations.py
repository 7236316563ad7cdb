"""Where a URL that somebody gave may lead: never into the own network.

The host is resolved once, every address it has is checked, and the connection goes to an address
that was checked, so that a name cannot mean another machine a moment later. Redirects are not
followed by those who connect there.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from fks.kernel.errors import Invalid, Unavailable

__all__ = ["Destination", "destination"]

_PORTS = frozenset({443, 8443})
_USUAL_PORTS = {"https": 443, "http": 80}
_PATH = re.compile(r"/[A-Za-z0-9._~%!$&'()*+,;=:@^|/-]*\Z", re.ASCII)
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Prefixes whose last 32 bits are an IPv4 address (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Global to some versions of Python, and yet not the internet: addresses of protocols, the one at
# which a large cloud's machines reach their host, NAT64 of a network of one's own (RFC 8215),
# site-local addresses of old, segment routing, and two prefixes of documentation.
_REFUSED = tuple(
    ipaddress.ip_network(one)
    for one in (
        "192.0.0.0/24",
        "168.63.129.16/32",
        "64:ff9b:1::/48",
        "fec0::/10",
        "5f00::/16",
        "2001:db8::/32",
        "3fff::/20",
    )
)
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})


class Destination(NamedTuple):
    """Checked addresses, and the name that the certificate must have."""

    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]
    prefix: str
    resolved_at_s: float

    @property
    def host_header(self) -> str:
        """Return the value of `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _USUAL_PORTS[self.scheme] else f"{host}:{self.port}"

    def url(self, path: str) -> str:
        """Return the URL of a path at the first address.

        Raises `Invalid` for a path that could lead elsewhere, such as one with `..` or a host.
        """
        if not _PATH.match(path) or {".", ".."} & set(path.lower().replace("%2e", ".").split("/")):
            raise Invalid(
                f"{_plain(path)!r} is no path of a provider; does the symbol hold such signs?",
                code="data.bad_request",
            )
        address = self.addresses[0]
        shown = f"[{address}]" if ":" in address else address
        return f"{self.scheme}://{shown}:{self.port}{self.prefix}{path}"

    def after_the_first(self) -> Destination:
        """Return the same place with its next address first: this one could not be reached."""
        return self._replace(addresses=(*self.addresses[1:], self.addresses[0]))


async def destination(base_url: str, *, allow_loopback: bool, now_s: float) -> Destination:
    """Return where a base URL leads.

    Raises `Invalid` (`data.bad_destination`) for where it must not, and `Unavailable` for a host
    that has no address now.
    """
    parts, host, port = _parsed(base_url, allow_loopback)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        found = []
    told = [str(one[4][0]) for one in found]
    if any("%" in one for one in told):  # an address of one interface only
        raise _refused(base_url, "it leads into a private or reserved network")
    addresses = [ipaddress.ip_address(one) for one in dict.fromkeys(told)]
    if not addresses:
        raise Unavailable(f"{host[:80]} has no address now", code="data.provider_down")
    if not (allow_loopback and all(address.is_loopback for address in addresses)):
        if parts.scheme != "https" or port not in _PORTS:
            raise _refused(base_url, "only https on port 443 or 8443 is allowed")
        if not all(_public(address) for address in addresses):
            raise _refused(base_url, "it leads into a private or reserved network")
    path = parts.path.rstrip("/")
    if path and not _PATH.match(path):
        raise _refused(base_url, "its path holds signs that do not belong there")
    return Destination(parts.scheme, host, port, tuple(map(str, addresses)), path, now_s)


def _parsed(base_url: str, allow_loopback: bool) -> tuple[SplitResult, str, int]:
    """Return the parts of a URL that may be a base URL."""
    if any(not "!" <= c <= "~" or c == "\\" for c in base_url) or len(base_url) > 2048:
        raise _refused(
            base_url,
            "it holds characters that no URL has; a name in another script is written xn--...",
        )
    try:
        parts = urlsplit(base_url)
        port = parts.port
    except ValueError:
        raise _refused(base_url, "it is no URL") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and allow_loopback):
        raise _refused(base_url, "only https is allowed")
    host = (parts.hostname or "").removesuffix(".")
    if not host or "@" in parts.netloc or "?" in base_url or "#" in base_url:
        raise _refused(base_url, "it must be a scheme, a host and a path, and nothing else")
    if "%" in host or not _plain_host(host):
        raise _refused(base_url, "its host is neither a name nor an address in its usual form")
    return parts, host, _USUAL_PORTS[parts.scheme] if port is None else port


def _plain_host(host: str) -> bool:
    """Tell whether a host is a name or a usual address: no 127.1, 2130706433, 0x7f.1, 0177.0.0.1.

    Resolvers read those as addresses. A name never ends in a number (RFC 3696, section 2).
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        return not (last.isdigit() or last.startswith("0x"))
    return True


def _inner(address: _Address) -> _Address:
    """Return the IPv4 address that an IPv6 one stands for, or itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address.teredo is not None:
            return address.teredo[1]
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _public(address: _Address) -> bool:
    """Tell whether an address, or the one it stands for, is on the open internet."""
    inner = _inner(address)
    if any(one in network for one in (address, inner) for network in _REFUSED):
        return False
    if inner.version == 6 and (int(inner) >> 32) & 0xFFFFFFFF in _ISATAP:
        return False  # a tunnel to any IPv4 address (RFC 5214)
    return inner.is_global and not (
        inner.is_multicast
        or inner.is_reserved
        or inner.is_unspecified
        or inner.is_loopback
        or inner.is_link_local
        or inner.is_private
    )


def _refused(url: str, why: str) -> Invalid:
    """Return that a URL is not asked; what stands before an @ may be a password."""
    told = _plain(url.rpartition("@")[2])
    return Invalid(f"{told!r} is not asked: {why}", code="data.bad_destination")


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)[:80]
