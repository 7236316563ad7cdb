"""`fks kill` and `fks rearm`: the switch works without the server, the database and the bus."""

from __future__ import annotations

import rich_click as click

from fks.contexts.execution.cli.trading import server, url_option
from fks.contexts.execution.service.trading.switch import Switch
from fks.kernel.commands import command_context, json_option
from fks.kernel.errors import FksError, Invalid

__all__ = ["kill", "rearm"]


@click.command()
@click.option("--reason", default="fks kill", help="Why, for the audit.")
@click.option("--account", default="", help="Only this account (asks the server).")
@click.option("--flatten", is_flag=True, help="Close positions too (asks the server).")
@click.option("--yes", is_flag=True, help="With --flatten: do not ask back.")
@url_option
@json_option
def kill(reason: str, account: str, flatten: bool, yes: bool, url: str) -> None:
    """Stop all trading at once: nothing new leaves, all that works is cancelled.

    Without options it makes the lock file, which a running server sees within 20 milliseconds
    and which no later start overlooks; it works whatever else is down.
    """
    context = command_context()
    if not account and not flatten:
        folder = context.home / "execution"
        folder.mkdir(parents=True, exist_ok=True)
        Switch(folder, lambda _: None).drop(reason)
        context.emit(
            {"killed": True, "lock": str(folder / "kill.lock")}, "killed: kill.lock is set"
        )
        return
    if flatten and not yes:
        click.confirm("Close all positions at the market?", abort=True, err=True)
    body = {
        "reason": reason,
        "scope": "account" if account else "global",
        "target": account,
        "flatten": flatten,
        "confirm_flatten": "FLATTEN" if flatten else "",
    }
    found = server(url).send("POST", "/api/v1/risk/kill", body)
    context.emit(found, "killed")


@click.command()
@click.option("--reason", required=True, help="Why trading may go on.")
@click.option("--person", default="operator", help="Who says so.")
@click.option("--scope", default="global", help="global, account, strategy, venue or symbol.")
@click.option("--target", default="", help="Which account, strategy, venue or symbol.")
@url_option
@json_option
def rearm(reason: str, person: str, scope: str, target: str, url: str) -> None:
    """Let trading go on after a kill, or open another gate; the server checks that it may."""
    if len(reason.strip()) < 3:
        raise Invalid("give a reason of at least 3 letters", code="execution.needs_reason")
    body = {"reason": reason, "person": person, "scope": scope, "target": target}
    try:
        found = server(url).send("POST", "/api/v1/risk/rearm", body)
    except FksError as error:
        raise type(error)(f"not re-armed: {error.message}", code=error.code) from None
    command_context().emit(found, "re-armed" if not found["killed"] else "still killed")
