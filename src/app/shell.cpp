#include "app/shell.h"

#include <filesystem>
#include <fstream>
#include <ostream>

#include "app/commands.h"
#include "cli/shell.h"

namespace hf::app {
namespace {

Result<cli::Exit> completion(const cli::Args& args, cli::Terminal& terminal) {
  const auto name = args.positional(0);
  if (name != "bash" && name != "zsh" && name != "fish")
    return fail(ErrorKind::invalid, "HF-CLI-0003", "there is completion for bash, zsh and fish");
  terminal.out << cli::completion_of(name == "bash"  ? cli::Shell::bash
                                     : name == "zsh" ? cli::Shell::zsh
                                                     : cli::Shell::fish,
                                     commands());
  return cli::kOk;
}

Result<cli::Exit> man(const cli::Args& args, cli::Terminal& terminal) {
  if (const auto directory = args.option("out")) {
    std::error_code failed;
    std::filesystem::create_directories(std::string(*directory), failed);
    const auto write = [&](std::string name, const std::string& page) -> Result<void> {
      for (auto& c : name)
        if (c == ' ') c = '-';
      const auto path = std::filesystem::path(std::string(*directory)) / (name + ".1");
      std::ofstream file(path, std::ios::binary);
      if (!(file << page) || !file.flush())
        return fail(ErrorKind::unavailable, "HF-CLI-0004", "cannot write " + path.string());
      return {};
    };
    HF_CHECK(write("holdfast", cli::man_page_of(commands(), HF_VERSION)));
    for (const auto& command : commands())
      HF_CHECK(write("holdfast-" + std::string(command.spec.name), cli::man_page_of(command.spec, HF_VERSION)));
    terminal.out << commands().size() + 1 << " pages in " << *directory << "\n";
    return cli::kOk;
  }
  std::string name;
  for (const auto& word : args.positionals()) name += (name.empty() ? "" : " ") + word;
  if (name.empty()) {
    terminal.out << cli::man_page_of(commands(), HF_VERSION);
    return cli::kOk;
  }
  for (const auto& command : commands()) {
    if (command.spec.name != name) continue;
    terminal.out << cli::man_page_of(command.spec, HF_VERSION);
    return cli::kOk;
  }
  return fail(ErrorKind::not_found, "HF-CLI-0005", "there is no command '" + name + "'");
}

const cli::Command kCommands[] = {
    {{"completion",
      "Print the completion script of a shell",
      "",
      {{"SHELL", "bash, zsh or fish"}},
      {},
      {"source <(holdfast completion bash)", "holdfast completion fish > ~/.config/fish/completions/holdfast.fish"}},
     completion},
    {{"man",
      "Print a man page, or write all of them",
      "",
      {{"COMMAND", "The command's words; none: the program", false, true}},
      {{"out", "DIR", "Write holdfast.1 and a page a command there"}},
      {"holdfast man trace device | man -l -", "holdfast man --out /usr/local/share/man/man1"}},
     man},
};

}  // namespace

std::span<const cli::Command> shell_commands() { return kCommands; }

}  // namespace hf::app
