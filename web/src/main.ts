import { mount } from "svelte";
import App from "./App.svelte";
import { now } from "./lib/now.svelte.ts";
import { router } from "./lib/router.svelte.ts";
import { session } from "./lib/session.svelte.ts";
import { theme } from "./lib/theme.svelte.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";

theme.apply();
router.start();
now.start();
void session.start();
mount(App, { target: document.getElementById("app")! });
