// Set the theme before the first paint, so that nobody who chose light sees a dark flash.
(function () {
  var chosen = "dark";
  try {
    chosen = localStorage.getItem("fks.theme") || "dark";
  } catch (error) {
    chosen = "dark"; // storage is switched off: the default stands
  }
  var light = chosen === "light" || (chosen === "system" && matchMedia("(prefers-color-scheme: light)").matches);
  document.documentElement.dataset.theme = light ? "light" : "dark";
})();
