"""Providers, how they have been, and their keys: a key comes in, and never goes out again."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, put
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from fks.contexts.api.http.inject import ApiDep, Key
from fks.contracts.data.connections import (
    ListProviders,
    ProviderConnection,
    ProviderConnections,
    RemoveProviderKey,
    SetProviderKey,
)

__all__ = ["KeyWish", "ProviderController"]


class KeyWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to be sealed. `replace` allows that the provider had another one."""

    secret: Annotated[str, msgspec.Meta(max_length=4096)]
    replace: bool = False

    def __repr__(self) -> str:
        """Show everything but the key."""
        return f"KeyWish(replace={self.replace})"


class ProviderController(Controller):
    """Where data come from."""

    path = "/providers"
    tags = ("data",)

    @get("/", summary="List providers")
    async def list_providers(self, api: ApiDep) -> ProviderConnections:
        """Return all providers: what they give, how they have been, whether they have a key."""
        return await api.ask(ListProviders())

    @put("/{provider:str}/key", status_code=HTTP_200_OK, summary="Store a provider's key")
    async def set_key(
        self,
        api: ApiDep,
        provider: FromPath[str],
        data: JSONBody[KeyWish],
        idempotency_key: Key = None,
    ) -> ProviderConnection:
        """Seal a key on the server's disk; it counts from the next request on."""
        return await api.ask(
            SetProviderKey(
                key=api.new_key(idempotency_key),
                provider=provider,
                secret=data.secret,
                replace=data.replace,
            )
        )

    @delete("/{provider:str}/key", status_code=HTTP_200_OK, summary="Remove a provider's key")
    async def remove_key(
        self, api: ApiDep, provider: FromPath[str], idempotency_key: Key = None
    ) -> ProviderConnection:
        """Remove the stored key of a provider."""
        return await api.ask(RemoveProviderKey(key=api.new_key(idempotency_key), provider=provider))
