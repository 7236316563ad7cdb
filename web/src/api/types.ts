// Names for what the server sends. All come from the generated schema except where noted.
import type { components } from "./schema";

type Schemas = components["schemas"];

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

// What we send: fields with defaults may be left out (the schema marks them as always present,
// which holds for answers only).
export type BacktestRequest = Pick<Schemas["BacktestRequest"], "strategy" | "dataset"> &
  Partial<Schemas["BacktestRequest"]>;
export type SessionRequest = Pick<Schemas["SessionRequest"], "strategy" | "dataset"> &
  Partial<Schemas["SessionRequest"]>;

// An equity point as the screens keep it: a small array, there are thousands.
export type EquityPoint = readonly [tsNs: number, equity: number, position: number];
