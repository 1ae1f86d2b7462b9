// A run as it talks to the people around it: a line asked, a line read. Nothing here decides anything.
#pragma once

#include "ceremony/run.h"
#include "cli/command.h"

namespace hf::ceremony {

class Conductor {
 public:
  Conductor(Run& run, cli::Terminal& terminal) : run_(run), terminal_(terminal) {}

  // Until the ceremony is over, or its input ends: what is done by then is written down.
  Result<void> go_on();
  Result<void> except(std::string_view reason);
  Result<void> abandon(std::string_view reason);

 private:
  [[nodiscard]] std::optional<std::string> ask(std::string_view what);
  [[nodiscard]] std::optional<Input> people_of(const CeremonyStep& step);
  [[nodiscard]] bool fill(const CeremonyStep& step, Input& input);
  Result<bool> confirm();
  Result<bool> confirm_as(const std::string& person);
  void show(const CeremonyStep& step);
  void show_done();

  Run& run_;
  cli::Terminal& terminal_;
};

}  // namespace hf::ceremony
