// A button with data-press is pressed by its keys: data-press="ArrowLeft 1".
import { writes } from "./palette";

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || writes(event.target) || document.querySelector("dialog[open], .menu[open], .rz-dialog")) return;
  // Enter on a link or button is its own.
  if (event.key === "Enter" && event.target instanceof Element && event.target.closest("a, button, summary")) return;
  const button = [...document.querySelectorAll<HTMLButtonElement>("button[data-press]")].find(each => each.dataset.press?.split(" ").includes(event.key));
  if (!button) return;
  event.preventDefault();
  // A key held down presses once.
  if (!event.repeat && !button.disabled) button.click();
});
