#include "net/log.h"

#include <fmt/format.h>
#include <unistd.h>
#include <array>
#include <iterator>

#include "base/text.h"
#include "net/http.h"
#include "net/json_quote.h"

namespace hf::net {
namespace {

constexpr std::string_view kRedacted = "[redacted]";
constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};
// As parts of a name: x-api-key, client_secret, set-cookie, access_token ...
constexpr std::array<std::string_view, 9> kSecretParts{"authorization", "cookie",  "password", "passphrase", "secret",
                                                       "token",         "api-key", "api_key",  "private_key"};

void append_value(std::string& out, const LogField::Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) append_json_string(out, *text);
  else if (const auto* integer = std::get_if<std::int64_t>(&value))
    fmt::format_to(std::back_inserter(out), "{}", *integer);
  else if (const auto* real = std::get_if<double>(&value)) fmt::format_to(std::back_inserter(out), "{:.6g}", *real);
  else out += std::get<bool>(value) ? "true" : "false";
}

bool is_empty(const LogField::Value& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  return text != nullptr && text->empty();
}

}  // namespace

Log::Log(const Clock& clock, Sink sink, Level least) : clock_(clock), sink_(std::move(sink)), least_(least) {}

void Log::write(Level level, std::string_view event, std::initializer_list<LogField> fields) const {
  if (!enabled(level)) return;
  std::string line;
  line.reserve(256);
  line.append(R"({"time":")").append(format_rfc3339(clock_.now())).append(R"(","level":")");
  line.append(kLevels[std::size_t(level)]).append(R"(","event":)");
  append_json_string(line, event);
  for (const auto& field : fields) {
    if (is_empty(field.value)) continue;
    line += ',';
    append_json_string(line, field.name);
    line += ':';
    append_value(line, is_secret_name(field.name) ? LogField::Value(kRedacted) : field.value);
  }
  line += "}\n";
  sink_(line);
}

Log::Sink stderr_sink() {
  return [](std::string_view line) {
    while (!line.empty()) {
      const auto n = ::write(STDERR_FILENO, line.data(), line.size());
      if (n <= 0) return;
      line.remove_prefix(std::size_t(n));
    }
  };
}

bool is_secret_name(std::string_view name) {
  const auto lower = to_lower(name);
  for (const auto part : kSecretParts)
    if (lower.find(part) != std::string::npos) return true;
  return lower == "pin" || lower.ends_with("_pin") || lower.ends_with("-pin") || lower == "code" || lower == "key";
}

std::string redact_target(std::string_view target) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return std::string(target);
  std::string out(target.substr(0, mark));
  char before = '?';
  for (const auto pair : split(target.substr(mark + 1), '&')) {
    const auto name = pair.substr(0, pair.find('='));
    out += std::exchange(before, '&');
    out += name;
    if (name.size() == pair.size()) continue;
    // A name that needs decoding is not one of ours: its value is not shown either.
    const bool secret = is_secret_name(name) || name.find('%') != std::string_view::npos;
    out.append(secret ? "=" : pair.substr(name.size()));
    if (secret) out += kRedacted;
  }
  return out;
}

std::string redacted_headers(const Request& request) {
  std::string out;
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto field = request.headers[i];
    out.append(field.name).append(": ").append(is_secret_name(field.name) ? kRedacted : field.value).append("\n");
  }
  return out;
}

}  // namespace hf::net
