// The page: which view is shown, by the address's fragment.

import { AnswerView } from "./answer.js";
import { Api } from "./api.js";
import { byId } from "./dom.js";
import { FileView } from "./file.js";
import { askForKey } from "./key.js";
import { ReviewsView } from "./reviews.js";
import { Server } from "./server.js";

const api = new Api(askForKey);
const server = new Server(api);
const answer = new AnswerView(api, server);
const openInAnswer = (texts) => {
  location.hash = "#/answer";
  answer.open(texts);
};
const views = {
  answer: { title: "Answer", show: () => {} },
  file: new FileView(api, server, openInAnswer),
  reviews: new ReviewsView(api, server),
};

let shown = null;

function route() {
  const [name, ...rest] = location.hash.replace(/^#\//, "").split("/");
  const view = Object.hasOwn(views, name) ? name : "answer";
  for (const each of Object.keys(views)) byId(`view-${each}`).hidden = each !== view;
  for (const link of document.querySelectorAll("nav [data-view]")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  document.title = `${views[view].title} – Touchstone`;
  const moved = shown !== null && shown !== view;
  shown = view;
  views[view].show(decoded(rest.join("/")));
  if (moved) {
    scrollTo(0, 0);
    byId(`${view}-title`).focus({ preventScroll: true });
  }
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

addEventListener("hashchange", route);
// The skip link leads past the head of the page, not to another view.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
api.onKey = () => server.watch();
route();
server.watch();
