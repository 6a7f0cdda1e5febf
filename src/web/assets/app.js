// The frame of the page: sidebar, tabs, workspace and theme; it shows the view of the address.

import { html, render, useEffect, useErrorBoundary, useRef, useState } from "./vendor/preact.js";
import { useFleet } from "./fleet.js";
import { Icon } from "./parts/icon.js";
import { Empty, Failure, Loading } from "./parts/notice.js";
import { Tabs } from "./parts/tabs.js";
import { go, href, useRoute } from "./router.js";
import { useLoad } from "./use.js";
import { Dashboard } from "./views/dashboard.js";
import { Detail } from "./views/detail.js";
import { Journal } from "./views/journal.js";
import { Pipelines } from "./views/pipelines.js";

// The files beside this module; the server decides the name of their folder.
const MARK = new URL("icon.svg", import.meta.url).pathname;
const THEMES = [["", "System"], ["light", "Light"], ["dark", "Dark"]];

function ThemeSwitch() {
  const [theme, set] = useState(document.documentElement.dataset.theme ?? "");
  const change = (event) => {
    const { value } = event.target;
    set(value);
    if (value) {
      document.documentElement.dataset.theme = value;
    } else {
      delete document.documentElement.dataset.theme;
    }
    try {
      localStorage.setItem("tarn.theme", value);
    } catch {
      // The browser may forbid storage: the choice is lost when the page is closed.
    }
  };
  return html`<label class="side-field"><span>Theme</span>
    <select value=${theme} onChange=${change}>
      ${THEMES.map(([value, text]) => html`<option value=${value}>${text}</option>`)}
    </select></label>`;
}

/** The workspace of the address, or the server's default. */
function chosenProfile(session, query) {
  return query.profile ?? session?.profiles.find((p) => p.default)?.profile ?? "";
}

function WorkspaceSwitch({ session, query }) {
  const chosen = chosenProfile(session, query);
  const known = session.profiles.some((p) => p.profile === chosen);
  return html`<label class="side-field"><span>Workspace</span>
    <select value=${chosen} onChange=${(e) => go(["dashboard"], { profile: e.target.value })}>
      ${!known && html`<option value=${chosen}>${chosen || "default"}</option>`}
      ${session.profiles.map((p) => html`<option value=${p.profile} title=${p.host}>
        ${p.profile}${p.embedded ? " (embedded)" : ""}</option>`)}
    </select></label>`;
}

function Side({ session, route }) {
  const inJournal = route.parts[0] === "journal";
  return html`<header class="side">
    <a class="brand" href=${href(["dashboard"])}><img src=${MARK} alt="" />Tarn</a>
    <nav aria-label="Main">
      <p class="side-group" id="operations">Operations</p>
      <ul aria-labelledby="operations">
        <li><a href=${href(["dashboard"])} aria-current=${inJournal ? undefined : "page"}>
          <${Icon} name="pipelines" />Delta Live Tables</a></li>
        <li><a href=${href(["journal"])} aria-current=${inJournal ? "page" : undefined}>
          <${Icon} name="journal" />Journal</a></li>
      </ul>
    </nav>
    <div class="side-end">
      ${session && html`<${WorkspaceSwitch} session=${session} query=${route.query} />`}
      <${ThemeSwitch} />
      ${session && html`<p class="dim small-text">Tarn ${session.version}${
        session.read_only ? ", read only" : ""}</p>`}
    </div>
  </header>`;
}

function NotChosen() {
  return html`<h1>Detail</h1><${Empty}><p>No pipeline is chosen.</p>
    <p><a href=${href(["pipelines"])}>Choose one from the list</a></p></${Empty}>`;
}

function Tables({ session, route }) {
  const [view, id] = route.parts;
  const tab = view === "pipelines" && id || view === "detail" ? "detail" : view;
  const profile = chosenProfile(session, route.query);
  const fleet = useFleet(profile, tab !== "detail");
  // The third tab returns to the pipeline that was shown last.
  const [last, setLast] = useState();
  useEffect(() => {
    if (view === "pipelines" && id) {
      setLast({ parts: route.parts, profile });
    }
  }, [location.hash]);
  // The new view gets the focus of the view that is gone, so that keys work there.
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current && document.activeElement === document.body) {
      document.getElementById("panel").focus({ preventScroll: true });
    }
    begun.current = true;
  }, [tab, id]);
  const detail = last?.profile === profile ? href(last.parts) : href(["detail"]);
  const tabs = [["dashboard", "Dashboard", href(["dashboard"])],
    ["pipelines", "Pipelines", href(["pipelines"])], ["detail", "Detail", detail]];
  return html`
    <${Tabs} label="Delta Live Tables" tabs=${tabs} current=${tab} panel="panel" />
    <div role="tabpanel" id="panel" class="panel panel-${tab}" aria-labelledby="tab-${tab}"
        tabindex="-1">
      ${tab === "dashboard" && html`<${Dashboard} fleet=${fleet} />`}
      ${tab === "pipelines" && html`<${Pipelines} fleet=${fleet} query=${route.query} />`}
      ${tab === "detail" && (id
        ? html`<${Detail} key=${`${profile}/${id}`} id=${id} section=${route.parts[2]}
            query=${route.query} session=${session} profile=${profile} />`
        : html`<${NotChosen} />`)}
    </div>`;
}

const VIEWS = new Set(["dashboard", "pipelines", "detail", "journal"]);

function Main({ session, route }) {
  // Show an error of the page itself: an empty page would mean that there is no data.
  const [error, again] = useErrorBoundary();
  if (error) {
    return html`<${Failure} fault=${{ kind: "bug", message: `The page has a bug: ${error.message}`,
      hint: "Load the page again. If it comes back, the data of this view is what it stumbles over." }}
      again=${again} />`;
  }
  if (!VIEWS.has(route.parts[0])) {
    return html`<h1>Not found</h1><${Empty}><p>There is no view of this name.</p>
      <p><a href=${href(["dashboard"])}>Go to the dashboard</a></p></${Empty}>`;
  }
  return route.parts[0] === "journal"
    ? html`<${Journal} session=${session} id=${route.parts[1]} />`
    : html`<${Tables} session=${session} route=${route} />`;
}

function App() {
  const route = useRoute();
  const session = useLoad("session");
  const parts = route.parts.length > 0 ? route.parts : ["dashboard"];
  const here = { parts, query: route.query };
  return html`<div class="shell">
    <a class="skip" href="#main" onClick=${(e) => {
      e.preventDefault();
      document.getElementById("main").focus();
    }}>Skip to the content</a>
    <${Side} session=${session.data} route=${here} />
    <main id="main" class="main" tabindex="-1">
      ${session.fault && html`<${Failure} fault=${session.fault} what="Session"
        again=${session.again} />`}
      ${session.data ? html`<${Main} session=${session.data} route=${here} />`
        : !session.fault && html`<${Loading} what="the session" />`}
    </main>
  </div>`;
}

const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
