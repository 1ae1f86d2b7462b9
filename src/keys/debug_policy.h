// What a key of class debug may allow, and the rule: one device, permissions within those of its lifecycle state, a
// challenge that is bound and was not used before. Pure. The formats put what is judged into their view's facts:
//
//   device            of one device, as its maker writes it; empty: of a whole class
//   permissions       what is asked for, hex, as long as the policy's
//   lifecycle         state that the device is in or the certificate is limited to; "any" and "unknown" are states too
//   challenge_sha256  SHA-256 of the device's challenge, of a token
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "keys/json_fields.h"

namespace hf::keys {

struct View;

struct DebugPolicy {
  struct Lifecycle {
    std::string state{};        // "0x3000" (PSA), "any", "unknown"
    std::string permissions{};  // hex: the bits that may be asked for in this state
    bool operator==(const Lifecycle&) const = default;
  };
  std::vector<Lifecycle> lifecycles{};  // in any other state nothing is allowed
  // Certificates of a whole class may be signed, as roots and intermediates are. Tokens, and certificates without this,
  // only by breaking glass.
  bool class_wide = false;

  bool operator==(const DebugPolicy&) const = default;
};

[[nodiscard]] JsonObject to_json(const DebugPolicy& policy);
[[nodiscard]] DebugPolicy read_debug_policy(Fields& in);
// With JSON pointers below `pointer`: no state, one twice, permissions that are no lower case hexadecimal.
void check_debug_policy(const DebugPolicy& policy, const std::string& pointer, std::vector<Fault>& faults);

inline constexpr std::string_view kDebugCertificate = "debug_certificate", kDebugToken = "debug_token";
[[nodiscard]] bool is_debug_kind(std::string_view kind);
// SHA-256 of the challenge that the view is bound to, hex; empty: none.
[[nodiscard]] std::string challenge_of(const View& view);

struct DebugRefusal {
  std::string rule, why;
};
// Of a view of a debug kind. `policy` null: the charter has none. `challenge_uses`: signatures that were made, or
// begun, for the same challenge, by whatever key and request.
[[nodiscard]] std::vector<DebugRefusal> debug_refusals(const DebugPolicy* policy, const View& view, bool break_glass,
                                                       std::int64_t challenge_uses);

}  // namespace hf::keys
