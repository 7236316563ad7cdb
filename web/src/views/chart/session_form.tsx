// Start a paper session.
import { type ReactNode, useState } from "react";
import { useStartSession } from "../../store/execution";
import { EMPTY, type TradeForm, sessionRequest } from "../../values/trade_form";
import { Button } from "../parts/basic";
import { Dialog } from "../parts/dialog";
import { FieldGroup, TextField } from "../parts/field";
import { Failure } from "../parts/notice";
import { TradeFields, WithChoices, settled } from "../parts/trade_fields";
import css from "./chart.module.css";
import { show } from "./source";

interface Props {
  dataset: string;
  /** A form to begin with: that of an earlier session. */
  start: TradeForm | null;
  onClose: () => void;
}

export function SessionForm({ dataset, start, onClose }: Props): ReactNode {
  const [typed, setTyped] = useState<TradeForm>(() => start ?? { ...EMPTY, dataset });
  const [tried, setTried] = useState(false);
  const starting = useStartSession();
  return (
    <Dialog title="Start a paper session" onClose={onClose} className={css["dialog"]}>
      <WithChoices>
        {(choices) => {
          const form = settled(typed, choices);
          const params = choices.strategies.find(({ name }) => name === form.strategy)?.params ?? [];
          const checked = sessionRequest(form, params);
          const submit = (): void => {
            setTried(true);
            if (!checked.ok || starting.isPending) return;
            starting.mutate(checked.request, {
              onSuccess: (session) => {
                onClose();
                show({ kind: "session", id: session.id });
              },
            });
          };
          const speed = (
            <FieldGroup title="Replay">
              <TextField label="Last bars" numeric value={form.lastBars} error={checked.errors["lastBars"]} hint="empty: all of them" onChange={(lastBars) => setTyped({ ...form, lastBars })} />
              <TextField label="Bars a second" numeric value={form.barsPerSecond} error={checked.errors["barsPerSecond"]} hint="0: as fast as it goes" onChange={(barsPerSecond) => setTyped({ ...form, barsPerSecond })} />
            </FieldGroup>
          );
          return (
            <form className={css["form"]} onSubmit={(event) => { event.preventDefault(); submit(); }}>
              <TradeFields form={form} errors={checked.errors} onChange={setTyped} extra={speed} {...choices} />
              {starting.isError && <Failure error={starting.error} doing="start the session" context="execution" />}
              {tried && !checked.ok && <p role="alert">Some fields need another look.</p>}
              <div className={css["formFoot"]}>
                <Button onClick={onClose}>Cancel</Button>
                <Button look="primary" type="submit" disabled={starting.isPending}>
                  {starting.isPending ? "Starting…" : "Start"}
                </Button>
              </div>
            </form>
          );
        }}
      </WithChoices>
    </Dialog>
  );
}
