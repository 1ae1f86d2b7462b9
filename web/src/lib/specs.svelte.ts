import { Resource } from "./resource.svelte.ts";
import type { EntitySpec } from "./types.ts";

// The server may wrap the list as every list; both forms are read.
export function specsResource() {
  return new Resource<{ items: EntitySpec[] } | EntitySpec[]>(() => "/v1/catalog", { live: false, at: false });
}
export const specsOf = (answer: { items: EntitySpec[] } | EntitySpec[] | undefined): EntitySpec[] => (Array.isArray(answer) ? answer : (answer?.items ?? []));
