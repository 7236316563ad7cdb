"""Judge bars by all rules there are: those of FKS and those of plugins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from fks.contexts.data.domain.imports import Imported
from fks.contexts.data.domain.quality import KeptBars, judged_again
from fks.contexts.data.domain.rules.built_in import BUILT_IN
from fks.contracts.data.quality import QualityRule
from fks.kernel.errors import Invalid

__all__ = ["rules_of", "with_rules"]


def rules_of(hook: Any) -> tuple[QualityRule, ...]:
    """Return the rules of all plugins, those of FKS first.

    Raises `Invalid` where two of them have one code.
    """
    there = [rule for rules in hook.fks_quality_rules() for rule in rules]
    own = {id(rule) for rule in BUILT_IN}
    found = (*BUILT_IN, *(rule for rule in there if id(rule) not in own))
    codes = [rule.code for rule in found]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise Invalid(
            f"two quality rules are named {twice[0][:40]!r}: give one another code",
            code="data.bad_rule",
        )
    return found


def with_rules(imported: Imported, rules: Sequence[QualityRule]) -> Imported:
    """Return an import judged by these rules, where they are more than those of FKS."""
    if tuple(rules) == BUILT_IN or imported.context is None:
        return imported
    bars = KeptBars(imported.cleaned.kept, imported.info.instrument)
    report = judged_again(imported.report, bars, imported.context, rules).report
    info = msgspec.structs.replace(imported.info, score=report.score)
    return imported._replace(info=info, report=report)
