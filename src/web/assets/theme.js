// Sets the theme before the first paint, to avoid a flash. A module would run too late.
(function () {
  "use strict";
  try {
    var theme = localStorage.getItem("tarn.theme");
    if (theme === "light" || theme === "dark") {
      document.documentElement.dataset.theme = theme;
    }
  } catch (e) {
    // The browser may forbid storage: use the theme of the system.
  }
}());
