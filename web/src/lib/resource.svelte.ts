// One question to the server and where its answer stands: loading, ready or failed never look alike. An answer that
// is being refreshed stays on the screen; one that belongs to another question does not.
import { untrack } from "svelte";
import { ApiError, ask } from "./api.ts";
import { live } from "./live.svelte.ts";
import { router } from "./router.svelte.ts";
import { withQuery } from "./url.ts";

export class Resource<T> {
  data: T | undefined = $state.raw(undefined);
  error: ApiError | undefined = $state.raw(undefined);
  loading = $state(true);
  #asked = "";
  #abort: AbortController | undefined;
  #target: () => string | null;

  // `target` gives the path to ask, or null for "nothing to ask now". Called in a component's script.
  constructor(target: () => string | null, options: { live?: boolean; at?: boolean } = {}) {
    const { live: refreshes = true, at = true } = options;
    this.#target = () => {
      const path = target();
      return path && at ? withQuery(path, { at: router.at }) : path;
    };
    $effect(() => {
      const asks = this.#target();
      untrack(() => this.#load(asks));
      return () => this.#abort?.abort();
    });
    // The past does not change: an as-of page is not refreshed.
    $effect(() => {
      if (live.changes > 0 && refreshes && !untrack(() => router.at)) untrack(() => this.reload());
    });
  }

  reload = () => this.#load(this.#target());

  async #load(asks: string | null) {
    this.#abort?.abort();
    if (asks !== this.#asked) {
      this.data = undefined;
      this.error = undefined;
    }
    this.#asked = asks ?? "";
    if (!asks) {
      this.loading = false;
      return;
    }
    const abort = (this.#abort = new AbortController());
    this.loading = true;
    try {
      this.data = await ask<T>(asks, { signal: abort.signal });
      this.error = undefined;
    } catch (error) {
      if (abort.signal.aborted) return;
      this.error = error instanceof ApiError ? error : new ApiError({ title: "This page has an error", status: 0, detail: String(error) });
    }
    this.loading = false;
  }
}
