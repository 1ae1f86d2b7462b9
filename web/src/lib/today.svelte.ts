// What must be done now: asked once for the whole shell (clock bar) and the Today page, again when the server says so.
import { getContext, setContext } from "svelte";
import { now } from "./now.svelte.ts";
import { Resource } from "./resource.svelte.ts";
import type { Today } from "./types.ts";

const key = Symbol("today");

export function provideToday(wanted: () => boolean): Resource<Today> {
  const resource = new Resource<Today>(() => (wanted() ? "/v1/today" : null));
  $effect(() => {
    if (resource.data) now.set(resource.data.now);
  });
  return setContext(key, resource);
}

export const useToday = () => getContext<Resource<Today>>(key);
