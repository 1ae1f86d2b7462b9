// Page names of lib/url.ts to components. Each takes the parameters of its path.
import type { Component } from "svelte";
import Device from "./Device.svelte";
import Today from "./Today.svelte";
import Vulnerabilities from "./Vulnerabilities.svelte";
import Vulnerability from "./Vulnerability.svelte";

export const pages: Record<string, Component<{ parameters: string[] }>> = {
  today: Today,
  vulnerabilities: Vulnerabilities,
  vulnerability: Vulnerability,
  device: Device,
};
