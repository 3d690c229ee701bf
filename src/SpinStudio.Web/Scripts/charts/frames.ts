/** Milliseconds of drawing a frame: the rest of its 16 belongs to the page. */
const budget = 8;

/** Draws what has changed, each chart at most once a frame and no more charts than a frame has time for; those that had to wait come first in the next one. */
export class Frames {
  private readonly waiting = new Set<() => void>();
  private frame = 0;

  request(draw: () => void): void {
    this.waiting.add(draw);
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.run());
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
      this.waiting.delete(draw);
      draw();
      if (performance.now() - begun > budget) break;
    }
    if (this.waiting.size > 0 && this.frame === 0) this.frame = requestAnimationFrame(() => this.run());
  }
}
