// A command is data (its Spec) and one function. Help, completion, man pages and parsing all read the Spec.
#pragma once

#include <iosfwd>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace hf::cli {

// Exit codes that a script can trust.
enum Exit : int {
  kOk = 0,
  kNo = 1,           // it ran, and the answer is no: a check, gate or verification failed
  kUsage = 2,        // the command line is wrong
  kInvalid = 3,      // the input is wrong
  kNotFound = 4,     // nothing has that name
  kRefused = 5,      // unauthenticated, forbidden, in conflict or over a limit
  kUnavailable = 6,  // try again later
  kInternal = 70,    // a defect of ours (EX_SOFTWARE)
};
[[nodiscard]] Exit exit_of(ErrorKind kind);

struct Option {
  std::string_view name;   // "market": written --market
  std::string_view value;  // "CC"; empty for a flag
  std::string_view help;
  bool required = false;
  bool repeatable = false;
  std::vector<std::string_view> choices{};  // closed set of values, empty for any
};

struct Positional {
  std::string_view name;  // "FILE"
  std::string_view help;
  bool required = true;
  bool repeatable = false;  // only the last one
};

struct Spec {
  std::string_view name;     // noun and verb: "sbom parse"
  std::string_view summary;  // one line
  std::string_view details;  // paragraphs for --help and the man page
  std::vector<Positional> positionals{};
  std::vector<Option> options{};
  std::vector<std::string_view> examples{};
};

class Args {
 public:
  // HF-CLI-0001 for anything the Spec does not take; the message names the nearest option. "--" ends the options.
  static Result<Args> parse(const Spec& spec, std::span<const std::string_view> words);

  [[nodiscard]] std::string_view positional(std::size_t index) const;  // empty when not given
  [[nodiscard]] std::span<const std::string> positionals() const { return positionals_; }
  [[nodiscard]] bool flag(std::string_view name) const { return options_.contains(name); }
  [[nodiscard]] std::optional<std::string_view> option(std::string_view name) const;  // the last one given
  [[nodiscard]] std::span<const std::string> all(std::string_view name) const;
  // HF-CLI-0002 unless the option is absent or an integer in [min, max].
  [[nodiscard]] Result<std::int64_t> integer(std::string_view name, std::int64_t otherwise, std::int64_t min,
                                             std::int64_t max) const;

 private:
  std::vector<std::string> positionals_;
  std::map<std::string, std::vector<std::string>, std::less<>> options_;
};

struct Terminal {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool out_is_tty = false;
  bool err_is_tty = false;
};

struct Command {
  Spec spec;
  Result<Exit> (*run)(const Args& args, Terminal& terminal);
};

[[nodiscard]] std::string help_of(const Spec& spec);

// Aligned columns for people. A control character in a cell is shown as '?', so that data cannot drive a terminal.
[[nodiscard]] std::string table(std::span<const std::string> header, std::span<const std::vector<std::string>> rows);
// RFC 4180, with a leading apostrophe before = + - @ TAB CR, which spreadsheets would run as a formula.
[[nodiscard]] std::string csv_row(std::span<const std::string> cells);

// Progress of long work on standard error: a bar on a terminal, a line each tenth in a pipe.
class Progress {
 public:
  Progress(Terminal& terminal, std::string_view what, std::uint64_t total)
      : terminal_(terminal), what_(what), total_(total) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void at(std::uint64_t done);

 private:
  Terminal& terminal_;
  std::string what_;
  std::uint64_t total_;
  int shown_ = -1;
};

}  // namespace hf::cli
