// Names for what the server sends. All come from the generated schema except where noted.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Coverage = Schemas["Coverage"];
export type DayQuality = Schemas["DayQuality"];
export type Days = Schemas["QualityDays"];
export type Lineage = Schemas["Lineage"];
export type LineageNode = Schemas["LineageNode"];
export type Versions = Schemas["Versions"];
export type DatasetComparison = Schemas["DatasetComparison"];
export type DatasetDifference = Schemas["DatasetDifference"];
export type QuarantinePage = Schemas["QuarantinePage"];
export type Split = Schemas["SplitHead"];
export type SplitPlan = Schemas["SplitPlan"];
export type Fold = Schemas["Fold"];
export type SplitWish = Pick<Schemas["SplitWish"], "kind"> & Partial<Schemas["SplitWish"]>;
export type BarsWish = Partial<Schemas["BarsWish"]>;
export type SealWish = Pick<Schemas["SealWish"], "from_ts_ns" | "person"> & Partial<Schemas["SealWish"]>;
export type Vault = Schemas["VaultState"];
export type TrackedState = Schemas["TrackedState"];
export type Provider = Schemas["ProviderConnection"];
export type Instrument = Schemas["InstrumentDetails"];
export type Resolved = Schemas["ResolvedSymbol"];
export type KeptStream = Schemas["KeptStream"];
export type LiveBook = Schemas["LiveBook"];
export type StreamWish = Pick<Schemas["StreamWish"], "exchange" | "symbols"> & Partial<Schemas["StreamWish"]>;
export type Bars = Schemas["BarWindow"];
export type Dataset = Schemas["DatasetInfo"];
export type Quality = Schemas["QualityReport"];
export type IndicatorInfo = Schemas["IndicatorInfo"];
export type IndicatorWindow = Schemas["IndicatorWindow"];
export type Strategy = Schemas["StrategyInfo"];
export type Param = Schemas["ParamInfo"];
export type Run = Schemas["Run"];
export type RunSeries = Schemas["RunSeries"];
export type RunTrades = Schemas["RunTrades"];
export type Trade = Schemas["Trade"];
export type Comparison = Schemas["Comparison"];
export type Session = Schemas["Session"];
export type Order = Schemas["Order"];
export type Fill = Schemas["Fill"];
export type Position = Schemas["Position"];
export type Costs = Schemas["CostModel"];
export type FillRule = Schemas["FillRule"];
export type Service = Schemas["ServiceHealth"];
export type Services = Schemas["ServiceList"];
export type Account = Schemas["TradingAccount"];
export type AccountOrder = Schemas["AccountOrder"];
export type AccountFill = Schemas["AccountFill"];
export type AccountPosition = Schemas["AccountPosition"];
export type OrderState = Schemas["OrderState"];
export type OrderType = Schemas["OrderType"];
export type TimeInForce = Schemas["TimeInForce"];
export type OrderCheck = Schemas["OrderCheck"];
export type TradeStory = Schemas["TradeStory"];
export type RiskState = Schemas["RiskState"];
export type LimitUse = Schemas["LimitUse"];
export type LimitPreview = Schemas["LimitPreview"];
export type ControlCheck = Schemas["ControlCheck"];
export type Override = Schemas["Override"];
export type AccountStep = Schemas["AccountStep"];
export type PropState = Schemas["PropState"];
export type GateState = Schemas["GateState"];
export type Scope = Schemas["Scope"];
export type Decision = Schemas["RiskDecision"];
export type HeldSignal = Schemas["HeldSignal"];
export type SignalRoute = Schemas["SignalRoute"];
export type Readiness = Schemas["Readiness"];
export type Performance = Schemas["AccountPerformance"];

/** A level of a book: price, quantity, number of orders (0: not known). It travels as an array. */
export type DepthLevel = readonly [price: string, quantity: string, orders: number];
export type Depth = Omit<Schemas["BookDepth"], "bids" | "asks"> & {
  bids: readonly DepthLevel[];
  asks: readonly DepthLevel[];
};

// What we send: fields with defaults may be left out (the schema marks them as always present,
// which holds for answers only).
export type BacktestRequest = Pick<Schemas["BacktestRequest"], "strategy" | "dataset"> &
  Partial<Schemas["BacktestRequest"]>;
export type SessionRequest = Pick<Schemas["SessionRequest"], "strategy" | "dataset"> &
  Partial<Schemas["SessionRequest"]>;
export type OrderWish = Pick<Schemas["PlainOrder"], "symbol" | "side" | "quantity"> &
  Partial<Schemas["PlainOrder"]>;
export type AmendWish = Schemas["Amendment"];
export type AccountWish = Pick<Schemas["NewAccount"], "id"> & Partial<Schemas["NewAccount"]>;

export type TrackWish = Pick<Schemas["TrackedAsset"], "name" | "providers" | "symbol"> &
  Partial<Schemas["TrackedAsset"]>;

// An equity point as the screens keep it: a small array, there are thousands.
export type EquityPoint = readonly [tsNs: number, equity: number, position: number];
