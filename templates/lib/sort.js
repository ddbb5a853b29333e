// Makes the marked tables sortable by their headers, and takes out of the way of
// the keyboard what need not scroll. Without it the page holds everything, in
// the order of the report.
(function () {
  "use strict";
  var said = document.createElement("p");
  said.className = "unseen";
  said.setAttribute("role", "status");
  document.querySelector("main").appendChild(said);

  function key(row, column, kind) {
    var cell = row.cells[column];
    if (kind === "text") { return cell.textContent; }
    return cell.hasAttribute("data-key") ? Number(cell.getAttribute("data-key")) : null;
  }

  // What has no number stands last in either direction; equals keep their order.
  function sorted(rows, column, kind, sign) {
    return rows.slice().sort(function (one, other) {
      var a = key(one, column, kind);
      var b = key(other, column, kind);
      if (a === null || b === null) { return (a === null) - (b === null); }
      if (kind === "text") { return sign * a.localeCompare(b, "en", { numeric: true }); }
      return sign * (a - b);
    });
  }

  document.querySelectorAll("table[data-sortable]").forEach(function (table) {
    var body = table.tBodies[0];
    var rows = Array.from(body.rows);
    var heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach(function (head, column) {
      var kind = head.getAttribute("data-sort");
      if (!kind) { return; }
      var words = head.textContent;
      var button = document.createElement("button");
      button.type = "button";
      button.append.apply(button, Array.from(head.childNodes));
      head.append(button);
      button.addEventListener("click", function () {
        var before = head.getAttribute("aria-sort");
        var after = before === "ascending" ? "descending" : before === "descending" ? null : "ascending";
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        if (after) { head.setAttribute("aria-sort", after); }
        var sign = after === "descending" ? -1 : 1;
        body.append.apply(body, after ? sorted(rows, column, kind, sign) : rows);
        said.textContent = after ? "Sorted by " + words + ", " + after : "In the order of the report";
      });
    });
  });

  function fit() {
    document.querySelectorAll(".scroll").forEach(function (box) {
      if (box.scrollWidth > box.clientWidth) { box.tabIndex = 0; } else { box.removeAttribute("tabindex"); }
    });
  }
  fit();
  window.addEventListener("resize", fit);
}());
