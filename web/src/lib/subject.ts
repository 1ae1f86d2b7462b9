// How evidence names things ("build:px-100/firmware/1.4.2"), and the pages about them.
import { url } from "./url.ts";

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
  // Of what units hold by its fingerprint, of the register by its name.
  key: (id) => (/^[0-9a-f]{64}$/.test(id) ? url.key(id) : url.signingKey(id)),
  request: url.signingRequest,
  device: (id) => {
    const [product = "", ...serial] = id.split("/");
    return url.device(product, serial.join("/"));
  },
};

export function subjectPage(subject: string): string | null {
  const [kind = "", id] = subject.split(/:(.*)/s, 2);
  return id !== undefined ? (pages[kind]?.(id) ?? null) : null;
}
