// System, light or dark. Kept in this browser only.
export type Choice = "system" | "light" | "dark";
const choices: Choice[] = ["system", "light", "dark"];

function stored(): Choice {
  try {
    const value = localStorage.getItem("theme") as Choice;
    return choices.includes(value) ? value : "system";
  } catch {
    return "system"; // storage is off
  }
}

class Theme {
  choice: Choice = $state(stored());

  set(choice: Choice) {
    this.choice = choice;
    this.apply();
    try {
      localStorage.setItem("theme", choice);
    } catch {
      // holds for this page only
    }
  }

  next() {
    this.set(choices[(choices.indexOf(this.choice) + 1) % choices.length]!);
  }

  apply() {
    if (this.choice === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.choice;
  }
}

export const theme = new Theme();
