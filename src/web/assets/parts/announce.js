// What a screen reader says aloud about a change that it would not notice. The element is in
// index.html: a live region must be there before its text.

export function announce(text) {
  const region = document.getElementById("announcer");
  region.textContent = "";
  // Emptied first, so that the same words are said again.
  requestAnimationFrame(() => { region.textContent = text; });
}
