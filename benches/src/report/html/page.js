const filter = document.getElementById("filter");
filter.addEventListener("input", () => {
  for (const element of document.querySelectorAll("[data-group]")) {
    element.hidden = !element.dataset.group.includes(filter.value);
  }
});
