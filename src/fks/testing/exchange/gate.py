"""Who may ask, how often, and with what clock: keys, signatures, recvWindow, weights.

As Binance does: the signature is HMAC-SHA256 over the query followed by the body, a request is
good from one second ahead of the server's clock until `recvWindow` ms behind it, weights count by
the minute for everybody at one address, orders by ten seconds for each account.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

from fks.testing.exchange.orders import User
from fks.testing.exchange.wire import Request

__all__ = ["Gate", "Trouble", "sign"]

_SIGNATURE = re.compile(r"&?signature=([0-9a-fA-F]+)")
_PATIENCE = 20  # requests over the limit before a ban


class Trouble(Exception):
    """A request is answered with an error of Binance's."""

    def __init__(
        self, code: int, text: str, status: int = 400, retry_after_s: int | None = None
    ) -> None:
        super().__init__(text)
        self.code, self.text, self.status = code, text, status
        self.retry_after_s = retry_after_s


def sign(secret: str, payload: str) -> str:
    """Return the signature of a payload, hexadecimal."""
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


@dataclass
class Gate:
    """The limits and what was used of them."""

    weight_limit: int
    order_limit: int
    users: dict[str, User] = field(default_factory=dict)
    used: int = 0
    orders: dict[str, int] = field(default_factory=dict)
    over: int = 0
    banned_until_ms: int = 0
    _minute: int = 0
    _tens: int = 0

    def weigh(self, weight: int, now_ms: int) -> None:
        """Count a request; raises Trouble 429, and 418 for who goes on."""
        minute = now_ms // 60_000
        if minute != self._minute:
            self._minute, self.used, self.over = minute, 0, 0
        rest_s = 60 - now_ms // 1000 % 60
        if now_ms < self.banned_until_ms:
            text = f"Way too much request weight used; IP banned until {self.banned_until_ms}."
            raise Trouble(-1003, text, 418, rest_s)
        self.used += weight
        if self.used > self.weight_limit:
            self.over += 1
            if self.over > _PATIENCE:
                self.banned_until_ms = now_ms + 120_000
            text = (
                f"Too much request weight used; current limit is {self.weight_limit} request "
                "weight per 1 MINUTE."
            )
            raise Trouble(-1003, text, 429, rest_s)

    def count_order(self, user: User, now_ms: int) -> int:
        """Count a new order; return how many of its ten seconds there are; raises Trouble 429."""
        tens = now_ms // 10_000
        if tens != self._tens:
            self._tens, self.orders = tens, {}
        count = self.orders[user.name] = self.orders.get(user.name, 0) + 1
        if count > self.order_limit:
            text = f"Too many new orders; current limit is {self.order_limit} orders per 10 SECOND."
            raise Trouble(-1015, text, 429, 10 - now_ms // 1000 % 10)
        return count

    def user(self, key: str | None) -> User:
        """Return who a key belongs to."""
        if not key:
            raise Trouble(-2014, "API-key format invalid.", 401)
        found = self.users.get(key)
        if found is None:
            raise Trouble(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        return found

    def check(self, request: Request, now_ms: int) -> User:
        """Return who signed a request; raises Trouble for a wrong key, signature or clock."""
        user = self.user(request.headers.get("x-mbx-apikey"))
        found = _SIGNATURE.search(request.signed)
        if found is None:
            raise Trouble(-1102, "Mandatory parameter 'signature' was not sent.")
        payload = _SIGNATURE.sub("", request.signed)
        self.verify(user, payload, found.group(1), request.params, now_ms)
        return user

    def verify(
        self, user: User, payload: str, signature: str, params: dict[str, str], now_ms: int
    ) -> None:
        """Check a signature, then the clock."""
        if not hmac.compare_digest(sign(user.api_secret, payload), signature.lower()):
            raise Trouble(-1022, "Signature for this request is not valid.")
        try:
            at_ms, window = int(params["timestamp"]), int(params.get("recvWindow", "5000"))
        except (KeyError, ValueError):
            raise Trouble(-1102, "Mandatory parameter 'timestamp' was not sent.") from None
        if window > 60_000:
            raise Trouble(-1131, "recvWindow must be less than 60000")
        if at_ms >= now_ms + 1000:
            text = "Timestamp for this request was 1000ms ahead of the server's time."
            raise Trouble(-1021, text)
        if now_ms - at_ms > window:
            raise Trouble(-1021, "Timestamp for this request is outside of the recvWindow.")
