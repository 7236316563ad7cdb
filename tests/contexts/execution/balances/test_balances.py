"""Money at a venue, by the front door: our count is the venue's, or nothing more is opened."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET
from tests.contexts.execution.trading.running import LIMITS, TradingApp, trading_app
from tests.contexts.execution.venues.test_binance_account import SIZES

from fks.contracts import execution as said
from fks.kernel.errors import FksError
from fks.testing.exchange import Fault, Listing, LocalExchange, Market

GOLD = Listing(
    symbol="GC", base="GC", quote="USD", tick=Decimal("0.1"), lot=Decimal(1), leverage=100
)


class Rig:
    """An app with a live account at a local exchange."""

    def __init__(self, app: TradingApp, exchange: LocalExchange, market: Market) -> None:
        self.app, self.exchange = app, exchange
        self.venue = "binance_usdm" if market is Market.USDM else "binance_spot"
        (self.user,) = exchange.book.users.values()

    async def account(self) -> Any:
        """Return the account as the API shows it."""
        return await self.app.call("GET", "/accounts/live")

    def wallets(self) -> dict[str, Decimal]:
        """Return what we count."""
        live = self.app.trading.live
        assert live is not None
        money = live.floor.accounts["live"].money
        assert money is not UNSET
        return {name: amount for name, amount in money.wallets.items() if amount}

    def there(self) -> dict[str, Decimal]:
        """Return what the exchange has."""
        return {name: amount for name, amount in self.user.wallet.items() if amount}

    async def compared(self) -> Any:
        """Compare now, and return what the API shows of it."""
        live = self.app.trading.live
        assert live is not None
        await live.reconciling["live"].once()
        return (await self.account())["comparison"]

    async def trade(self, side: str, quantity: int, want: int = 201) -> Any:
        """Place a market order."""
        found = await self.app.place(
            want, account="live", side=side, quantity=str(quantity), type="market"
        )
        await asyncio.sleep(0.05)  # its fill comes over the stream
        await self.app.settle()
        return found

    async def open(self) -> None:
        """Open the account and arm it."""
        await self.app.call("GET", "/accounts")
        await self.app.bar(1999, 2001, 2000)
        wish = {"id": "live", "mode": "live", "venue": self.venue, "limits": dict(LIMITS)}
        await self.app.call("POST", "/accounts", wish, 201)
        bus = self.app.app.runtime.bus
        route = said.SignalRoute(strategy_id="s", account="live")
        await bus.ask(said.SetSignalRoute(key="route", route=route), timeout_s=5)
        async with asyncio.timeout(20):
            while True:
                await self.app.trading.ready("live", "GC")
                await self.app.bar(1999, 2001, 2000)
                try:
                    await bus.ask(said.ArmAccount(key="arm", account="live"), timeout_s=5)
                    return
                except FksError:
                    await asyncio.sleep(0.1)


@asynccontextmanager
async def rig_of(
    home: Path, monkeypatch: pytest.MonkeyPatch, market: Market, **execution: Any
) -> AsyncIterator[Rig]:
    """Run an app over an exchange whose user has dollars and a coin for fees."""
    async with LocalExchange([GOLD], market) as exchange:
        user = exchange.add_user("me", {"USD": Decimal(150_000), "BNB": Decimal(5)})
        monkeypatch.setenv("FKS_TEST_KEY", user.api_key)
        monkeypatch.setenv("FKS_TEST_SECRET", user.api_secret)
        venue = {
            "api_key_env": "FKS_TEST_KEY", "api_secret_env": "FKS_TEST_SECRET",
            "base_url": exchange.url, "stream_url": exchange.stream_url,
            "timeout_s": 1.0, "heartbeat_s": 0.3, "first_pause_s": 0.05,
        }  # fmt: skip
        settings = {
            "reconcile_every_s": 600.0, "instruments": {"GC": SIZES}, **execution,
            "venues": {"binance_usdm": venue, "binance_spot": venue},
        }  # fmt: skip
        async with trading_app(home, settings={"execution": settings}) as app:
            exchange.set_price("GC", Decimal(2000), Decimal(50))
            rig = Rig(app, exchange, market)
            await rig.open()
            yield rig


@pytest.mark.parametrize("market", [Market.SPOT, Market.USDM])
async def test_money_is_the_venues_after_trades_with_fees_in_another_coin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, market: Market
) -> None:
    """Lost: the first fee in a coin of the exchange's own would close the account's gate."""
    async with rig_of(tmp_path, monkeypatch, market) as rig:
        await rig.trade("buy", 3)
        rig.user.fee_asset, rig.user.fee_rate = "BNB", Decimal("0.0017")
        rig.exchange.set_price("GC", Decimal("2001.5"), Decimal(50))
        await rig.trade("buy", 2)
        await rig.trade("sell", 4)
        comparison = await rig.compared()
        assert comparison["agrees"], comparison
        assert comparison["gap"] == ""
        assert rig.wallets() == rig.there()
        assert rig.wallets()["BNB"] < 5
        money = {row["currency"]: row for row in comparison["balances"]}
        assert money["BNB"]["here"] == money["BNB"]["there"]
        assert (await rig.account())["gate"] == "active"


@pytest.mark.parametrize("market", [Market.SPOT, Market.USDM])
async def test_a_fill_that_was_missed_moves_the_money_when_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, market: Market
) -> None:
    """Lost: healing would book the position and leave the money wrong for ever."""
    async with rig_of(tmp_path, monkeypatch, market) as rig:
        rig.exchange.faults.script(Fault.LOST_ACK, method="POST", path="/order")
        rig.exchange.silence()
        await rig.trade("buy", 2)
        rig.exchange.faults.clear()
        async with asyncio.timeout(15):
            while not (await rig.compared())["agrees"]:  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(0.1)
        assert rig.wallets() == rig.there()
        positions = (await rig.app.call("GET", "/accounts/live/positions"))["positions"]
        assert [Decimal(one["quantity"]) for one in positions] == [Decimal(2)]


@pytest.mark.parametrize("market", [Market.SPOT, Market.USDM])
async def test_a_deposit_is_named_closes_the_gate_and_is_adopted_by_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, market: Market
) -> None:
    """Lost: money that came or went unseen, or an account that no one can bring back."""
    async with rig_of(tmp_path, monkeypatch, market) as rig:
        rig.exchange.move_money(rig.user, "USD", Decimal(500), "DEPOSIT")
        await asyncio.sleep(0.1)
        comparison = await rig.compared()
        assert comparison["gap"] == "USD: +500 came or went at the venue and was not adopted"
        assert (await rig.account())["gate"] == "reducing"
        refused = await rig.trade("buy", 1)
        assert refused["state"] == "rejected"
        path = "/accounts/live/adopt-balance"
        found = await rig.app.call("POST", path, {"reason": "paid in on Monday"})
        assert found["comparison"]["agrees"]
        assert rig.wallets() == rig.there()
        nothing = await rig.app.call("POST", path, {"reason": "once more"}, 409)
        assert nothing["code"] == "execution.nothing_to_adopt"
        assert rig.wallets() == rig.there()


async def test_money_that_went_untold_is_a_gap_until_the_venue_agrees_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: somebody with the keys could take money out and trading would go on."""
    async with rig_of(tmp_path, monkeypatch, Market.SPOT) as rig:
        rig.exchange.move_money(rig.user, "USD", Decimal("-0.02"), told=False)
        assert (await rig.compared())["gap"] == "USD: 150000 here, 149999.98 at the venue"
        assert (await rig.account())["gate"] == "reducing"
        rig.exchange.move_money(rig.user, "USD", Decimal("0.01"), told=False)  # one tick is none
        comparison = await rig.compared()
        assert (comparison["agrees"], comparison["gap"]) == (True, "")


