#include "cli/shell.h"

#include <map>
#include <set>

namespace hf::cli {
namespace {

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
  std::string out;
  for (std::size_t at = 0;;) {
    const auto found = text.find(what, at);
    out += text.substr(at, found - at);
    if (found == std::string_view::npos) return out;
    out += with;
    at = found + what.size();
  }
}

// Within single quotes of every shell here.
std::string quoted(std::string_view text, Shell shell) {
  return "'" +
         (shell == Shell::fish ? replaced(replaced(text, "\\", "\\\\"), "'", "\\'") : replaced(text, "'", "'\\''")) +
         "'";
}

// Command words to what may follow: "" -> sbom, vuln; "sbom" -> add, parse.
std::map<std::string, std::set<std::string>> words_of(std::span<const Command> commands) {
  std::map<std::string, std::set<std::string>> next;
  for (const auto& command : commands) {
    std::string before;
    std::string_view rest = command.spec.name;
    while (!rest.empty()) {
      const auto space = rest.find(' ');
      const auto word = std::string(rest.substr(0, space));
      next[before].insert(word);
      before += (before.empty() ? "" : " ") + word;
      rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
    }
  }
  return next;
}

std::string options_of(const Spec& spec) {
  std::string text = "--help";
  for (const auto& option : spec.options) text += " --" + std::string(option.name);
  return text;
}

std::string bash(std::span<const Command> commands) {
  std::string cases, choices;
  for (const auto& [before, words] : words_of(commands)) {
    std::string list;
    for (const auto& word : words) list += (list.empty() ? "" : " ") + word;
    cases += "    " + quoted(before, Shell::bash) + ") words=" + quoted(list, Shell::bash) + " ;;\n";
  }
  std::string options;
  for (const auto& command : commands) {
    options += "    " + quoted(command.spec.name, Shell::bash) +
               ") options=" + quoted(options_of(command.spec), Shell::bash) + " ;;\n";
    for (const auto& option : command.spec.options) {
      if (option.choices.empty()) continue;
      std::string list;
      for (const auto choice : option.choices) list += (list.empty() ? "" : " ") + std::string(choice);
      choices += "    " + quoted(std::string(command.spec.name) + " --" + std::string(option.name), Shell::bash) +
                 ") values=" + quoted(list, Shell::bash) + " ;;\n";
    }
  }
  return "_holdfast() {\n  local cur=${COMP_WORDS[COMP_CWORD]} command= words= options= values= i word\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n    word=${COMP_WORDS[i]}\n    [[ $word == -* ]] && break\n"
         "    command+=${command:+ }$word\n  done\n"
         "  case \"$command ${COMP_WORDS[COMP_CWORD-1]}\" in\n" +
         choices +
         "  esac\n"
         "  if [[ $values ]]; then mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$cur\"); return; fi\n"
         "  case \"$command\" in\n" +
         cases +
         "  esac\n"
         "  if [[ $words && $cur != -* ]]; then mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\"); return; "
         "fi\n"
         "  while [[ $command ]]; do\n    case \"$command\" in\n" +
         options +
         "    esac\n"
         "    [[ $options ]] && break\n    [[ $command == *' '* ]] && command=${command% *} || command=\n  done\n"
         "  if [[ $cur == -* ]]; then mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
         "  else mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); fi\n}\ncomplete -o filenames -F _holdfast "
         "holdfast\n";
}

std::string fish(std::span<const Command> commands) {
  // The words so far that are no options, as one text.
  std::string text =
      "function __holdfast_at\n  set -l words (string match -v -- '-*' (commandline -opc)[2..-1])\n  test \"$words\" = "
      "\"$argv\"\nend\n"
      "function __holdfast_in\n  set -l words (string match -v -- '-*' (commandline -opc)[2..-1])\n  string match -q "
      "-- \"$argv*\" \"$words\"\nend\n";
  std::map<std::string, std::string> summaries;
  for (const auto& command : commands) summaries[std::string(command.spec.name)] = std::string(command.spec.summary);
  for (const auto& [before, words] : words_of(commands))
    for (const auto& word : words) {
      const auto full = before.empty() ? word : before + " " + word;
      text += "complete -c holdfast -f -n \"__holdfast_at '" + before + "'\" -a " + quoted(word, Shell::fish) + " -d " +
              quoted(summaries[full], Shell::fish) + "\n";
    }
  for (const auto& command : commands)
    for (const auto& option : command.spec.options) {
      std::string values;
      for (const auto choice : option.choices) values += (values.empty() ? "" : " ") + std::string(choice);
      text += "complete -c holdfast -n \"__holdfast_in '" + std::string(command.spec.name) + "'\" -l " +
              std::string(option.name) +
              (option.value.empty() ? ""
               : values.empty()     ? " -r"
                                    : " -x -a " + quoted(values, Shell::fish)) +
              " -d " + quoted(option.help, Shell::fish) + "\n";
    }
  return text;
}

// man(7): a leading dot or quote is a request, a backslash begins an escape, a minus is a hyphen unless escaped.
std::string roff(std::string_view text) {
  auto out = replaced(replaced(text, "\\", "\\e"), "-", "\\-");
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return replaced(replaced(out, "\n.", "\n\\&."), "\n'", "\n\\&'");
}

std::string upper(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == ' ' ? '-' : c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c;
  return out;
}

constexpr std::string_view kExitStatus =
    ".SH EXIT STATUS\n0 done; 1 the answer is no; 2 wrong command line; 3 wrong input; 4 not found; 5 refused; 6 "
    "unavailable, try again; 70 a defect of Holdfast.\n";

}  // namespace

