// The pages behind the addresses.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, StrictMode } from "react";
import { asProblem } from "./api/problem";
import { usePath, useRoute } from "./store/location";
import { RunPage } from "./views/backtests/run";
import { BacktestsPage } from "./views/backtests/backtests";
import { ChartPage } from "./views/chart/chart";
import { ComparePage } from "./views/compare/compare";
import { DataPage } from "./views/data/data";
import { DatasetPage } from "./views/data/dataset";
import { Home } from "./views/home/home";
import { Card } from "./views/parts/basic";
import { Boundary } from "./views/parts/boundary";
import { Link } from "./views/parts/link";
import { Notice } from "./views/parts/notice";
import { PageHead } from "./views/parts/page";
import { Shell } from "./views/shell/shell";
import { StoryPage } from "./views/trade/story";
import { TradePage } from "./views/trade/trade";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // What may pass by itself is asked again; what is wrong stays wrong.
      retry: (failures, error) => asProblem(error).passing && failures < 2,
      retryDelay: (attempt) => Math.min(8_000, 500 * 2 ** attempt),
      // A context that was not running is asked for again, so that the page goes on by itself.
      refetchInterval: (query) => (query.state.error && asProblem(query.state.error).passing ? 5_000 : false),
    },
  },
});

function Page(): ReactNode {
  const path = usePath();
  const route = useRoute();
  switch (route.page) {
    case "home":
      return <Home />;
    case "chart":
      return <ChartPage />;
    case "backtests":
      return <BacktestsPage />;
    case "run":
      return <RunPage key={route.id} id={route.id} />;
    case "compare":
      return <ComparePage />;
    case "trade":
      return <TradePage part={route.part} />;
    case "story":
      return <StoryPage key={route.id} id={route.id} />;
    case "data":
      return <DataPage part={route.part} />;
    case "dataset":
      return <DatasetPage key={route.name} name={route.name} part={route.part} />;
    default:
      return (
        <>
          <PageHead title="No such page" />
          <Card>
            <Notice title={`Nothing is at ${path}`}>
              <Link href="/">Go home</Link>
            </Notice>
          </Card>
        </>
      );
  }
}

export function App(): ReactNode {
  const path = usePath();
  const route = useRoute();
  return (
    <StrictMode>
      <QueryClientProvider client={queries}>
        <Shell>
          <Boundary key={"part" in route ? `${route.page} ${route.part}` : `${route.page} ${path}`}>
            <Page />
          </Boundary>
        </Shell>
      </QueryClientProvider>
    </StrictMode>
  );
}
