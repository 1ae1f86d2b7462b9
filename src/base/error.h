// Errors are values. Kinds become HTTP problems (RFC 9457) and exit codes in one place each.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace hf {

enum class ErrorKind { invalid, unauthenticated, forbidden, not_found, conflict, limit, unavailable, internal };

struct Error {
  ErrorKind kind;
  std::string_view code;  // "HF-LEDGER-0001": stable, never reused
  std::string message;    // for the caller: what is wrong and what to do
  std::string detail;     // for the log only
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

[[nodiscard]] inline auto fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace hf
