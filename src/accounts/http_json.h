// JSON of the accounts API: what comes in, what goes out, and its schemas.
#pragma once

#include "accounts/types.h"
#include "base/json.h"
#include "net/http.h"

namespace hf::accounts {

// The fields of a JSON body. Problems are collected: finish() names them all, and every field that was not asked for.
class Fields {
 public:
  explicit Fields(const net::Request& request);
  [[nodiscard]] std::string text(std::string_view name);  // required
  [[nodiscard]] std::optional<std::string> text_or_none(std::string_view name);
  [[nodiscard]] std::optional<std::vector<std::string>> texts_or_none(std::string_view name);
  [[nodiscard]] std::optional<bool> flag_or_none(std::string_view name);
  [[nodiscard]] std::optional<Time> time_or_none(std::string_view name);
  [[nodiscard]] Result<void> finish() const;  // HF-ACCOUNT-0034

 private:
  [[nodiscard]] const Json* find(std::string_view name);
  void problem(std::string_view name, std::string_view what);

  JsonObject object_;
  std::vector<std::string> asked_;
  std::string problems_;
};

// `seen_by` decides the allowed_actions.
[[nodiscard]] JsonObject account_json(const Account& account, const net::Principal& seen_by);
[[nodiscard]] JsonObject token_json(const ApiToken& token, const net::Principal& seen_by);
[[nodiscard]] JsonObject session_json(const Session& session, std::string_view csrf);
[[nodiscard]] JsonObject principal_json(const net::Principal& principal);
[[nodiscard]] JsonObject roles_json();

}  // namespace hf::accounts
