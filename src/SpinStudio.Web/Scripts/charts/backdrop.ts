import type uPlot from "uplot";
import { faded } from "../shared/dom";
import type { Panel } from "./panels";
import type { Metrics } from "./series";
import type { View } from "./view";

/** Room at the right in CSS pixels. A mark's name stands there, beside its line: nothing else is ever drawn in that place. */
export function gutter(panel: Panel): number {
  return panel.mark?.label ? 12 + 6.5 * panel.mark.label.length : 12;
}

/** Below the curves: where iterations begin (their names in a strip above the curves), and the marked value. */
export function backdrop(plot: uPlot, panel: Panel, ink: string, metrics: Metrics, view: View): void {
  const context = plot.ctx;
  const { left, top, width, height } = plot.bbox;
  const pixel = devicePixelRatio;
  context.save();
  context.strokeStyle = faded(ink, 0.55);
  context.fillStyle = ink;
  context.lineWidth = pixel;
  context.font = `${11 * pixel}px "Inter Variable", system-ui, sans-serif`;
  context.textAlign = "left";
  context.setLineDash([2 * pixel, 4 * pixel]);
  let free = left;
  for (const [iteration, at] of begins(metrics, view)) {
    const x = plot.valToPos(at, "x", true);
    if (x < left - 1 || x > left + width) continue;
    if (iteration > 0) line(context, x, top, x, top + height);
    const name = `it. ${iteration}`;
    if (x < free || x + context.measureText(name).width > left + width) continue;
    context.textBaseline = "bottom";
    context.fillText(name, x, top - 3 * pixel);
    free = x + context.measureText(name).width + 8 * pixel;
  }

  const mark = panel.mark;
  const y = mark ? plot.valToPos(mark.value, "y", true) : NaN;
  if (mark && y >= top && y <= top + height) {
    context.setLineDash([6 * pixel, 4 * pixel]);
    line(context, left, y, left + width, y);
    context.textBaseline = "middle";
    context.fillText(mark.label, left + width + 4 * pixel, y);
  }
  context.restore();
}

/** Iterations and where they begin on the axis; none while there is only one. */
function begins(metrics: Metrics, view: View): [number, number][] {
  const points = metrics.get("loss");
  if (!points || metrics.starts.size < 2) return [];
  const xs = metrics.x(points, view.axis);
  return [...metrics.starts].sort((a, b) => a[0] - b[0]).flatMap(([iteration, step]): [number, number][] => {
    const index = points.step.findIndex(one => one >= step);
    return index < 0 ? [] : [[iteration, xs[index] ?? 0]];
  });
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}
