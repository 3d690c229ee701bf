// A few lines instead of a framework.

type Child = Node | string | null | undefined;

/** An element with attributes and children; a null attribute is left out. */
export function el<K extends keyof HTMLElementTagNameMap>(name: K, attributes: Record<string, string | null> = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(key, value);
  element.append(...children.filter((child): child is Node | string => child !== null && child !== undefined));
  return element;
}

/** The colour that a token has now, in the theme in use. */
export function colour(token: string, within: Element): string {
  const probe = el("span", { hidden: "" });
  probe.style.color = `var(${token})`;
  within.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** The same colour, partly transparent. */
export function faded(value: string, share: number): string {
  return `color-mix(in srgb, ${value} ${Math.round(share * 100)}%, transparent)`;
}

/** Calls back when the page changes between light and dark; returns how to stop that. */
export function onTheme(callback: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  document.addEventListener("themechange", callback);
  system.addEventListener("change", callback);
  return () => {
    document.removeEventListener("themechange", callback);
    system.removeEventListener("change", callback);
  };
}
