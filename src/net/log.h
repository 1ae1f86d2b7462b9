// Structured log: one JSON object a line. Secrets are kept out by name, so a caller cannot forget.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"

namespace hf::net {

struct Request;

enum class Level { debug, info, warning, error };

struct LogField {
  using Value = std::variant<std::string_view, std::int64_t, double, bool>;
  std::string_view name;
  Value value;
};

class Log {
 public:
  // One call a line, the line feed included; from many threads at once.
  using Sink = std::function<void(std::string_view line)>;

  Log(const Clock& clock, Sink sink, Level least = Level::info);

  // {"time":"...","level":"info","event":"request","status":200,...}. Empty texts are left out. A field whose name
  // is a secret's (is_secret_name) shows "[redacted]".
  void write(Level level, std::string_view event, std::initializer_list<LogField> fields) const;
  void info(std::string_view event, std::initializer_list<LogField> fields) const { write(Level::info, event, fields); }
  void warning(std::string_view event, std::initializer_list<LogField> fields) const {
    write(Level::warning, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields) const {
    write(Level::error, event, fields);
  }
  [[nodiscard]] bool enabled(Level level) const { return level >= least_; }

 private:
  const Clock& clock_;
  const Sink sink_;
  const Level least_;
};

[[nodiscard]] Log::Sink stderr_sink();  // one write(2) a line

// Authorization, Cookie, Set-Cookie, password, token, secret, PIN and their kind, in any case and with any prefix.
[[nodiscard]] bool is_secret_name(std::string_view name);
// The target of a request with the values of secret query parameters replaced.
[[nodiscard]] std::string redact_target(std::string_view target);
// "Name: value" lines of a request's fields, secrets replaced; for the debug log.
[[nodiscard]] std::string redacted_headers(const Request& request);

}  // namespace hf::net
