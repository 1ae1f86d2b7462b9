import { Resource } from "./resource.svelte.ts";
import type { CatalogDescription, EntitySpec } from "./types.ts";

export function specsResource() {
  return new Resource<CatalogDescription>(() => "/v1/catalog", { live: false, at: false });
}
export const specsOf = (answer: CatalogDescription | undefined): EntitySpec[] => answer?.items ?? [];
