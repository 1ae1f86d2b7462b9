// "build:px-100/firmware/1.4.2" or {kind, id} to words and, where there is one, a page.
import { url } from "./url.ts";

export type Subject = string | { kind: string; id: string };
const pages: Record<string, (id: string) => string> = {
  vulnerability: url.vulnerability,
  product: url.product,
  build: url.build,
  release: url.release,
  batch: url.batch,
  manufacturer: (id) => url.record("manufacturers", id),
  module: (id) => url.record("modules", id),
  hardware_revision: (id) => url.record("hardware-revisions", id),
  certificate: url.key,
  key: url.key,
  digest: url.key,
  device: (id) => {
    const [product = "", ...serial] = id.split("/");
    return url.device(product, serial.join("/"));
  },
};

export function subjectOf(subject: Subject): { text: string; filter: string; href: string | null } {
  if (typeof subject === "string") {
    const [kind = "", id] = subject.split(/:(.*)/s, 2);
    return id !== undefined && pages[kind] ? { text: `${kind} ${id}`, filter: subject, href: pages[kind](id) } : { text: subject, filter: subject, href: null };
  }
  return { text: `${subject.kind} ${subject.id}`, filter: subject.id, href: pages[subject.kind]?.(subject.id) ?? null };
}
