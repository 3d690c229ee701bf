// Frames that scroll together: inside [data-together], each frame stands as far down, in parts of its own length, as the one that is scrolled.

let leader: Element | null = null;
let release = 0;

document.addEventListener("scroll", event => {
  const frame = event.target;
  if (!(frame instanceof HTMLElement) || !frame.matches("[data-together] [data-frame]") || (leader !== null && leader !== frame)) return;
  leader = frame;
  clearTimeout(release);
  release = setTimeout(() => (leader = null), 120);
  const part = frame.scrollTop / Math.max(1, frame.scrollHeight - frame.clientHeight);
  for (const other of frame.closest("[data-together]")?.querySelectorAll("[data-frame]") ?? [])
    if (other !== frame) other.scrollTop = part * (other.scrollHeight - other.clientHeight);
}, { capture: true, passive: true });

export {};