std::string completion_of(Shell shell, std::span<const Command> commands) {
  switch (shell) {
    case Shell::bash: return bash(commands);
    case Shell::zsh: return "#compdef holdfast\nautoload -U +X bashcompinit && bashcompinit\n" + bash(commands);
    case Shell::fish: return fish(commands);
  }
  return {};
}

std::string man_page_of(const Spec& spec, std::string_view version) {
  std::string page = ".TH HOLDFAST\\-" + upper(spec.name) + " 1 \"\" \"Holdfast " + std::string(version) +
                     "\"\n.SH NAME\nholdfast\\-" + replaced(spec.name, " ", "\\-") + " \\- " + roff(spec.summary) +
                     "\n.SH SYNOPSIS\n.B holdfast " + std::string(spec.name) + "\n";
  for (const auto& positional : spec.positionals)
    page += std::string(positional.required ? ".I " : ".RI [ ") + roff(positional.name) +
            (positional.repeatable ? "..." : "") + (positional.required ? "" : " ]") + "\n";
  page += "[OPTIONS]\n";
  if (!spec.details.empty()) page += ".SH DESCRIPTION\n" + replaced(roff(spec.details), "\n\n", "\n.PP\n") + "\n";
  if (!spec.positionals.empty() || !spec.options.empty()) page += ".SH OPTIONS\n";
  for (const auto& positional : spec.positionals)
    page += ".TP\n.I " + roff(positional.name) + "\n" + roff(positional.help) + "\n";
  for (const auto& option : spec.options)
    page += ".TP\n.B \\-\\-" + roff(option.name) + (option.value.empty() ? "" : " \\fI" + roff(option.value) + "\\fR") +
            "\n" + roff(option.help) + "\n";
  if (!spec.examples.empty()) {
    page += ".SH EXAMPLES\n.nf\n";
    for (const auto example : spec.examples) page += roff(example) + "\n";
    page += ".fi\n";
  }
  return page + std::string(kExitStatus);
}

std::string man_page_of(std::span<const Command> commands, std::string_view version) {
  std::string page = ".TH HOLDFAST 1 \"\" \"Holdfast " + std::string(version) +
                     "\"\n.SH NAME\nholdfast \\- everything behind the CE mark on one evidence chain\n.SH SYNOPSIS\n.B "
                     "holdfast\nCOMMAND [OPTIONS]\n.SH COMMANDS\n";
  for (const auto& command : commands)
    page += ".TP\n.B " + std::string(command.spec.name) + "\n" + roff(command.spec.summary) + "\n";
  return page + std::string(kExitStatus);
}

}  // namespace hf::cli
