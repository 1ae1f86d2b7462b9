// Who may do what: one table. Routes name a permission, roles collect them, separation of duties forbids some roles to
// stand together in one account.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace hf::accounts {

struct Permission {
  std::string_view name;
  std::string_view summary;
};
[[nodiscard]] std::span<const Permission> permissions();
[[nodiscard]] bool is_permission(std::string_view name);

struct Role {
  std::string_view name;
  std::string_view summary;
  std::vector<std::string_view> permissions;
};
[[nodiscard]] std::span<const Role> roles();

// Two roles that one account must not hold, and why.
struct Conflict {
  std::string_view one, other, reason;
};
[[nodiscard]] std::span<const Conflict> conflicts();

// Sorted, without repetition. HF-ACCOUNT-0003: empty, an unknown role, or two that must be separate.
[[nodiscard]] Result<std::vector<std::string>> check_roles(std::vector<std::string> names);
// Of all the roles together, sorted.
[[nodiscard]] std::vector<std::string> permissions_of(std::span<const std::string> roles);

[[nodiscard]] std::string join(std::span<const std::string> names);  // with commas
[[nodiscard]] std::vector<std::string> parts(std::string_view joined);

}  // namespace hf::accounts
