// The one file that knows the chart library. It takes plain data and paints it: bars with volume
// in the first pane, lines over them or in panes of their own, markers at bars.
import {
  BaselineSeries,
  CandlestickSeries,
  ColorType,
  CrosshairMode,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineSeries,
  type LineWidth,
  type MouseEventParams,
  type SeriesMarker,
  type SeriesType,
  type Time,
  type UTCTimestamp,
  createChart,
  createSeriesMarkers,
  createTextWatermark,
} from "lightweight-charts";
import { number } from "../../values/format";
import { momentOf } from "../../values/time";
import { type Dated, feed } from "./chart_feed";
import type { ChartBar, Line, Look, Mark } from "./chart_types";

type Datum = Dated & { time: UTCTimestamp };
type VolumeDatum = Datum & { value: number; color: string };

const NEAR_START = 30;

function format(places: number): { type: "custom"; minMove: number; formatter: (value: number) => string } {
  return { type: "custom", minMove: 10 ** -places, formatter: (value) => number(value, places) };
}

interface Painted {
  line: Line;
  series: ISeriesApi<SeriesType>;
  data: Datum[];
}

export class MarketChart {
  private readonly chart: IChartApi;
  private readonly price: ISeriesApi<"Candlestick"> | null;
  private readonly volume: ISeriesApi<"Histogram"> | null;
  private readonly markers: ISeriesMarkersPluginApi<Time> | null;
  private bars: (ChartBar & Datum)[] = [];
  private volumes: VolumeDatum[] = [];
  private painted: Painted[] = [];
  private structure = "";

