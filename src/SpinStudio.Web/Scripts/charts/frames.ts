/** Milliseconds of drawing a frame: the rest of its 16 belongs to the page. */
const budget = 8;

/** Milliseconds between two drawings of the same chart: more often than this nobody sees. */
const pause = 100;

/**
 * Draws what has changed: each chart some times a second, and in one frame no more charts than it has time for; those that had to wait come first in the next one.
 */
export class Frames {
  private readonly waiting = new Set<() => void>();
  private readonly drawnAt = new Map<() => void, number>();
  private frame = 0;

  request(draw: () => void): void {
    this.waiting.add(draw);
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.run());
  }

  /** Without a pause: somebody changed how it is drawn and waits for it. */
  now(draw: () => void): void {
    this.drawnAt.delete(draw);
    this.request(draw);
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.waiting.clear();
  }

  private run(): void {
    const begun = performance.now();
    this.frame = 0;
    for (const draw of [...this.waiting]) {
      if (begun - (this.drawnAt.get(draw) ?? -pause) < pause) continue;
      this.waiting.delete(draw);
      draw();
      this.drawnAt.set(draw, begun);
      if (performance.now() - begun > budget) break;
    }
    if (this.waiting.size > 0 && this.frame === 0) this.frame = requestAnimationFrame(() => this.run());
  }
}
