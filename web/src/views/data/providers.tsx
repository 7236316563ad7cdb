// Where data come from: what each provider gives, how it has been, and its key.
import { type ReactNode, useState } from "react";
import type { Provider } from "../../api/types";
import { useProviders } from "../../store/providers";
import { count, duration, words } from "../../values/format";
import { Button, Card, Progress, Tag, type Tone } from "../parts/basic";
import { Loaded } from "../parts/notice";
import css from "./data.module.css";
import { KeyForm, KeyState } from "./keys";

export function ProvidersPart(): ReactNode {
  const query = useProviders();
  return (
    <Loaded query={query} doing="list the providers" context="data" height={420}>
      {(all) => {
        const remote = all.filter(({ state }) => state !== "local");
        const local = all.filter(({ state }) => state === "local");
        return (
          <div className={css["stack"]}>
            <ul className={css["providers"]} aria-label="Providers">
              {remote.map((one) => (
                <ProviderCard key={one.name} provider={one} />
              ))}
            </ul>
            <Card title="Without a network" aside="datasets made or brought in on this machine">
              <dl className={css["facts"]}>
                {local.map(({ name, summary }) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>{summary}</dd>
                  </div>
                ))}
              </dl>
            </Card>
          </div>
        );
      }}
    </Loaded>
  );
}

const STATES: Readonly<Record<string, readonly [Tone, string]>> = {
  idle: ["plain", "not asked yet"],
  working: ["good", "working"],
  failing: ["bad", "failing"],
  resting: ["warn", "resting"],
};

function ProviderCard({ provider }: { provider: Provider }): ReactNode {
  const [changing, setChanging] = useState(false);
  const [tone, label] = STATES[provider.state] ?? ["plain", provider.state];
  return (
    <li className={css["provider"]} data-testid={`provider-${provider.name}`} data-state={provider.state}>
      <header>
        <h2>{provider.name}</h2>
        <Tag tone={tone}>{label}</Tag>
      </header>
      <p className={css["quiet"]}>{provider.summary}</p>
      <ul className={css["gives"]} aria-label={`What ${provider.name} gives`}>
        {provider.gives.map(({ kind, timeframes }) => (
          <li key={kind} title={timeframes.join(" ")}>
            {kind}
            {timeframes.length > 0 && <small> {timeframes.length === 1 ? timeframes[0] : `${timeframes.length} timeframes`}</small>}
          </li>
        ))}
      </ul>
      {provider.weight_per_minute > 0 && (
        <div className={css["weight"]}>
          <Progress value={provider.used_weight / provider.weight_per_minute} label={`Of the limit of ${provider.name} used in the last minute`} />
          <small>
            {count(provider.used_weight)} of {count(provider.weight_per_minute)} a minute used
          </small>
        </div>
      )}
      <Since provider={provider} />
      {provider.key.state !== "not_needed" && (
        <footer>
          <KeyState provider={provider} />
          {provider.key.state !== "environment" && (
            <Button small aria-expanded={changing} aria-label={`Key of ${provider.name}…`} onClick={() => setChanging(!changing)}>
              {provider.key.state === "missing" ? "Set the key…" : "Change the key…"}
            </Button>
          )}
          {changing && <KeyForm provider={provider} onDone={() => setChanging(false)} />}
        </footer>
      )}
    </li>
  );
}

/** How it has been since the server started. */
function Since({ provider }: { provider: Provider }): ReactNode {
  if (provider.calls + provider.refused === 0) return null;
  const told = [
    `${count(provider.calls)} requests`,
    provider.retries > 0 && `${count(provider.retries)} tried again`,
    provider.refused > 0 && `${count(provider.refused)} refused here`,
    provider.waited_s >= 1 && `${duration(provider.waited_s)} waited for its limits`,
  ].filter(Boolean);
  return (
    <p className={css["quiet"]}>
      Since the start: {told.join(", ")}.
      {provider.quiet_s > 0 && ` Not asked for ${duration(provider.quiet_s)} more.`}
      {provider.error_code && ` Last: ${words(provider.error_code.split(".").at(-1) ?? "")}.`}
    </p>
  );
}