  /** `withBars` is false for charts of lines only, such as the equity of a run. */
  constructor(
    container: HTMLElement,
    private look: Look,
    withBars: boolean,
    onHover: (time: number | null) => void,
    onNearStart: () => void,
  ) {
    this.chart = createChart(container, {
      autoSize: true,
      // Named in the help instead: the logo brings an inline style, which our policy refuses.
      layout: { attributionLogo: false, fontSize: 11, panes: { enableResize: true } },
      crosshair: { mode: CrosshairMode.Magnet },
      timeScale: { rightOffset: 4, rightBarStaysOnScroll: true, minBarSpacing: 0.2, borderVisible: false },
      rightPriceScale: { borderVisible: false, minimumWidth: 78 },
    });
    this.price = withBars ? this.chart.addSeries(CandlestickSeries, { priceLineVisible: true }) : null;
    this.volume = withBars
      ? this.chart.addSeries(HistogramSeries, { priceScaleId: "volume", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false })
      : null;
    this.price?.priceScale().applyOptions({ scaleMargins: { top: 0.12, bottom: 0.2 } });
    this.volume?.priceScale().applyOptions({ scaleMargins: { top: 0.86, bottom: 0 } });
    this.markers = this.price ? createSeriesMarkers(this.price, []) : null;
    this.chart.subscribeCrosshairMove((event: MouseEventParams) =>
      onHover(typeof event.time === "number" ? event.time : null),
    );
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && range.from < NEAR_START && this.bars.length > 0) onNearStart();
    });
    this.setLook(look);
  }

  setLook(look: Look): void {
    this.look = look;
    const { palette, places } = look;
    this.chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: palette.surface },
        textColor: palette["ink-3"],
        panes: { separatorColor: palette.line, separatorHoverColor: palette["line-strong"] },
      },
      grid: { vertLines: { color: palette.line, style: 1 }, horzLines: { color: palette.line, style: 1 } },
      crosshair: {
        vertLine: { color: palette["ink-3"], labelBackgroundColor: palette["line-strong"] },
        horzLine: { color: palette["ink-3"], labelBackgroundColor: palette["line-strong"] },
      },
      localization: { timeFormatter: (time: Time) => `${momentOf(Number(time), look.daily)} UTC` },
      timeScale: { timeVisible: !look.daily, secondsVisible: false },
    });
    this.price?.applyOptions({
      upColor: palette["up-fill"], // rising bars are paler than falling ones, not only green
      borderUpColor: palette.up,
      wickUpColor: palette.up,
      downColor: palette.down,
      borderDownColor: palette.down,
      wickDownColor: palette.down,
      priceFormat: format(places),
    });
    const { bars, painted } = this;
    this.volumes = [];
    this.setBars(bars);
    this.structure = "";
    this.setLines(painted.map(({ line }) => line));
  }

  setBars(bars: readonly ChartBar[]): void {
    if (!this.price || !this.volume) return;
    const { palette } = this.look;
    const data = bars.map((bar) => ({ ...bar, time: bar.time as UTCTimestamp }));
    feed<ChartBar & Datum>(this.price, this.bars, data);
    const volumes = data.map(({ time, open, close, volume }) => ({
      time,
      value: volume,
      color: close >= open ? palette["up-soft"] : palette["down-soft"],
    }));
    feed<VolumeDatum>(this.volume, this.volumes, volumes);
    this.bars = data;
    this.volumes = volumes;
  }

  setLines(lines: readonly Line[]): void {
    const structure = lines.map((line) => `${line.key}|${line.pane}|${line.kind}|${line.colour}`).join("\n");
    if (structure !== this.structure) {
      for (const { series } of this.painted) this.chart.removeSeries(series);
      this.painted = this.build(lines);
      this.structure = structure;
    }
    this.painted = this.painted.map(({ series, data: before }, at) => {
      const line = lines[at];
      if (!line) throw new Error("lines and series disagree");
      const data = line.points.map(({ time, value }) =>
        value === null ? { time: time as UTCTimestamp } : { time: time as UTCTimestamp, value },
      );
      feed<Datum>(series, before, data);
      return { line, series, data };
    });
  }

  private build(lines: readonly Line[]): Painted[] {
    const panes = [...new Set(["", ...lines.map((line) => line.pane)])];
    const titled = new Set<string>();
    const painted = lines.map((line) => {
      const at = this.price ? panes.indexOf(line.pane) : Math.max(0, panes.indexOf(line.pane) - 1);
      const series = this.addLine(line, at);
      if (line.pane !== "" && !titled.has(line.pane)) {
        titled.add(line.pane);
        const title = { text: line.pane, color: this.look.palette["ink-3"], fontSize: 11, lineHeight: 20 };
        createTextWatermark(series.getPane(), { horzAlign: "left", vertAlign: "top", lines: [title] });
      }
      return { line, series, data: [] };
    });
    const names = this.price ? panes : panes.slice(1);
    this.chart.panes().forEach((pane, at) => {
      const name = names[at] ?? "";
      pane.setStretchFactor(name === "" ? 10 : (this.look.shares[name] ?? 3));
    });
    return painted;
  }

  private addLine(line: Line, pane: number): ISeriesApi<SeriesType> {
    const { palette } = this.look;
    const color = palette[line.colour];
    const shared = {
      priceLineVisible: false,
      lastValueVisible: line.pane !== "",
      lineWidth: (line.faint ? 1 : 2) as LineWidth,
      crosshairMarkerRadius: 3,
      priceFormat: format(line.places),
    };
    if (line.kind === "histogram") return this.chart.addSeries(HistogramSeries, { ...shared, color }, pane);
    if (line.kind === "line") return this.chart.addSeries(LineSeries, { ...shared, color }, pane);
    const [none, soft] = ["transparent", palette["down-soft"]];
    return this.chart.addSeries(
      BaselineSeries,
      { ...shared, lineWidth: 1, baseValue: { type: "price", price: 0 }, topLineColor: color, bottomLineColor: color, topFillColor1: none, topFillColor2: none, bottomFillColor1: soft, bottomFillColor2: soft },
      pane,
    );
  }

  setMarks(marks: readonly Mark[]): void {
    const { palette } = this.look;
    const shapes: Record<Mark["kind"], Omit<SeriesMarker<Time>, "time">> = {
      buy: { position: "belowBar", shape: "arrowUp", color: palette.up, size: 1.2 },
      sell: { position: "aboveBar", shape: "arrowDown", color: palette.down, size: 1.2 },
      "signal-up": { position: "belowBar", shape: "circle", color: palette.accent, size: 0.5 },
      "signal-down": { position: "aboveBar", shape: "circle", color: palette.accent, size: 0.5 },
      "signal-flat": { position: "aboveBar", shape: "square", color: palette["ink-3"], size: 0.5 },
    };
    // Both kinds of `shapes` entries place the marker relative to its bar, as the union demands.
    this.markers?.setMarkers(
      marks.map((mark) => ({ ...shapes[mark.kind], time: mark.time as UTCTimestamp }) as SeriesMarker<Time>),
    );
  }

  /** Show the last bars, as many as are readable, or everything where there are only lines. */
  showEnd(): void {
    const scale = this.chart.timeScale();
    if (!this.price) return scale.fitContent();
    const readable = Math.max(40, Math.floor(scale.width() / 7));
    scale.setVisibleLogicalRange({ from: this.bars.length - readable, to: this.bars.length + 3 });
  }

  destroy(): void {
    this.chart.remove();
  }
}
