// The form that opens an account: where its orders go, with what balance, under which limits.
import { type ReactNode, useState } from "react";
import type { AccountWish } from "../../api/types";
import { useOpenAccount } from "../../store/accounts";
import { type AccountFields, NEW_ACCOUNT, accountErrors, accountWish } from "../../values/account_form";
import { Button } from "../parts/basic";
import { SelectField, TextField } from "../parts/field";
import { Failure } from "../parts/notice";
import css from "./trade.module.css";

const MODES = [
  { value: "paper", label: "Paper: live prices, simulated fills" },
  { value: "simulated", label: "Simulated" },
  { value: "live", label: "LIVE: a venue with money" },
];
const VENUES = ["paper", "simulated", "internal", "binance_spot", "binance_usdm", "ccxt", "fix44", "ninja"];

export function AccountForm({ onOpened }: { onOpened: (id: string) => void }): ReactNode {
  const open = useOpenAccount();
  const [form, setForm] = useState<AccountFields>(NEW_ACCOUNT);
  const [tried, setTried] = useState(false);
  const errors = tried ? accountErrors(form) : {};
  const change = (changes: Partial<AccountFields>): void => setForm({ ...form, ...changes });
  const send = (): void => {
    setTried(true);
    if (Object.keys(accountErrors(form)).length > 0) return;
    const wish: AccountWish = accountWish(form);
    open.mutate(wish, { onSuccess: ({ id }) => onOpened(id) });
  };
  return (
    <form className={css["open"]} aria-label="Open an account" onSubmit={(event) => { event.preventDefault(); send(); }}>
      <div className={css["openGrid"]}>
        <TextField label="Id" value={form.id} error={errors.id} hint="letters, digits, _ . -" onChange={(id) => change({ id: id.trim() })} />
        <TextField label="Name" value={form.name} onChange={(name) => change({ name })} hint="for people; may be empty" />
        <SelectField label="Mode" value={form.mode} options={MODES} onChange={(mode) => change({ mode: mode === "live" || mode === "simulated" ? mode : "paper", venue: mode === "paper" ? "paper" : mode === "simulated" ? "simulated" : "binance_spot" })} />
        <TextField label="Venue" value={form.venue} choices={VENUES} error={errors.venue} onChange={(venue) => change({ venue: venue.trim() })} />
        <TextField label="Balance" numeric value={form.balance} error={errors.balance} onChange={(balance) => change({ balance: balance.trim() })} />
        <TextField label="Currency" value={form.currency} error={errors.currency} onChange={(currency) => change({ currency: currency.trim().toUpperCase() })} />
      </div>
      <div className={css["area"]}>
        <label htmlFor="account-limits">Limits that differ from the hard rules</label>
        <textarea
          id="account-limits"
          rows={4}
          value={form.limits}
          spellCheck={false}
          aria-invalid={errors.limits ? true : undefined}
          aria-describedby="account-limits-note"
          placeholder={"max_order_quantity = 50\nstop_required = none"}
          onChange={(event) => change({ limits: event.target.value })}
        />
        <span id="account-limits-note" data-error={errors.limits !== undefined} aria-live="polite">
          {errors.limits ?? "one a line, name = value; none waives it. The names stand in the reference of limits."}
        </span>
      </div>
      {open.isError && <Failure error={open.error} doing="open the account" context="execution" />}
      <div className={css["buttons"]}>
        <Button type="submit" look="primary" disabled={open.isPending}>{open.isPending ? "Opening…" : "Open the account"}</Button>
      </div>
    </form>
  );
}
