import { ApiError, ask, useSession, whenUnauthenticated } from "./api.ts";
import { live } from "./live.svelte.ts";
import { router } from "./router.svelte.ts";
import type { PermissionName, Session, SignIn } from "./types.ts";
import { safeNext, withQuery } from "./url.ts";

class SessionStore {
  current: Session | null = $state.raw(null);
  known = $state(false); // whether we have asked
  error: ApiError | undefined = $state.raw(undefined);

  start() {
    whenUnauthenticated(() => this.#set(null));
    return this.check();
  }

  async check() {
    this.error = undefined;
    try {
      this.#set(await ask<Session>("/v1/session"));
    } catch (error) {
      if (error instanceof ApiError && error.status !== 401) this.error = error;
      this.#set(null);
    }
    this.known = true;
  }

  async signIn(user: string, password: string) {
    this.#set(await ask<Session>("/v1/session", { method: "POST", body: { name: user, password } satisfies SignIn }));
    router.go(safeNext(router.query.get("next")), { replace: true });
  }

  async signOut() {
    try {
      await ask("/v1/session", { method: "DELETE" });
    } finally {
      this.#set(null);
    }
  }

  may(permission: PermissionName) {
    return this.current?.permissions.includes(permission) ?? false;
  }

  #set(session: Session | null) {
    this.current = session;
    useSession(session);
    if (session) live.start();
    else {
      live.stop();
      if (this.error || router.path === "/login" || router.path === "/setup") return;
      router.go(withQuery("/login", { next: router.path === "/" && !router.search ? null : router.path + router.search }), { replace: true });
    }
  }
}

export const session = new SessionStore();
