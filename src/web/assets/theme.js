// Runs before the first paint, so that a chosen theme does not flash. Not a module: those wait.
(function () {
  "use strict";
  try {
    var theme = localStorage.getItem("tarn.theme");
    if (theme === "light" || theme === "dark") {
      document.documentElement.dataset.theme = theme;
    }
  } catch (e) {
    // Storage may be forbidden: the system's theme it is.
  }
}());
