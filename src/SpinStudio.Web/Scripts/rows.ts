// The list of a dataset's rows: j and k move in it, and the chosen row is kept in sight.

interface Page {
  invokeMethodAsync(method: "Move", by: number): Promise<void>;
}

class Rows {
  private moving = 0;
  private readonly press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.key !== "j" && event.key !== "k")) return;
    if (event.target instanceof HTMLElement && event.target.closest("input, textarea, select, [contenteditable]")) return;
    event.preventDefault();
    if (event.repeat && this.moving > 0) return; // a key held down must not run ahead of what is shown
    void this.move(event.key === "j" ? 1 : -1);
  };

  constructor(private readonly list: HTMLElement, private readonly page: Page) {
    document.addEventListener("keydown", this.press);
    list.dataset["keys"] = "j k";
  }

  /** Brings the row at a place of the list into sight; all rows have the same height. A new list needs some frames to know how long it is. */
  show(place: number, frames = 60): void {
    const height = this.list.querySelector(".line")?.getBoundingClientRect().height ?? 28;
    const top = place * height;
    if (top + height > this.list.scrollHeight && frames > 0) {
      requestAnimationFrame(() => this.show(place, frames - 1));
      return;
    }
    if (top < this.list.scrollTop || top + height > this.list.scrollTop + this.list.clientHeight) this.list.scrollTop = Math.max(0, top - this.list.clientHeight / 2);
  }

  dispose(): void {
    document.removeEventListener("keydown", this.press);
  }

  private async move(by: number): Promise<void> {
    this.moving++;
    try {
      await this.page.invokeMethodAsync("Move", by);
    } finally {
      this.moving--;
    }
  }
}

/** Called by the page. */
export function mount(list: HTMLElement, page: Page): Rows {
  return new Rows(list, page);
}
