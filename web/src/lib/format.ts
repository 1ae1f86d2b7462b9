// Texts for people. English, UTC: what is on the screen must read the same in every office and in evidence.

const numbers = new Intl.NumberFormat("en-GB");
export const count = (value: number) => numbers.format(value);
export const plural = (value: number, one: string, many = one + "s") => `${count(value)} ${value === 1 ? one : many}`;

// "12.3 %", and never "0 %" for a part that exists or "100 %" for one that is not all.
export function share(part: number, whole: number): string {
  if (whole <= 0) return "–";
  const percent = (100 * part) / whole;
  if (part > 0 && percent < 0.1) return "< 0.1 %";
  if (part < whole && percent > 99.9) return "> 99.9 %";
  return `${percent.toFixed(percent === 100 || percent === 0 ? 0 : 1)} %`;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value: number) => String(value).padStart(2, "0");

export function date(time: string | null | undefined): string {
  const at = new Date(time ?? NaN);
  if (Number.isNaN(at.getTime())) return "–";
  return `${at.getUTCDate()} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
}

export function instant(time: string | null | undefined, seconds = false): string {
  const at = new Date(time ?? NaN);
  if (Number.isNaN(at.getTime())) return "–";
  const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}` + (seconds ? `:${two(at.getUTCSeconds())}` : "");
  return `${date(time)}, ${clock} UTC`;
}

// The two largest units: "3 h 12 min", "2 d 4 h", "45 s".
export function duration(milliseconds: number): string {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  const [d, h, m, s] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  if (d) return h && d < 10 ? `${d} d ${h} h` : `${d} d`;
  if (h) return m ? `${h} h ${m} min` : `${h} h`;
  if (m) return m < 10 && s ? `${m} min ${s} s` : `${m} min`;
  return `${s} s`;
}

export function ago(time: string | null | undefined, now: number): string {
  const at = new Date(time ?? NaN).getTime();
  if (Number.isNaN(at)) return "never";
  const past = now - at;
  if (Math.abs(past) < 1000) return "now";
  return past < 0 ? `in ${duration(past)}` : `${duration(past)} ago`;
}

// EU Member States (Article 52 TEU, with Council Decision of 2020 on the withdrawal of the United Kingdom). IS, LI and
// NO are in the EEA, but the reporting platform does not offer them as Member States.
const memberStates = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split(" ");
export const isMemberState = (market: string) => memberStates.includes(market);
const regions = new Intl.DisplayNames("en", { type: "region", fallback: "none" });

export function country(market: string | null | undefined): string {
  if (!market) return "market not known";
  try {
    return regions.of(market) ?? market;
  } catch {
    return market;
  }
}

export const shortDigest = (digest: string) => (digest.length > 20 ? `${digest.slice(0, 10)}…${digest.slice(-6)}` : digest);
export const words = (name: string) => name.replaceAll("_", " ");
export const sentenceCase = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
export const score = (value: number | null | undefined) => (value === null || value === undefined ? "–" : value.toFixed(1));
export const probability = (value: number | null | undefined) => (value === null || value === undefined ? "–" : share(value, 1));

export function microseconds(us: number): string {
  if (us < 1000) return `${us} µs`;
  return us < 1_000_000 ? `${(us / 1000).toFixed(us < 10_000 ? 1 : 0)} ms` : `${(us / 1_000_000).toFixed(1)} s`;
}
