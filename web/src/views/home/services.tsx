// The health of every context, wherever it runs.
import type { ReactNode } from "react";
import type { Service } from "../../api/types";
import { useServices } from "../../store/services";
import { duration } from "../../values/format";
import { Card, Skeleton, StatusTag } from "../parts/basic";
import { Failure } from "../parts/notice";
import css from "./home.module.css";

const PLACES = ["a", "b", "c", "d", "e", "f", "g"];

export function ServiceCards(): ReactNode {
  const query = useServices();
  if (query.isError && query.data === undefined) {
    return (
      <Card label="Contexts">
        <Failure error={query.error} doing="learn how the contexts are" context="master" retry={() => void query.refetch()} />
      </Card>
    );
  }
  return (
    <section aria-label="Contexts" className={css["services"]} aria-busy={query.data === undefined}>
      {query.data === undefined
        ? PLACES.map((place) => <div key={place} className={css["service"]}><Skeleton height={88} /></div>)
        : query.data.services.map((service) => (
            <ServiceCard key={`${service.id} ${service.process}`} service={service} stale={query.isError} />
          ))}
    </section>
  );
}

function message(service: Service): string {
  if (service.message) return service.message;
  if (service.status === "healthy") return "all checks pass";
  return service.status === "unknown" ? "has not reported yet" : "no reason given";
}

function ServiceCard({ service, stale }: { service: Service; stale: boolean }): ReactNode {
  const status = stale ? "unknown" : service.status;
  const checks = service.checks.map(([name, state, said]) => `${name}: ${state}${said ? `, ${said}` : ""}`);
  return (
    <article className={css["service"]} data-status={status} data-testid={`service-${service.id}`} title={checks.join("\n")}>
      <header className={css["serviceHead"]}>
        <h2>{service.id}</h2>
        <StatusTag status={status} />
      </header>
      <p className={css["message"]} title={message(service)}>
        {stale ? "the server cannot be reached" : message(service)}
      </p>
      <p className={css["facts"]}>
        <span title="How long its checks took">checks {duration(service.latency_ms / 1000)}</span>
        <span title="When its process last reported">heard {duration(service.age_s)} ago</span>
        {service.process && <span title={`Version ${service.version}, up ${duration(service.uptime_s)}`}>in {service.process}</span>}
      </p>
    </article>
  );
}
