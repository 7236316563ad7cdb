// Alerts of quality, until somebody has read them.
import type { ReactNode } from "react";
import { dismiss, useQualityAlerts } from "../../store/alerts";
import { datasetHref } from "../../store/location";
import { number } from "../../values/format";
import { Button, Card, Tag } from "../parts/basic";
import { Link } from "../parts/link";
import css from "./data.module.css";

export function QualityAlerts(): ReactNode {
  const alerts = useQualityAlerts();
  if (alerts.length === 0) return null;
  return (
    <Card title="Look at these" label="Quality alerts" className={css["alerts"]}>
      <ul role="alert">
        {alerts.map((alert) => (
          <li key={alert.name}>
            <Tag tone={alert.severity === "error" ? "bad" : "warn"}>{alert.severity}</Tag>
            <Link href={datasetHref(alert.name, "quality")}>{alert.name}</Link>
            <span>{alert.message}</span>
            {alert.score !== null && <small>score {number(alert.score, 1)}</small>}
            <Button small aria-label={`Dismiss the alert of ${alert.name}`} onClick={() => dismiss(alert.name)}>Read</Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}
