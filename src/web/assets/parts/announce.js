// Announces changes to screen readers. The element is in index.html, because a live region must
// exist before its text.

export function announce(text) {
  const region = document.getElementById("announcer");
  region.textContent = "";
  // Clear it first, so that a repeated text is announced again.
  requestAnimationFrame(() => { region.textContent = text; });
}
