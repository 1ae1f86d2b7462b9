// The server's events. `changes` counts reasons to ask again; bursts count once, and a hidden page waits until it is
// looked at.
class Live {
  changes = $state(0);
  state: "connecting" | "live" | "offline" = $state("connecting");
  ledgerSize: number | null = $state(null);
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #missed = false;

  start() {
    if (this.#source) return;
    this.#source = new EventSource("/v1/events");
    this.#source.addEventListener("open", () => {
      if (this.state === "offline") this.#changed(); // what happened meanwhile was not told
      this.state = "live";
    });
    this.#source.addEventListener("error", () => {
      this.state = "offline";
      // CLOSED means that the browser gave up (an answer other than 200): try again ourselves, slowly.
      if (this.#source?.readyState === EventSource.CLOSED) {
        this.stop();
        this.state = "offline";
        setTimeout(() => this.start(), 15_000);
      }
    });
    this.#source.addEventListener("today", () => this.#changed());
    this.#source.addEventListener("ledger", (event) => {
      try {
        const size = (JSON.parse((event as MessageEvent<string>).data) as { size?: number }).size;
        if (typeof size === "number") this.ledgerSize = size;
      } catch {
        return; // an event that cannot be read tells nothing
      }
      this.#changed();
    });
    document.addEventListener("visibilitychange", this.#seen);
  }

  stop() {
    this.#source?.close();
    this.#source = undefined;
    document.removeEventListener("visibilitychange", this.#seen);
    this.state = "connecting";
  }

  #seen = () => {
    if (!document.hidden && this.#missed) this.#changed();
  };

  #changed() {
    this.#missed = document.hidden;
    if (document.hidden) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.changes++, 500);
  }
}

export const live = new Live();
