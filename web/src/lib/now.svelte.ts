// The server's time, ticking. Legal clocks must not depend on the clock of the computer that shows them: /v1/today
// tells the server's instant, and the monotonic clock of the browser counts from there.
class Now {
  value = $state(Date.now());
  #base = Date.now();
  #since = performance.now();

  start() {
    setInterval(() => this.#tick(), 1000);
  }

  set(server: string) {
    const time = Date.parse(server);
    if (Number.isNaN(time)) return;
    this.#base = time;
    this.#since = performance.now();
    this.#tick();
  }

  #tick() {
    this.value = this.#base + (performance.now() - this.#since);
  }
}

export const now = new Now();
