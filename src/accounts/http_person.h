// The person behind a request, and ids in its path. For the handlers of accounts.
#pragma once

#include <charconv>
#include <optional>
#include <string>

#include "accounts/types.h"
#include "net/http.h"

namespace hf::accounts {

// An id in a path: `code` and `noun` say what there is none of.
template <class Kind>
[[nodiscard]] Result<Id<Kind>> id_of(const net::Request& request, std::string_view code, std::string_view noun) {
  const auto text = request.path("id");
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return fail(ErrorKind::not_found, code, "there is no such " + std::string(noun));
  return Id<Kind>{value};
}

// The account behind the principal; absent for tokens and other machines.
[[nodiscard]] inline std::optional<AccountId> user_of(const net::Request& request) {
  constexpr std::string_view kUser = "user:";
  const std::string_view id = request.principal.id;
  if (request.principal.kind != "user" || !id.starts_with(kUser)) return std::nullopt;
  std::int64_t value = 0;
  std::from_chars(id.data() + kUser.size(), id.data() + id.size(), value);
  return AccountId{value};
}

[[nodiscard]] inline auto users_only() {
  return fail(ErrorKind::forbidden, "HF-ACCOUNT-0032", "this needs a person who is signed in; a token cannot do it");
}

}  // namespace hf::accounts
