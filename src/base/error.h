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
  std::string_view code;  // "HF-LEDGER-0001": stable, explained in docs/codes, never reused
  std::string message;    // for the caller: what is wrong and what to do
  std::string detail;     // for the log only: SQL, offsets, library texts
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

[[nodiscard]] inline auto fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

[[nodiscard]] inline auto fail(ErrorKind kind, std::string_view code, std::string message, std::string detail = {}) {
  return fail(Error{kind, code, std::move(message), std::move(detail)});
}

}  // namespace hf

#define HF_CONCAT_(a, b) a##b
#define HF_CONCAT(a, b) HF_CONCAT_(a, b)
// HF_TRY(const auto page, Page::parse(query)); unwraps, or returns the error. One per line.
#define HF_TRY(declaration, expression)                                                                        \
  auto HF_CONCAT(hf_result_, __LINE__) = (expression);                                                         \
  if (!HF_CONCAT(hf_result_, __LINE__)) return ::hf::fail(std::move(HF_CONCAT(hf_result_, __LINE__)).error()); \
  declaration = *std::move(HF_CONCAT(hf_result_, __LINE__))
// HF_CHECK(store.insert(row)); the same for Result<void>.
#define HF_CHECK(expression)                                                                     \
  do {                                                                                           \
    if (auto HF_CONCAT(hf_checked_, __LINE__) = (expression); !HF_CONCAT(hf_checked_, __LINE__)) \
      return ::hf::fail(std::move(HF_CONCAT(hf_checked_, __LINE__)).error());                    \
  } while (false)