async def test_funding_is_adopted_by_the_settings_and_is_a_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: every eight hours somebody would have to adopt a few cents, or equity would lie."""
    async with rig_of(tmp_path, monkeypatch, Market.USDM) as rig:
        before = Decimal((await rig.account())["balance"])
        rig.exchange.move_money(rig.user, "USD", Decimal("-1.25"), "FUNDING_FEE")
        await asyncio.sleep(0.1)
        assert (await rig.compared())["agrees"]
        assert rig.wallets() == rig.there()
        assert Decimal((await rig.account())["balance"]) == before - Decimal("1.25")


async def test_what_a_paper_account_has_is_compared_across_a_restart(tmp_path: Path) -> None:
    """Lost: the first start after a trade would find other money and stop the account."""
    for _ in range(2):
        async with trading_app(tmp_path) as app:
            await app.call("GET", "/accounts")
            await app.bar(1999, 2001, 2000)
            await app.place(side="buy", quantity="2")
            await app.bar(2003, 2005, 2004)
            await app.place(side="sell", quantity="1")
            await app.bar(2003, 2005, 2004)
            live = app.trading.live
            assert live is not None
            found = await live.reconciling["paper"].once()
            assert found.agreed, found
            account = await app.call("GET", "/accounts/paper")
            assert account["gate"] == "active"
            assert [b["currency"] for b in account["comparison"]["balances"]] == ["USD"]
