// Finds the command, parses its words, runs it, and turns an Error into its text and exit code: the one place.
#include <unistd.h>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "app/commands.h"

namespace {

using namespace hf;

std::string overview() {
  std::string text =
      "holdfast operates everything behind the CE mark on one evidence chain.\n\nUsage: holdfast COMMAND [OPTIONS]\n\n";
  std::size_t column = 0;
  for (const auto& command : app::commands()) column = std::max(column, command.spec.name.size());
  for (const auto& command : app::commands())
    text += "  " + std::string(command.spec.name) + std::string(column - command.spec.name.size() + 2, ' ') +
            std::string(command.spec.summary) + "\n";
  return text +
         "\n'holdfast COMMAND --help' explains a command. Exit codes: 0 done, 1 the answer is no, 2 wrong command\n"
         "line, 3 wrong input, 4 not found, 5 refused, 6 unavailable, 70 a defect of ours.\n";
}

// The command whose name is the longest run of leading words.
const cli::Command* find(const std::vector<std::string_view>& words, std::size_t& used) {
  const cli::Command* found = nullptr;
  used = 0;
  for (const auto& command : app::commands()) {
    std::string joined;
    for (std::size_t n = 1; n <= words.size() && n <= 3; ++n) {
      joined += (n == 1 ? "" : " ") + std::string(words[n - 1]);
      if (joined == command.spec.name && n > used) found = &command, used = n;
    }
  }
  return found;
}

int run(const std::vector<std::string_view>& words, cli::Terminal& terminal) {
  if (words.empty() || words[0] == "--help" || words[0] == "help") {
    terminal.out << overview();
    return words.empty() ? cli::kUsage : cli::kOk;
  }
  if (words[0] == "--version") {
    terminal.out << "holdfast " HF_VERSION "\n";
    return cli::kOk;
  }
  std::size_t used = 0;
  const auto* command = find(words, used);
  if (!command) {
    terminal.err << "holdfast: there is no command '" << words[0] << "'; 'holdfast --help' lists them\n";
    return cli::kUsage;
  }
  const std::vector<std::string_view> rest(words.begin() + static_cast<std::ptrdiff_t>(used), words.end());
  for (const auto word : rest) {
    if (word == "--") break;
    if (word == "--help") {
      terminal.out << cli::help_of(command->spec);
      return cli::kOk;
    }
  }
  const auto args = cli::Args::parse(command->spec, rest);
  if (!args) {
    terminal.err << "holdfast " << command->spec.name << ": " << args.error().message << "\n";
    return cli::kUsage;
  }
  const auto done = command->run(*args, terminal);
  terminal.out.flush();
  if (done) return *done;
  const auto& error = done.error();
  terminal.err << "holdfast " << command->spec.name << ": " << error.message << " [" << error.code << "]\n";
  if (!error.detail.empty()) terminal.err << "  " << error.detail << "\n";
  // A word that the command does not take is wrong usage; a file that is not there is not.
  return error.kind == ErrorKind::invalid && error.code.starts_with("HF-CLI-") ? cli::kUsage : cli::exit_of(error.kind);
}

}  // namespace

int main(int argc, char** argv) {
  // A closed pipe is an error of write(), not the end of the process (`holdfast ... | head`, a client that leaves).
  std::signal(SIGPIPE, SIG_IGN);
  std::ios::sync_with_stdio(false);
  cli::Terminal terminal{std::cin, std::cout, std::cerr, isatty(STDOUT_FILENO) == 1, isatty(STDERR_FILENO) == 1};
  try {
    return run({argv + 1, argv + argc}, terminal);
  } catch (const std::exception& e) {
    std::cerr << "holdfast: cannot go on: " << e.what() << "\n";
    return cli::kInternal;
  }
}
