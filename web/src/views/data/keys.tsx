// The key of a provider: typed once, sent once, shown never.
import { type FormEvent, type ReactNode, useState } from "react";
import type { Provider } from "../../api/types";
import { useRemoveKey, useSetKey } from "../../store/providers";
import { date } from "../../values/time";
import { Button, Tag, type Tone } from "../parts/basic";
import { TextField } from "../parts/field";
import { Failure } from "../parts/notice";
import css from "./data.module.css";

const STATES: Readonly<Record<string, readonly [Tone, string]>> = {
  missing: ["warn", "no key"],
  set: ["good", "key set"],
  environment: ["good", "key of the environment"],
  unreadable: ["bad", "key unreadable"],
};

export function KeyState({ provider: { key } }: { provider: Provider }): ReactNode {
  const [tone, label] = STATES[key.state] ?? ["plain", key.state];
  return (
    <div className={css["keyState"]}>
      <Tag tone={key.state === "missing" && !key.required ? "plain" : tone}>{label}</Tag>
      {key.masked && <code>{key.masked}</code>}
      <small>
        {key.set_at_ns > 0 && `set ${date(key.set_at_ns)}`}
        {key.rotated_at_ns > 0 && `, changed ${date(key.rotated_at_ns)}`}
        {key.state === "missing" && (key.required ? "nothing can be fetched without" : "works without, with one it gives more")}
      </small>
      {key.fault && <p className={css["fault"]}>{key.fault}</p>}
    </div>
  );
}

export function KeyForm({ provider, onDone }: { provider: Provider; onDone: () => void }): ReactNode {
  const set = useSetKey(provider.name);
  const remove = useRemoveKey(provider.name);
  const [secret, setSecret] = useState("");
  const [tried, setTried] = useState(false);
  const [removing, setRemoving] = useState(false);
  const there = provider.key.state !== "missing";
  const short = secret.trim().length < 4;
  const send = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (short || set.isPending) return;
    // Whatever comes of it, the key does not stay on the page.
    set.mutate({ secret: secret.trim(), replace: there }, { onSuccess: onDone, onSettled: () => { setSecret(""); setTried(false); } });
  };
  return (
    <form className={css["keyForm"]} aria-label={`Key of ${provider.name}`} onSubmit={send}>
      <TextField label={there ? "New key" : "Key"} type="password" value={secret} onChange={setSecret} hint="sealed on the server's disk, never shown again" error={tried && short ? "at least four characters" : undefined} />
      {set.isError && <Failure error={set.error} doing="store the key" context="data" />}
      {remove.isError && <Failure error={remove.error} doing="remove the key" context="data" />}
      <div className={css["buttons"]}>
        {there && !removing && <Button small onClick={() => setRemoving(true)}>Remove…</Button>}
        {removing && <Button small look="danger" disabled={remove.isPending} onClick={() => remove.mutate(undefined, { onSuccess: onDone })}>Remove it for good</Button>}
        <Button small onClick={onDone}>Leave it</Button>
        <Button small type="submit" look="primary" disabled={set.isPending}>{there ? "Replace" : "Store"}</Button>
      </div>
    </form>
  );
}
