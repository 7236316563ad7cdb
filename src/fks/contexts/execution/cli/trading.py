"""Commands for trading accounts: each asks the running server, as the screens do."""

from __future__ import annotations

from typing import Any

import rich_click as click
from rich.table import Table

from fks.kernel.address import announced
from fks.kernel.client import ServerClient
from fks.kernel.commands import command_context, json_option
from fks.kernel.errors import Invalid
from fks.kernel.sections import HttpSettings

__all__ = ["accounts", "approvals", "orders", "risk", "server", "url_option"]


def url_option(command: Any) -> Any:
    """Give a command the `--url` switch."""
    return click.option(
        "--url", default="", help="Root of the server.  [default: the one of the home folder]"
    )(command)


def server(url: str) -> ServerClient:
    """Return a client of the server at a URL, else of the one that runs on the home folder, else of
    the one that the settings name.
    """
    surroundings = command_context()
    if not url:
        http = surroundings.settings.section("http", HttpSettings)
        url = announced(surroundings.home) or f"http://{http.host}:{http.port}"
    return ServerClient(url)


def shown(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> Table:
    """Return rows as a table of some of their fields, without those that none of them has.

    Long words are folded, never cut: half a name is none.
    """
    table = Table(title=title, title_justify="left")
    texts = [["" if row.get(c) is None else str(row[c]) for c in columns] for row in rows]
    there = [k for k in range(len(columns)) if not rows or any(text[k] for text in texts)]
    for k in there:
        heading = columns[k].replace("_", " ")
        words = [word for cell in (heading, *(text[k] for text in texts)) for word in cell.split()]
        least = max((len(word) for word in words if len(word) <= _WORD), default=0)
        table.add_column(heading, overflow="fold", no_wrap=k == there[0], min_width=least)
    for text in texts:
        table.add_row(*(text[k] for k in there))
    return table


def limits_table(title: str, limits: list[dict[str, Any]]) -> Table:
    """Return limits with their use; of several accounts, each with its name."""
    rows = [with_unit(row, ("value", "used", "headroom")) for row in limits]
    several = len({row["account"] for row in rows}) > 1
    columns = ("name", "scope", "value", "used", "headroom", "state")
    return shown(title, rows, ("account", *columns) if several else columns)


def with_unit(row: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """Return a row whose figures carry their unit, where nobody would guess it."""
    unit = row.get("unit") or ""
    if unit not in ("seconds", "share"):
        return row
    return row | {f: f"{row[f]} {unit}" for f in fields if row.get(f) not in (None, "", "none")}


_WORD = 12  # letters of the longest word that a column makes room for
_ORDER = ("id", "symbol", "side", "type", "quantity", "price", "filled", "state", "reason")
_ACCOUNT = ("id", "mode", "venue", "equity", "day_pnl", "drawdown", "gate", "open_orders")


@click.group()
def accounts() -> None:
    """Open and watch trading accounts."""


@accounts.command("list")
@url_option
@json_option
def list_accounts(url: str) -> None:
    """List the accounts as they stand."""
    found = server(url).get("/api/v1/accounts")
    command_context().emit(found, shown("Accounts", found["accounts"], _ACCOUNT))


@accounts.command("show")
@click.argument("name")
@url_option
@json_option
def show_account(name: str, url: str) -> None:
    """Show how NAME stands, and what its fills leave out where they are simulated."""
    found = server(url).get(f"/api/v1/accounts/{name}")
    plain = (str, int, float)
    rows = [{"": key, "value": value} for key, value in found.items() if isinstance(value, plain)]
    rows += [{"": "not modelled", "value": text} for text in found["not_modelled"]]
    command_context().emit(found, shown(f"Account {name}", rows, ("", "value")))


@accounts.command("open")
@click.argument("name")
@click.option("--mode", type=click.Choice(["simulated", "paper", "live"]), default="paper")
@click.option("--venue", default="paper", help="Where its orders go.")
@click.option("--balance", default="150000", help="Money it begins with.")
@click.option(
    "--limit", "limits", multiple=True, metavar="NAME=VALUE", help="A limit; none waives."
)
@url_option
@json_option
def open_account(
    name: str, mode: str, venue: str, balance: str, limits: tuple[str, ...], url: str
) -> None:
    """Open an account; limits that are not named take the owner's hard rules."""
    body = {
        "id": name,
        "mode": mode,
        "venue": venue,
        "balance": balance,
        "limits": _pairs(limits),
    }
    found = server(url).send("POST", "/api/v1/accounts", body)
    command_context().emit(found, shown("Opened", [found], _ACCOUNT))


@accounts.command("limits")
@click.argument("name")
@click.option(
    "--limit", "limits", multiple=True, metavar="NAME=VALUE", help="A limit; none waives."
)
@click.option("--reason", default="", help="Why; loosening a limit needs it.")
@url_option
@json_option
def set_limits(name: str, limits: tuple[str, ...], reason: str, url: str) -> None:
    """Show an account's limits in use, or change some of them."""
    client = server(url)
    if limits:
        body = {"limits": _pairs(limits), "reason": reason}
        client.send("PUT", f"/api/v1/accounts/{name}/limits", body)
    found = client.get("/api/v1/risk", account=name)["limits"]
    command_context().emit({"limits": found}, limits_table(f"Limits of {name}", found))


@accounts.command("arm")
@click.argument("name")
@click.option("--hours", default=8.0, type=float, help="For how long; 0 disarms.")
@click.option("--person", default="operator", help="Who arms it.")
@url_option
@json_option
def arm(name: str, hours: float, person: str, url: str) -> None:
    """Let a live account send orders for some hours, once its check list is done."""
    body = {"hours": hours, "person": person}
    found = server(url).send("POST", f"/api/v1/accounts/{name}/arm", body)
    rows = [{**check, "passed": "yes" if check["passed"] else "no"} for check in found["checks"]]
    command_context().emit(found, shown(f"Readiness of {name}", rows, ("name", "passed", "detail")))


@accounts.command("adopt-balance")
@click.argument("name")
@click.option("--reason", required=True, help="Why the money differs.")
@click.option("--person", default="operator", help="Who takes it over.")
@url_option
@json_option
def adopt_balance(name: str, reason: str, person: str, url: str) -> None:
    """Take over what NAME's money at its venue differs from ours, after asking it anew."""
    body = {"reason": reason, "person": person}
    found = server(url).send("POST", f"/api/v1/accounts/{name}/adopt-balance", body)
    rows = (found["comparison"] or {}).get("balances", [])
    columns = ("currency", "here", "there")
    command_context().emit(found, shown(f"Money of {name}", rows, columns))


@accounts.command("compare")
@click.argument("name")
@click.argument("against")
@url_option
@json_option
def compare(name: str, against: str, url: str) -> None:
    """Explain why NAME did not earn what AGAINST did, on the same signals."""
    found = server(url).get(f"/api/v1/accounts/{name}/attribution", against=against)
    rows = [{"part": part, "money": amount} for part, amount in found["parts"].items()]
    rows.append({"part": "in all", "money": found["difference"]})
    command_context().emit(found, shown(f"{name} less {against}", rows, ("part", "money")))


@click.group()
def orders() -> None:
    """Place, watch, amend and cancel orders of trading accounts."""


@orders.command("place")
@click.argument("side", type=click.Choice(["buy", "sell"]))
@click.argument("quantity")
@click.argument("symbol")
@click.option("--account", default="paper", help="Whose order it is.")
@click.option("--type", "kind", default="market", help="market, limit, stop, stop_limit, ...")
@click.option("--price", help="Limit.")
@click.option("--stop-price", help="Trigger of a stop.")
@click.option("--trail", help="Distance of a trailing stop.")
@click.option("--stop-loss", help="Stop of the bracket.")
@click.option("--take-profit", help="Target of the bracket.")
@click.option("--time-in-force", default="gtc", help="gtc, ioc, fok, gtd, day, ...")
@click.option("--post-only", is_flag=True, help="Never take.")
@click.option("--reduce-only", is_flag=True, help="Never open or enlarge.")
@click.option("--client-order-id", default="", help="The same id again is the same order.")
@click.option("--check", is_flag=True, help="Only say what the controls would.")
@url_option
@json_option
def place(
    side: str, quantity: str, symbol: str, kind: str, check: bool, url: str, **given: Any
) -> None:
    """Place an order, or with --check ask what would become of it."""
    body = {name: value for name, value in given.items() if value not in (None, "", False)}
    body |= {"side": side, "quantity": quantity, "symbol": symbol, "type": kind}
    if check:
        found = server(url).send("POST", "/api/v1/orders/check", body)
        rows = [
            with_unit({**c, "limit": c["limit"] or c["value"], "passes": word}, ("used", "limit"))
            for c in sorted(found["controls"], key=lambda control: bool(control["passes"]))
            for word in ("yes" if c["passes"] else "no",)
        ]
        columns = ("name", "passes", "used", "limit", "reason")
        command_context().emit(found, shown("Controls, those that refuse first", rows, columns))
        return
    found = server(url).send("POST", "/api/v1/orders", body)
    command_context().emit(found, shown("Order", [found], _ORDER))


@orders.command("list")
@click.option("--account", default="", help="Only of this account.")
@click.option("--symbol", default="", help="Only of this symbol.")
@click.option("--working", is_flag=True, help="Only those that are not final.")
@click.option("--limit", default=50, type=click.IntRange(1, 1000), help="At most this many.")
@url_option
@json_option
def list_orders(account: str, symbol: str, working: bool, limit: int, url: str) -> None:
    """List orders, the newest first."""
    found = server(url).get(
        "/api/v1/orders",
        account=account,
        symbol=symbol,
        working=str(working).lower(),
        limit=limit,
    )
    command_context().emit(found, shown("Orders", found["orders"], _ORDER))


@orders.command("amend")
@click.argument("order_id", type=int)
@click.option("--quantity", help="What stays open.")
@click.option("--price", help="Limit.")
@click.option("--stop-price", help="Trigger.")
@url_option
@json_option
def amend(order_id: int, url: str, **given: Any) -> None:
    """Amend a working order."""
    body = {name: value for name, value in given.items() if value is not None}
    found = server(url).send("PATCH", f"/api/v1/orders/{order_id}", body)
    command_context().emit(found, shown("Order", [found], _ORDER))


@orders.command("cancel")
@click.argument("order_ids", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All working orders.")
@click.option("--account", default="", help="With --all: of this account.")
@click.option("--symbol", default="", help="With --all: of this symbol.")
@url_option
@json_option
def cancel(
    order_ids: tuple[int, ...], everything: bool, account: str, symbol: str, url: str
) -> None:
    """Cancel orders by id, or all that work."""
    if everything == bool(order_ids):
        raise Invalid("name order ids, or --all", code="execution.nothing_to_cancel")
    client = server(url)
    if everything:
        found = client.send("POST", f"/api/v1/orders/cancel-all?account={account}&symbol={symbol}")
        rows = [{"id": number, "state": "cancel asked"} for number in found["order_ids"]]
    else:
        rows = [client.send("DELETE", f"/api/v1/orders/{number}") for number in order_ids]
        found = {"orders": rows}
    command_context().emit(found, shown("Cancelled", rows, ("id", "symbol", "state")))


@orders.command("story")
@click.argument("order_id", type=int)
@url_option
@json_option
def story(order_id: int, url: str) -> None:
    """Explain a trade: from signal to fills, with the reasons."""
    found = server(url).get(f"/api/v1/orders/{order_id}/story")
    columns = ("seq", "ts_ns", "what", "detail")
    command_context().emit(
        found,
        shown("Order", [found["order"]], _ORDER),
        shown("What happened", found["steps"], columns),
    )


@click.group()
def risk() -> None:
    """See limits, gates and what the controls decided."""


@risk.command("show")
@click.option("--account", default="", help="Only of this account.")
@url_option
@json_option
def show_risk(account: str, url: str) -> None:
    """Show every limit's use, the closed gates and the breakers."""
    found = server(url).get("/api/v1/risk", account=account)
    command_context().emit(
        found,
        shown("Gates", found["gates"], ("scope", "target", "gate", "code", "reason")),
        shown("Breakers", found["breakers"], ("venue", "state", "failures", "reason")),
        limits_table("Limits", found["limits"]),
    )


@risk.command("decisions")
@click.option("--account", default="", help="Only of this account.")
@click.option("--refused", is_flag=True, help="Only refusals.")
@click.option("--limit", default=50, type=click.IntRange(1, 1000), help="At most this many.")
@url_option
@json_option
def decisions(account: str, refused: bool, limit: int, url: str) -> None:
    """List what the controls decided, the newest first."""
    found = server(url).get(
        "/api/v1/risk/decisions", account=account, refused=str(refused).lower(), limit=limit
    )
    columns = ("seq", "account", "symbol", "passed", "code", "reason", "limits_version")
    command_context().emit(found, shown("Decisions", found["decisions"], columns))


@click.group()
def approvals() -> None:
    """Decide on signals that wait for a person."""


@approvals.command("list")
@url_option
@json_option
def list_held(url: str) -> None:
    """List the signals that wait."""
    found = server(url).get("/api/v1/approvals")
    columns = ("id", "account", "symbol", "side", "quantity", "strategy_id", "confidence")
    command_context().emit(found, shown("Waiting", found["signals"], columns))


@approvals.command("decide")
@click.argument("verdict", type=click.Choice(["approve", "reject"]))
@click.argument("ids", type=int, nargs=-1)
@click.option("--note", default="", help="Why.")
@url_option
@json_option
def decide(verdict: str, ids: tuple[int, ...], note: str, url: str) -> None:
    """Approve or reject signals by id; without ids, all that wait."""
    body = {"approve": verdict == "approve", "ids": list(ids), "note": note}
    found = server(url).send("POST", "/api/v1/approvals/decide", body)
    columns = ("id", "account", "symbol", "status", "order_id", "reason")
    command_context().emit(found, shown("Decided", found["signals"], columns))


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    """Return NAME=VALUE words as a mapping. Raises `Invalid` for other words."""
    found = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise Invalid(f"{word!r} is not NAME=VALUE", code="execution.bad_limit")
        found[name] = value
    return found
