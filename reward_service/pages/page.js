// A link into a closed `details` opens it; without the script it only leads to its summary.
"use strict";
function show() {
  const place = document.getElementById(location.hash.slice(1));
  if (!place) return;
  for (let each = place; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  place.scrollIntoView();
}
addEventListener("hashchange", show);
show();
