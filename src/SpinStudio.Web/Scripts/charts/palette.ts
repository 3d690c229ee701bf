/** How a run that lies over another is drawn. */
export interface Look {
  colour: string;
  dash: number[];
}

/** Tokens --run-1 … --run-6, told apart with any colour vision by lightness and hue; with four dashes there are 24 looks. */
const colours = 6;
const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3]];

/** The same run has the same look on every page and machine: it follows from its id. Only where two would look alike the later one takes the next free look. */
export function looks(ids: readonly string[]): Map<string, Look> {
  const taken = new Set<number>();
  const chosen = new Map<string, Look>();
  for (const id of ids) {
    let place = hash(id) % (colours * dashes.length);
    while (taken.has(place)) place = (place + 1) % (colours * dashes.length);
    taken.add(place);
    chosen.set(id, { colour: `--run-${(place % colours) + 1}`, dash: dashes[Math.floor(place / colours)]! });
  }
  return chosen;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
