// The other end: JSON over HTTPS to a Holdfast server, for commands that run elsewhere (CI, a factory, an agent).
// Strict: https alone, the server's certificate and name are verified, no redirect is followed, an answer has a bound.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "base/error.h"
#include "base/json.h"

namespace hf::net {

struct ClientConfig {
  std::string server;                          // "https://holdfast.example:8443"
  std::filesystem::path token_file{};          // holds an API token; empty: none is sent
  std::filesystem::path trust_file{};          // trust anchors, PEM; empty: those of the system
  std::chrono::milliseconds patience{60'000};  // for one answer
};

// For any number of threads, one request at a time.
class Client {
 public:
  // HF-HTTP-0060: not an https address, or a file that cannot be read.
  [[nodiscard]] static Result<std::unique_ptr<Client>> open(const ClientConfig& config);
  ~Client();

  // HF-HTTP-0061: the server cannot be reached or is not who it should be. HF-HTTP-0062: it refused; the kind is that
  // of its status, the text is its own, with its code. HF-HTTP-0063: its answer is not JSON, or too large.
  [[nodiscard]] Result<Json> get(std::string_view path);
  // The key makes a repetition harmless: the server answers the second as it answered the first.
  [[nodiscard]] Result<Json> post(std::string_view path, const JsonObject& body, std::string_view idempotency_key = {});
  [[nodiscard]] Result<Json> post(std::string_view path, std::string_view idempotency_key = {});  // without content

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  Result<Json> ask(std::string_view path, const std::string* body, bool post, std::string_view idempotency_key);

  std::unique_ptr<State> state_;
  std::mutex mutex_;
};

// A path segment, percent-encoded (RFC 3986 section 2.1).
[[nodiscard]] std::string segment(std::string_view text);

}  // namespace hf::net
