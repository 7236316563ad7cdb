"""Providers that need no network: synthetic bars, and the samples of the package."""

from __future__ import annotations

from fks.contexts.data.adapters.synthetic import SyntheticSettings
from fks.contracts.data import ProviderSpec

__all__ = ["LOCAL"]

LOCAL = (
    ProviderSpec(
        name="synthetic",
        summary="Seeded random walk, always labelled synthetic",
        factory="fks.contexts.data.adapters.synthetic:SyntheticProvider",
        synthetic=True,
        settings=SyntheticSettings,
    ),
    ProviderSpec(
        name="sample",
        summary="The samples of the package: S&P 500 and NASDAQ, daily, 1999 to 2018",
        factory="fks.contexts.data.service.samples:SampleProvider",
    ),
)
