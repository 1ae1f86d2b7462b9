// Joins the URL to the screen. Every state that a person can reach has a URL, and Back works.
import { tick } from "svelte";
import { matchRoute, withQuery, type Match, type Query } from "./url.ts";

class Router {
  path = $state(location.pathname);
  search = $state(location.search);
  hash = $state(location.hash);
  visit = $state(0); // counts navigations to another page: pages are made anew, focus goes to the heading

  query = $derived(new URLSearchParams(this.search));
  at = $derived(this.query.get("at"));
  match: Match | null = $derived(matchRoute(this.path));

  start() {
    addEventListener("popstate", () => this.#read());
    addEventListener("hashchange", () => this.#read());
    // Ordinary links stay ordinary: the browser handles modified clicks, downloads and the API's own paths.
    document.addEventListener("click", (event) => {
      if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const link = event.target instanceof Element ? event.target.closest("a") : null;
      if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
      if (link.pathname === location.pathname && link.search === location.search && link.hash) return;
      if (!matchRoute(link.pathname)) return;
      event.preventDefault();
      this.go(link.pathname + link.search + link.hash);
    });
  }

  // The target with the as-of instant of this page: in the past, everything is in the past.
  href(target: string, change: Query = {}): string {
    return withQuery(target, { at: this.at, ...change });
  }

  go(target: string, options: { replace?: boolean } = {}) {
    history[options.replace ? "replaceState" : "pushState"](null, "", target);
    this.#read();
    if (this.hash) void this.#scroll();
  }

  // Changes query parameters of this page.
  set(change: Query, options: { replace?: boolean; hash?: string } = {}) {
    this.go(withQuery(this.path + this.search + (options.hash ? `#${options.hash}` : this.hash), change), options);
  }

  #read() {
    if (location.pathname !== this.path) {
      this.visit++;
      if (!location.hash) scrollTo(0, 0);
    }
    this.path = location.pathname;
    this.search = location.search;
    this.hash = location.hash;
  }

  async #scroll() {
    await tick();
    document.getElementById(decodeURIComponent(this.hash.slice(1)))?.scrollIntoView();
  }
}

export const router = new Router();
