"""The bounded contexts that FKS ships, each loaded as a plugin without privileges.

`BUILTIN` lists the plugin modules in the order a reader meets them; the host sorts them by
their manifests, so the order here means nothing at run time.
"""

BUILTIN: tuple[str, ...] = (
    "fks.contexts.data.plugin",
    "fks.contexts.transformer.plugin",
    "fks.contexts.engine.plugin",
    "fks.contexts.execution.plugin",
    "fks.contexts.api.plugin",
    "fks.contexts.web.plugin",
    "fks.contexts.master.plugin",
)
